"""Boards that were added to a line in use (GEN-4): a free address is asked after a turn, while nobody charges there."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from hardware.discovery import ask
from hardware.errors import HardwareError
from hardware.line import Line
from hardware.registry import driver_named, driver_names

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 10.0  # a board may need longer to start than we do


class Newcomers:
    """The free addresses of one line, each asked at once after `begin`, and once more."""

    def __init__(self, line: Line, taken: Iterable[int]) -> None:
        self._line = line
        self._taken = frozenset(taken)
        self._free: deque[tuple[str, int]] = deque()
        self._again_due_s: float | None = None
        self.met = False  # somebody answers who was not there before: the line is to be searched whole

    def leave_out(self, units: Iterable[int]) -> None:
        """*units* are known and are not used: meeting them is no news."""
        self._taken |= set(units)

    def begin(self) -> None:
        """Ask every free address from now on; from any thread."""
        self._free = deque(self._addresses())
        self._again_due_s = time.monotonic() + AGAIN_AFTER_S

    def _addresses(self) -> list[tuple[str, int]]:
        return [
            (name, unit)
            for name in driver_names()
            if self._line.baud_rate in driver_named(name).baud_rates
            for unit in driver_named(name).units
            if unit not in self._taken
        ]

    def turn(self) -> None:
        """Ask the next free address; silence costs some 80 ms."""
        if not self._free and self._again_due_s is not None and time.monotonic() >= self._again_due_s:
            self._free, self._again_due_s = deque(self._addresses()), None
        if not self._free or self.met or self._line.emergency.is_set():
            return
        name, unit = self._free.popleft()
        try:
            with self._line.searching():
                self.met = ask(self._line, name, unit) is not None
        except HardwareError as error:  # the port: the turns say so, and the address is asked again
            log.debug("Unit %s on %s could not be asked: %s", unit, self._line.path, error)
            self._free.appendleft((name, unit))
        finally:
            self._line.counters.pop(unit, None)
        if self.met:
            log.warning("%s: unit %s answers, it was not there before: the line is searched.", self._line.path, unit)
