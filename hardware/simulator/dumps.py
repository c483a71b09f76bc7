"""What does the board hand over for diagnosis? A snapshot with a header, read through function 20."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Final

from hardware.native_map import (
    DUMP_MAGIC,
    DUMP_PAGE_RECORDS,
    DUMP_READ_WORDS,
    DumpKind,
    Refusal,
)

from .modbus import RefusedRequest

if TYPE_CHECKING:
    from .board import Board
    from .unit import Unit

_HEADER: Final = struct.Struct(">IHHIII")  # magic, kind, 0, length in bytes, CRC32, created
_PAGES_PER_KIND: Final = 16


class Snapshots:
    """The dumps of one unit, each frozen by Opcode.SNAPSHOT_DUMP so that it does not move while it is read."""

    def __init__(self) -> None:
        self._files: dict[int, bytes] = {}

    def take(self, kind: int, unit: Unit, board: Board, now_s: float) -> bool:
        """False when there is no such kind."""
        if kind not in DumpKind.__members__.values():
            return False
        content = _content(DumpKind(kind), unit, board)
        header = _HEADER.pack(DUMP_MAGIC, kind, 0, len(content), zlib.crc32(content), int(board.clock_s(now_s)))
        file = header + content
        self._files[kind] = file + b"\0" * (len(file) % 2)
        return True

    def read(self, number: int, record: int, count: int) -> bytes:
        """*count* registers of file *number* (kind * 16 + page); shorter than asked at the end of the dump."""
        if record >= DUMP_PAGE_RECORDS or not 1 <= count <= DUMP_READ_WORDS:
            raise RefusedRequest(Refusal.VALUE)
        kind, page = divmod(number, _PAGES_PER_KIND)
        file = self._files.get(kind, b"")
        start = (page * DUMP_PAGE_RECORDS + record) * 2
        if start >= len(file):
            raise RefusedRequest(Refusal.ADDRESS)
        return file[start : start + count * 2]


def _content(kind: DumpKind, unit: Unit, board: Board) -> bytes:
    if kind is DumpKind.EVENTS:
        return board.log_bytes
    if kind is DumpKind.COUNTERS:
        return _text({"reset_counter": board.reset_counter, "fault_counter": unit.fault_counter})
    if kind is DumpKind.CONFIGURATION:
        names = ("serial", "index", "phases", "maximum_a", "minimum_a", "maximum_w", "exclusion_group", "dc_restart")
        return _text({name: getattr(unit.spec, name) for name in names})
    if kind is DumpKind.MEMORY:
        facts = {"state": unit.state.name, "limit_a": unit.limit.amperes, "tripped": unit.tripped}
        return _text({**facts, "faults": sorted(unit.faults)})
    return b"".join(struct.pack(">d", interval_s) for interval_s in unit.intervals_s)


def _text(facts: dict[str, object]) -> bytes:
    return json.dumps(facts, sort_keys=True).encode("ascii")
