"""A dump of a native controller as it is fetched: header and content, block after block, checked at the end."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from hardware.capabilities import Steps
from hardware.errors import Implausible
from hardware.modbus_rtu import read_file
from hardware.native_map import (
    DUMP_HEADER_WORDS,
    DUMP_MAGIC,
    DUMP_PAGE_RECORDS,
    DUMP_READ_WORDS,
    DumpKind,
    Opcode,
)

from ._native_mailbox import Mailbox

_HEADER: Final = struct.Struct(">IHHIII")
_HEADER_BYTES: Final = 2 * DUMP_HEADER_WORDS
_PAGES: Final = 16
_LONGEST_BYTES: Final = 2 * _PAGES * DUMP_PAGE_RECORDS - _HEADER_BYTES


@dataclass(frozen=True, slots=True)
class _Header:
    content_bytes: int
    crc32: int


def _header_of(octets: bytes, kind: DumpKind) -> _Header:
    magic, found, _zero, length, crc32, _created = _HEADER.unpack(octets[:_HEADER_BYTES])
    if magic != DUMP_MAGIC or found != kind or length > _LONGEST_BYTES:
        raise Implausible(f"the dump has no valid header ({octets[:_HEADER_BYTES].hex()}): fetch it again")
    return _Header(length, crc32)


def fetch(unit: int, mailbox: Mailbox, kind: DumpKind, received: bytes) -> Steps[tuple[bytes, int]]:
    """One block after *received* (header included; b"" takes a snapshot first).

    Returns the bytes so far and the length of the whole. Raises Implausible when the content does not
    have the checksum of its header: begin again with b"".
    """
    if not received:
        yield from mailbox.demand(Opcode.SNAPSHOT_DUMP, kind)
        received = yield from read_file(unit, kind * _PAGES, 0, DUMP_HEADER_WORDS)
    else:
        received += yield from _block(unit, kind, received)
    header = _header_of(received, kind)
    whole = _HEADER_BYTES + header.content_bytes
    received = received[:whole]
    if len(received) == whole and zlib.crc32(received[_HEADER_BYTES:]) != header.crc32:
        raise Implausible(f"the dump of unit {unit} has another checksum than its header: fetch it again")
    return received, whole


def _block(unit: int, kind: DumpKind, received: bytes) -> Steps[bytes]:
    whole = _HEADER_BYTES + _header_of(received, kind).content_bytes
    if len(received) >= whole:
        return b""
    page, record = divmod(len(received) // 2, DUMP_PAGE_RECORDS)
    # An odd number of bytes so far is asked for again from its last whole register.
    odd = len(received) % 2
    left = (whole - len(received) + odd + 1) // 2
    count = min(DUMP_READ_WORDS, DUMP_PAGE_RECORDS - record, left)
    block = yield from read_file(unit, kind * _PAGES + page, record, count)
    return block[odd:]
