"""May this board run the program that it has received? The header of an image as the boot loader reads it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct(">4s4H24sHHII32s")
MAGIC: Final = b"NFW1"
ERROR_DAMAGED: Final = 5
ERROR_FOREIGN: Final = 6  # another model or hardware revision
ERROR_OLDER: Final = 7  # a lower security counter


@dataclass(frozen=True, slots=True)
class Version:
    """What identity and function 43/14 say about the running program."""

    major: int
    minor: int
    patch: int
    build: int
    crc32: int
    security_counter: int = 0

    @property
    def text(self) -> str:
        """As function 43/14 says it."""
        return f"{self.major}.{self.minor}.{self.patch}"


def error_of(content: bytes, *, models: Collection[str], revision: int, running: Version) -> int:
    """Why the boot loader does not start *content*, as FirmwareStatus.ERROR; 0 when it may."""
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        return ERROR_DAMAGED
    fields = HEADER.unpack_from(content)
    model, lowest, highest, counter, length, sha256 = fields[5:]
    program = content[HEADER.size :]
    if len(program) != length or hashlib.sha256(program).digest() != sha256:
        return ERROR_DAMAGED
    if model.rstrip(b"\0").decode("latin-1") not in models or not lowest <= revision <= highest:
        return ERROR_FOREIGN
    return ERROR_OLDER if counter < running.security_counter else 0


def version_of(content: bytes, crc32: int) -> Version:
    """The version of an image that the boot loader has accepted."""
    _magic, major, minor, patch, build, _model, _lowest, _highest, counter, _length, _sha = HEADER.unpack_from(content)
    return Version(major, minor, patch, build, crc32, counter)
