"""Which bytes may become a picture on the screen: SVG that runs nothing, PNG, JPEG; small, whole, of a sane size.

A browser never runs scripts of an SVG in <img>, and kiosk.views serves it with a policy that forbids all: this is
the first of three locks. Nothing here decodes pixels.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from xml.parsers import expat

from django.utils.translation import gettext as _

NAME: Final = re.compile(r"[0-9a-f]{32}\.(svg|png|jpg)")
LONGEST_SIDE: Final = 4096
LARGEST_BYTES: Final = 600_000
LARGEST_LOGO_BYTES: Final = 60_000


class Kind(StrEnum):
    """What a picture is; the value is the end of its name."""

    SVG = "svg"
    PNG = "png"
    JPEG = "jpg"


CONTENT_TYPES: Final = {Kind.SVG: "image/svg+xml", Kind.PNG: "image/png", Kind.JPEG: "image/jpeg"}


class NoPicture(Exception):
    """The bytes are no picture for the screen; the text is the sentence for whoever chose them."""


def kind_of(content: bytes, largest: int = LARGEST_BYTES) -> Kind:
    """What *content* is, judged by itself and by no name. Raises NoPicture."""
    if len(content) > largest:
        sentence = _("The picture has %(size)d bytes, at most %(most)d are shown: make it smaller.")
        raise NoPicture(sentence % {"size": len(content), "most": largest})
    if content.startswith(PNG_BEGINS):
        _check_size(*_png_size(content))
        return Kind.PNG
    if content.startswith(JPEG_BEGINS):
        _check_size(*_jpeg_size(content))
        return Kind.JPEG
    _check_svg(content)
    return Kind.SVG


def name_of(content: bytes) -> str:
    """The name that a picture gets from its bytes: equal pictures have one name. Raises NoPicture."""
    return f"{hashlib.sha256(content).hexdigest()[:32]}.{kind_of(content)}"


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        sentence = _("The picture is %(width)d x %(height)d pixels large, at most %(most)d a side: make it smaller.")
        raise NoPicture(sentence % {"width": width, "height": height, "most": LONGEST_SIDE})


def _broken() -> NoPicture:
    return NoPicture(_("The picture is damaged, or cut off: save it again as SVG, PNG or JPEG."))


# --- PNG (ISO/IEC 15948, section 5) --------------------------------------------------------------------

PNG_BEGINS: Final = b"\x89PNG\r\n\x1a\n"
CHUNK_EDGES: Final = 12  # length, name and checksum


def _png_size(content: bytes) -> tuple[int, int]:
    chunks = dict(_png_chunks(content))
    header = chunks.get(b"IHDR", b"")
    if len(header) != 13 or b"IDAT" not in chunks or b"acTL" in chunks:  # noqa: PLR2004 - section 11.2.2; no moving pictures
        raise _broken()
    width, height = struct.unpack(">II", header[:8])
    return width, height


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_BEGINS)
    name = b""
    while name != b"IEND":
        if at + CHUNK_EDGES > len(content):
            raise _broken()
        length, name = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        if content[at + 8 + length : at + CHUNK_EDGES + length] != struct.pack(">I", zlib.crc32(name + body)):
            raise _broken()
        yield name, body
        at += CHUNK_EDGES + length
    if at != len(content):
        raise _broken()


# --- JPEG (ITU-T T.81, annex B) ------------------------------------------------------------------------

JPEG_BEGINS: Final = b"\xff\xd8\xff"
JPEG_ENDS: Final = b"\xff\xd9"
FRAME_MARKERS: Final = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while content.endswith(JPEG_ENDS) and at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - a marker
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in FRAME_MARKERS:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise _broken()


# --- SVG -----------------------------------------------------------------------------------------------

SVG_SPACE: Final = "http://www.w3.org/2000/svg"
DRAWN: Final = frozenset(
    {
        *("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "defs"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "use", "symbol"),
        *("title", "desc", "style", "metadata"),
    }
)
# What drawing programs write about themselves; a browser draws nothing of it.
TOLD_ABOUT: Final = (
    "http://www.inkscape.org/",
    "http://sodipodi.sourceforge.net/",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/",
    "http://creativecommons.org/ns#",
    "http://ns.adobe.com/",
)
REACHES_OUT: Final = re.compile(r"@import|@font-face|\\|url\(\s*[\"']?(?!#)|javascript:|expression\(", re.IGNORECASE)
MOST_ELEMENTS: Final = 5_000


def _check_svg(content: bytes) -> None:
    """Raises NoPicture for what is no SVG, or could do more than be looked at."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoPicture(_("This is no picture that can be shown: choose an SVG, PNG or JPEG file.")) from None
    reading = expat.ParserCreate("utf-8", namespace_separator=" ")
    look = _Look()
    reading.StartElementHandler = look.element
    reading.EndElementHandler = look.end
    reading.CharacterDataHandler = look.text
    reading.StartDoctypeDeclHandler = look.forbidden
    reading.EntityDeclHandler = look.forbidden
    reading.ProcessingInstructionHandler = look.forbidden
    try:
        reading.Parse(text.encode(), True)
    except expat.ExpatError:
        raise NoPicture(_("This is no picture that can be shown: choose an SVG, PNG or JPEG file.")) from None


class _Look:
    """Sees every part of one SVG once."""

    def __init__(self) -> None:
        self._elements = 0
        self._text = ""  # expat tells it in pieces

    def element(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.end("")
        space, _space, local = name.rpartition(" ")
        self._elements += 1
        if self._elements == 1 and name != f"{SVG_SPACE} svg":
            raise NoPicture(_("This is no picture that can be shown: choose an SVG, PNG or JPEG file."))
        drawn = space == SVG_SPACE and local in DRAWN
        if not (drawn or space.startswith(TOLD_ABOUT)) or self._elements > MOST_ELEMENTS:
            raise _does_more(local)
        for each, value in attributes.items():
            self._attribute(each.rpartition(" ")[2].lower(), value)

    def _attribute(self, name: str, value: str) -> None:
        leads_away = name in {"href", "src", "from", "to"} and not value.startswith("#")
        if name.startswith("on") or leads_away or (name != "d" and REACHES_OUT.search(value)):
            raise _does_more(name)

    def text(self, piece: str) -> None:
        """A piece of the text of an element."""
        self._text += piece

    def end(self, _name: str) -> None:
        """The text is whole."""
        if REACHES_OUT.search(self._text):
            raise _does_more(self._text.strip()[:20])
        self._text = ""

    def forbidden(self, *_told: object) -> None:
        """What no picture needs."""
        raise _does_more("<!DOCTYPE>")


def _does_more(what: str) -> NoPicture:
    sentence = _("The picture holds “%(what)s”, which can do more than be looked at: save it as plain SVG, or as PNG.")
    return NoPicture(sentence % {"what": what})
