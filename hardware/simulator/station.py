"""What is simulated? The boards, lines and meters of one station, and the clock that drives them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from hardware.native_map import FAULT_BITS

from .board import Board, Entry
from .bus import Bus
from .memory import Memory
from .meter import Register
from .registers import UnitRegisters
from .truth import Truth
from .unit import Unit

if TYPE_CHECKING:
    from pathlib import Path

    from .station_file import LineSpec, StationSpec, UnitSpec

TICK_S: Final = 0.04
KEPT_EVERY_S: Final = 1.0
_LOGGED: Final = {
    "contactor": Entry.CONTACTOR,
    "lock": Entry.LOCK,
    "fault": Entry.FAULT,
    "emergency": Entry.EMERGENCY,
    "watchdog": Entry.WATCHDOG,
}


class Station:
    """Everything physical of the station; `lock` guards all of it. Connector ids count from 1 over all lines."""

    def __init__(self, spec: StationSpec, data_dir: Path) -> None:
        self.spec = spec
        self.speed = spec.speed
        self.lock = threading.RLock()
        self.truth = Truth(data_dir / "truth.jsonl")
        self._data_dir = data_dir
        self.boards: dict[str, Board] = {}
        self.units: dict[int, Unit] = {}
        self.registers: dict[int, UnitRegisters] = {}
        self._stopping = threading.Event()
        self.buses = [self._build_line(line) for line in spec.lines]
        self._introduce_rivals()
        self._memory = Memory(data_dir / "memory.json")
        self.emergency = self._memory.recall(self.boards, self.units, time.monotonic())
        self._kept_at_s = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, name="physics", daemon=True)

    def start(self) -> None:
        """Open for business: from here on every line answers."""
        for bus in self.buses:
            bus.start()
        self._ticker.start()

    def stop(self) -> None:
        """Take the links away and stop; what was delivered is already kept."""
        for bus in self.buses:
            bus.stop()
        self._stopping.set()
        self._ticker.join(timeout=2)
        self.keep()
        self.truth.close()

    def keep(self) -> None:
        """Remember what must outlive the simulator; called at every change by hand and once a second."""
        self._kept_at_s = time.monotonic()
        self._memory.keep(self.boards, self.units, self.emergency)

    def board_of(self, unit: Unit) -> Board:
        """The board that carries *unit*."""
        return self.boards[unit.spec.serial]

    def _build_line(self, line: LineSpec) -> Bus:
        on_line = {spec.unit: self._build_unit(spec) for spec in line.units}
        link = self._data_dir / "dev" / f"bus{line.number}"
        return Bus(link, line.baud_rate, on_line, self.lock, self.truth)

    def _build_unit(self, spec: UnitSpec) -> UnitRegisters:
        now_s = time.monotonic()
        board = self.boards.setdefault(spec.serial, Board(spec.serial, now_s, time.time()))
        cell = self._data_dir / "registers" / f"{spec.serial}-{spec.index}"
        unit = Unit(spec, Register(cell, spec.register_wh), self._record, now_s)
        board.units.append(unit)
        self.units[spec.connector_id] = unit
        self.registers[spec.connector_id] = UnitRegisters(unit, board)
        return self.registers[spec.connector_id]

    def _introduce_rivals(self) -> None:
        for unit in self.units.values():
            group = unit.spec.exclusion_group
            others = (other for other in self.units.values() if other is not unit)
            unit.rivals = [other for other in others if group and other.spec.exclusion_group == group]

    def _record(self, kind: str, unit: Unit, at_s: float, **details: Any) -> None:
        self.truth.append(kind, unit, at_s, **details)
        if kind in _LOGGED:
            fault = FAULT_BITS.index(details["fault"]) + 1 if "fault" in details else 0
            self.board_of(unit).log(_LOGGED[kind], at_s, fault, unit.spec.index)

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_S):
            with self.lock:
                now_s = time.monotonic()
                for board in self.boards.values():
                    board.advance(now_s)
                if now_s - self._kept_at_s >= KEPT_EVERY_S:
                    self.keep()
