"""Is the board alive, and what time does it think it is? One board carries one or more units."""

from __future__ import annotations

import struct
from collections import deque
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

from hardware.native_map import FirmwareState

from .firmware import HARDWARE_REVISION, Slots
from .image import Version, error_of

if TYPE_CHECKING:
    from .unit import Unit

SILENT_S: Final = 1.0  # from reset to the first answer
BOOTLOADER_S: Final = 1.0
DRIFT: Final = 20e-6
LOG_RECORDS: Final = 512
_RECORD: Final = struct.Struct(">IIHHI")  # unix s, uptime s, code, argument, argument


class Mode(Enum):
    """How far the board has come since it got its supply."""

    OFF = "off"
    SILENT = "silent"
    BOOTLOADER = "bootloader"
    RUNNING = "running"


class ResetReason(IntEnum):
    """Register Status.RESET_REASON."""

    POWER_ON = 0
    SOFTWARE = 1
    EXTERNAL = 2
    ROLLBACK = 3


class Entry(IntEnum):
    """Codes of the event log."""

    START = 1
    FAULT = 2
    EMERGENCY = 3
    WATCHDOG = 4
    CONTACTOR = 5
    LOCK = 6
    COMMAND = 7
    TIME_SET = 8
    FIRMWARE = 9


class Board:
    """One controller board. `now_s` is monotonic; `unix_s` is true time, which the board does not know."""

    def __init__(self, serial: str, now_s: float, unix_s: float) -> None:
        self.serial = serial
        self.units: list[Unit] = []
        self.slots = Slots(error_of=self._error_of)
        self.mode = Mode.RUNNING
        self.stuck = False  # hung: silent, deaf, its hardware watchdog still opens the contactor
        self.frozen = False  # answers the same status frame for ever and ignores what it is told
        self.rebooted = True
        self.reset_reason = ResetReason.POWER_ON
        self.reset_counter = 1
        self.time_valid = False
        self._started_at_s = now_s
        self._clock_offset_s = unix_s - now_s
        self._clock_set_at_s = now_s
        self._plan: list[tuple[float, Mode]] = []
        self._swap_due = False
        self._log: deque[bytes] = deque(maxlen=LOG_RECORDS)
        self.new_log = False
        self.log(Entry.START, now_s, int(ResetReason.POWER_ON))

    @property
    def answers(self) -> bool:
        """Somebody is there to answer a request."""
        return self.mode in {Mode.BOOTLOADER, Mode.RUNNING} and not self.stuck

    @property
    def log_bytes(self) -> bytes:
        """The event log, oldest first, 16 bytes a record (native_map.DumpKind)."""
        return b"".join(self._log)

    def uptime_s(self, now_s: float) -> float:
        """Seconds since the running program started."""
        return max(0.0, now_s - self._started_at_s)

    def clock_s(self, now_s: float) -> float:
        """Unix time as the board believes; it drifts."""
        return now_s + self._clock_offset_s + (now_s - self._clock_set_at_s) * DRIFT

    def set_clock(self, unix_s: float, now_s: float) -> None:
        """The station told the time."""
        self._clock_offset_s, self._clock_set_at_s = unix_s - now_s, now_s
        self.time_valid = True
        self.log(Entry.TIME_SET, now_s)

    def shift_clock(self, by_s: float) -> None:
        """Let the clock be wrong by *by_s* more."""
        self._clock_offset_s += by_s

    def log(self, code: Entry, now_s: float, argument: int = 0, more: int = 0) -> None:
        """Append to the event log."""
        unix_s = int(self.clock_s(now_s)) & 0xFFFFFFFF
        self._log.append(_RECORD.pack(unix_s, int(self.uptime_s(now_s)), code, argument & 0xFFFF, more & 0xFFFFFFFF))
        self.new_log = True

    def advance(self, now_s: float) -> None:
        """Let everything happen on this board that is due until *now_s*."""
        while self._plan and self._plan[0][0] <= now_s:
            moment_s, mode = self._plan.pop(0)
            self._enter(mode, moment_s)
        if self.mode is not Mode.OFF and self.slots.advance(now_s):
            self.restart(now_s, ResetReason.ROLLBACK, through_bootloader=True)
        for unit in self.units:
            unit.updating = self.mode is Mode.BOOTLOADER or self.slots.receiving
            unit.advance(now_s)

    def restart(self, now_s: float, reason: ResetReason, *, through_bootloader: bool = False) -> None:
        """Contactors open, the setpoint is forgotten, nothing answers for a second."""
        self.reset_reason = reason
        self.reset_counter = (self.reset_counter + 1) & 0xFFFF
        self._enter(Mode.SILENT, now_s)
        starting_at_s = now_s + SILENT_S
        self._plan = [(starting_at_s, Mode.RUNNING)]
        if through_bootloader:
            self._plan = [(starting_at_s, Mode.BOOTLOADER), (starting_at_s + BOOTLOADER_S, Mode.RUNNING)]

    def commit(self, now_s: float) -> bool:
        """Reboot into the boot loader and from there into the received program. False: nothing is verified."""
        if self.slots.state is not FirmwareState.VERIFIED:
            return False
        self._swap_due = True
        self.restart(now_s, ResetReason.SOFTWARE, through_bootloader=True)
        return True

    def switch(self, *, powered: bool, now_s: float) -> None:
        """Pull or return the board's supply."""
        if not powered:
            self._plan = []
            self.time_valid = False
            self._enter(Mode.OFF, now_s)
        elif self.mode is Mode.OFF:
            self.stuck = False
            self.restart(now_s, ResetReason.POWER_ON)

    def _error_of(self, content: bytes, running: Version) -> int:
        models = {unit.spec.model for unit in self.units}
        return error_of(content, models=models, revision=HARDWARE_REVISION, running=running)

    def _enter(self, mode: Mode, now_s: float) -> None:
        self.mode = mode
        if mode is Mode.RUNNING:
            self._started_at_s = now_s
            self.rebooted = True
            if self._swap_due:
                self._swap_due = False
                self.slots.swap(now_s)
                self.log(Entry.FIRMWARE, now_s, self.slots.slot)
            self.log(Entry.START, now_s, int(self.reset_reason))
        for unit in self.units:
            unit.running = mode is Mode.RUNNING
            unit.updating = mode is Mode.BOOTLOADER
            unit.forget(now_s)
