"""An image of controller firmware: what its header says, and whether a board may run it (docs/native_protocol.md).

The header names the boards that the image is for. It protects from mistakes and damage, not from an attacker: who made
the file is said by the signature around it, which is checked before, and by the board's own boot loader.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"NFW1"
_HEADER: Final = struct.Struct(">4s4H24s2H2I32s")
HEADER_BYTES: Final = _HEADER.size  # 80
LARGEST_BYTES: Final = 4 * 1024 * 1024
ANY_REVISION: Final = 0xFFFF  # as the highest revision: also those that are still to be built


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What the header of an intact image says."""

    version: str  # "2.0.1"
    build: int
    model: str  # of the board, as its identity says it
    lowest_revision: int
    highest_revision: int
    security_counter: int  # a board never goes back to a lower one


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What is known of a board that may get new firmware."""

    model: str
    hardware_revision: int
    firmware: str  # the version that runs
    security_counter: int = 0


class NotAnImage(ValueError):
    """The file is no image of controller firmware, or a damaged one; the sentence says which."""


def image_of(content: bytes) -> Image:
    """The header of *content*, the whole file. Raises NotAnImage: another file, cut, longer, or damaged."""
    if not content.startswith(MAGIC):
        raise NotAnImage(f"The file does not begin with {MAGIC.decode()}: it is no firmware of a controller.")
    if len(content) < HEADER_BYTES:
        raise NotAnImage("The file ends within its header: it was cut.")
    _magic, major, minor, patch, build, model, lowest, highest, counter, length, sha256 = _HEADER.unpack_from(content)
    payload = memoryview(content)[HEADER_BYTES:]
    if len(payload) != length:
        raise NotAnImage(f"The header announces {length} bytes of program and {len(payload)} follow: it was changed.")
    if hashlib.sha256(payload).digest() != sha256:
        raise NotAnImage("The program does not have the SHA-256 of its header: the file is damaged.")
    return Image(
        version=f"{major}.{minor}.{patch}",
        build=build,
        model=_model(model),
        lowest_revision=lowest,
        highest_revision=highest,
        security_counter=counter,
    )


def _model(octets: bytes) -> str:
    text = octets.rstrip(b"\0").decode("ascii", "replace")
    if not text or not text.isascii() or not text.isprintable():
        raise NotAnImage("The header names no model of a board in printable ASCII.")
    return text


def unfit(image: Image, board: Board) -> str:
    """Why *board* must not get *image*, as a sentence; "" when it may."""
    if image.model != board.model:
        return f"The image is for {image.model}, and the board is {board.model}."
    if not image.lowest_revision <= board.hardware_revision <= image.highest_revision:
        revisions = f"{image.lowest_revision} to {image.highest_revision}"
        return f"The image is for hardware revisions {revisions}, and the board has {board.hardware_revision}."
    if image.security_counter < board.security_counter:
        return (
            f"The image has the security counter {image.security_counter} and the board {board.security_counter}: "
            "a board never goes back behind a closed hole."
        )
    return ""
