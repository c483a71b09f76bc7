"""What may become a picture on the screen, and how it is served."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import pytest
from django.test import Client

from kiosk.face import MOST_PICTURES, change_face, keep_picture
from kiosk.models import Picture
from kiosk.pictures import LARGEST_BYTES, LARGEST_LOGO_BYTES, MOST_ELEMENTS, NAME, NoPicture, kind_of, name_of
from kiosk.views import PICTURE_POLICY


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 2, height: int = 2, more: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + min(width, 9)) * min(height, 9)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int = 8, height: int = 8) -> bytes:
    segments = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + segments + frame + b"\xff\xd9"


def svg(inside: str = '<path d="M0 0h9"/>', before: str = "", attributes: str = "") -> bytes:
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
    return f"{before}<svg {head} {attributes}>{inside}</svg>".encode()


INKSCAPE: Final = svg(
    "<style>.a{fill:#0b0;clip-path:url(#c)}</style>"
    '<defs><clipPath id="c"><rect width="9" height="9"/></clipPath></defs>'
    '<n:namedview xmlns:n="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" pagecolor="#fff"/>'
    '<g class="a"><use xlink:href="#c"/><text>a &amp; b</text></g>',
    '<?xml version="1.0" encoding="UTF-8"?><!-- drawn -->',
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(svg(), "svg"), (INKSCAPE, "svg"), (b"\xef\xbb\xbf" + svg(), "svg"), (png(), "png"), (jpeg(), "jpg")],
)
def test_it_takes_pictures(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind
    assert NAME.fullmatch(name_of(content))


WRONG: Final = {
    "nothing": b"",
    "text": b"hello",
    "page": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>1</script></html>",
    "gif": b"GIF89a" + bytes(40),
    "other root": b'<g xmlns="http://www.w3.org/2000/svg"/>',
    "no namespace": b"<svg/>",
    "cut svg": svg()[:-3],
    "utf-16": svg().decode().encode("utf-16"),
    "script": svg("<script>alert(1)</script>"),
    "script link": svg('<script href="#a"/>'),
    "event": svg(attributes='onload="alert(1)"'),
    "event within": svg('<rect onclick="alert(1)"/>'),
    "foreign object": svg('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>'),
    "page inside": svg('<p xmlns="http://www.w3.org/1999/xhtml">x</p>'),
    "link": svg('<a href="https://example.org"><path d="M0 0"/></a>'),
    "use from outside": svg('<use href="https://example.org/a.svg#b"/>'),
    "use of script": svg('<use xlink:href="javascript:alert(1)"/>'),
    "use of bytes": svg('<use href="data:image/svg+xml;base64,PHN2Zz4="/>'),
    "image": svg('<image href="https://example.org/a.png"/>'),
    "animation": svg('<set attributeName="href" to="javascript:alert(1)"/>'),
    "style import": svg('<style>@import "https://example.org/a.css";</style>'),
    "style import in pieces": svg("<style>@im&#112;ort 'x';</style>"),
    "style escaped": svg("<style>\\40 import 'x';</style>"),
    "style address": svg('<rect style="fill:url(https://example.org/a.svg#b)"/>'),
    "style sheet": svg(before='<?xml-stylesheet href="https://example.org/a.css"?>'),
    "entities": svg("&a;", before='<!DOCTYPE svg [<!ENTITY a "b">]>'),
    "file": svg("&a;", before='<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "too many parts": svg("<g/>" * MOST_ELEMENTS),
    "cut png": png()[:-5],
    "png with more behind": png() + b"<script>alert(1)</script>",
    "png with a wrong checksum": png()[:-1] + b"\x00",
    "png too wide": png(width=4097),
    "png without pixels": png(width=0),
    "moving png": png(more=chunk(b"acTL", bytes(8))),
    "png bomb": png(width=2**31 - 1, height=2**31 - 1),
    "cut jpeg": jpeg()[:-2],
    "jpeg too high": jpeg(height=65_535),
    "jpeg without a frame": b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9",
    "jpeg that goes nowhere": b"\xff\xd8\xff\xe0\x00\x00" + bytes(20) + b"\xff\xd9",
    "large": svg(" " * LARGEST_BYTES),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_says_in_one_sentence_why_bytes_are_no_picture(name: str) -> None:
    with pytest.raises(NoPicture, match=r"\.$"):
        kind_of(WRONG[name])


def test_it_bounds_a_logo_more_closely() -> None:
    large = svg(" " * LARGEST_LOGO_BYTES)
    assert kind_of(large) == "svg"
    with pytest.raises(NoPicture, match=r"at most 60000"):
        kind_of(large, LARGEST_LOGO_BYTES)


@pytest.fixture
def client() -> Client:
    return Client(headers={"host": "127.0.0.1"})


@pytest.mark.django_db
@pytest.mark.parametrize(("content", "kind"), [(svg(), "image/svg+xml"), (png(), "image/png"), (jpeg(), "image/jpeg")])
def test_it_serves_a_picture_that_can_only_be_looked_at(client: Client, content: bytes, kind: str) -> None:
    answer = client.get(f"/kiosk/picture/{keep_picture(content)}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Security-Policy"] == PICTURE_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_it_judges_a_picture_again_before_it_is_shown(client: Client) -> None:
    name = keep_picture(svg())
    Picture.objects.filter(pk=name).update(content=svg("<script>alert(1)</script>"))
    assert client.get(f"/kiosk/picture/{name}").status_code == 404
    Picture.objects.filter(pk=name).update(content=png())  # another picture under this name
    assert client.get(f"/kiosk/picture/{name}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["x.svg", f"{'0' * 32}.svg", f"{'0' * 32}.html", "..%2fsettings.py", "%00.png"])
def test_it_serves_no_other_name(client: Client, name: str) -> None:
    assert client.get(f"/kiosk/picture/{name}").status_code == 404


@pytest.mark.django_db
def test_it_forgets_the_oldest_pictures_but_none_that_is_shown() -> None:
    logo = keep_picture(svg("<g/>"))
    change_face("anna", logo=logo)
    for number in range(MOST_PICTURES + 3):
        last = keep_picture(svg("<g/>" * (number + 2)))
    assert Picture.objects.count() == MOST_PICTURES + 2
    assert Picture.objects.filter(pk__in=[logo, last]).count() == 2
