"""What hangs on the serial lines: known addresses first, then every speed, driver and unit.

A line is searched at its next speed only while nothing has answered, because one line has one speed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from .capabilities import ConnectorIdentity, Driver
from .errors import LineError, NoReply, PortError, Refused
from .line import Line
from .readers import pn532
from .registry import driver_named, driver_names

Progress = Callable[[str, int, int, bool], None]  # line, baud, unit, found

_TRIES: Final = 3
_ROUNDS: Final = 2  # a lost reply must not cost a board its number; a speed at which nobody answers is left at once


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """Where a board was last time."""

    line_path: str
    baud_rate: int
    driver_name: str
    unit: int
    board_serial: str


@dataclass(frozen=True, slots=True)
class Found:
    """One unit that answered as *driver_name*."""

    line_path: str
    baud_rate: int
    driver_name: str
    unit: int
    identity: ConnectorIdentity


@dataclass(frozen=True, slots=True)
class FoundReader:
    """A line that carries a card reader and nothing else."""

    line_path: str
    reader_name: str  # "pn532"
    firmware: str


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is one of port, missing, replaced, two_serials, damaged, twice; `sentence` is for a technician."""

    code: str
    line_path: str
    unit: int
    sentence: str


@dataclass(slots=True)
class Findings:
    """What a search found, line after line."""

    found: list[Found] = field(default_factory=list)
    readers: list[FoundReader] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def search(
    paths: Iterable[str],
    known: Iterable[KnownAddress] = (),
    *,
    full: bool = False,
    progress: Progress | None = None,
    cancelled: threading.Event | None = None,
) -> Findings:
    """Search *paths* at the same time and put the findings together, in the order of *paths*.

    Without *full*, a line whose known addresses all answer is not searched further. Set *cancelled* to end
    early with what was found until then. Each port must be closed everywhere else.
    """
    addresses = tuple(known)
    searches = [_Search(path, progress, cancelled or threading.Event()) for path in dict.fromkeys(paths)]
    if not searches:
        return Findings()
    with ThreadPoolExecutor(len(searches), "discovery") as pool:
        parts = list(pool.map(lambda one: one.run(addresses, full=full), searches))
    whole = Findings()
    for part in parts:
        whole.found += part.found
        whole.readers += part.readers
        whole.problems += part.problems
    whole.problems += _found_twice(whole.found)
    return whole


def ask(line: Line, driver_name: str, unit: int) -> ConnectorIdentity | Problem | None:
    """Ask one unit who it is, twice, so that two boards on one address are noticed. None: nobody of this kind."""
    driver = driver_named(driver_name)(unit)
    for _ in range(_TRIES):
        try:
            return _identified(line, driver, unit)
        except (NoReply, Refused):
            return None
        except LineError:
            continue
    sentence = f"Unit {unit} on {line.path} answers damaged: look for a second board with this address, or for noise."
    return Problem("damaged", line.path, unit, sentence)


def _identified(line: Line, driver: Driver, unit: int) -> ConnectorIdentity | Problem | None:
    if not line.run(driver.probe()):
        return None
    first, second = line.run(driver.identify()), line.run(driver.identify())
    if first.board_serial == second.board_serial:
        return second
    serials = f"{first.board_serial} and {second.board_serial}"
    sentence = f"Unit {unit} on {line.path} answers as {serials}: give one of the boards another address."
    return Problem("two_serials", line.path, unit, sentence)


def reader_on(path: str) -> FoundReader | None:
    """Whether *path* is a card reader. Raises PortError."""
    line = Line(path, pn532.BAUD_RATE, searching=True)
    try:
        for _ in range(_ROUNDS):
            with suppress(LineError):
                return FoundReader(path, "pn532", line.run(pn532.firmware_version()))
    except Refused:
        return None
    finally:
        line.close()
    return None


class _Search:
    """The search of one line."""

    def __init__(self, path: str, progress: Progress | None, cancelled: threading.Event) -> None:
        self._path = path
        self._progress = progress
        self._cancelled = cancelled
        self._findings = Findings()

    def run(self, known: Iterable[KnownAddress], *, full: bool) -> Findings:
        here = [address for address in known if address.line_path == self._path]
        try:
            missing = [address for address in here if not self._ask_known(address)]
            if full or missing or not here:
                self._search_everything()
            self._name_missing(missing)
        except PortError as error:
            self._problem("port", 0, f"{error}.")
        return self._findings

    def _ask_known(self, address: KnownAddress) -> bool:
        line = Line(self._path, address.baud_rate, searching=True)
        try:
            # Once is not enough for a board that is known to be there.
            found = any(self._ask(line, address.driver_name, address.unit) for _ in range(_TRIES))
        finally:
            line.close()
        serial = next((one.identity.board_serial for one in self._at(address.unit)), address.board_serial)
        if serial != address.board_serial:
            sentence = (
                f"Unit {address.unit} on {self._path} is now {serial}, it was {address.board_serial}: confirm it."
            )
            self._problem("replaced", address.unit, sentence)
        return found

    def _at(self, unit: int) -> Iterator[Found]:
        return (one for one in self._findings.found if one.unit == unit)

    def _search_everything(self) -> None:
        reader = None if self._findings.found else reader_on(self._path)
        if reader is not None:
            self._findings.readers.append(reader)
            return
        for baud_rate in self._speeds():
            self._search_speed(baud_rate)
            if self._findings.found or self._findings.problems or self._cancelled.is_set():
                return

    def _speeds(self) -> list[int]:
        """The speed at which something answered, else every speed of every driver, fastest first."""
        if self._findings.found:
            return [self._findings.found[0].baud_rate]
        return sorted({baud for name in driver_names() for baud in driver_named(name).baud_rates}, reverse=True)

    def _search_speed(self, baud_rate: int) -> None:
        line = Line(self._path, baud_rate, searching=True)
        try:
            names = [name for name in driver_names() if baud_rate in driver_named(name).baud_rates]
            for _ in range(_ROUNDS):
                for name in names:
                    self._search_units(line, name)
                if not self._findings.found:
                    return
        finally:
            line.close()
        self._findings.found.sort(key=lambda one: one.unit)

    def _search_units(self, line: Line, name: str) -> None:
        for unit in driver_named(name).units:
            if self._cancelled.is_set():
                return
            if not any(self._at(unit)) and all(problem.unit != unit for problem in self._findings.problems):
                self._ask(line, name, unit)

    def _ask(self, line: Line, name: str, unit: int) -> bool:
        answer = ask(line, name, unit)
        if isinstance(answer, Problem):
            self._findings.problems.append(answer)
        elif answer is not None:
            self._findings.found.append(Found(self._path, line.baud_rate, name, unit, answer))
        if self._progress is not None:
            self._progress(self._path, line.baud_rate, unit, answer is not None)
        return answer is not None

    def _name_missing(self, missing: Iterable[KnownAddress]) -> None:
        found = {one.identity.board_serial for one in self._findings.found}
        for address in missing:
            if address.board_serial not in found:
                where = f"Board {address.board_serial} (unit {address.unit} on {self._path})"
                self._problem("missing", address.unit, f"{where} does not answer: check its power and its cable.")

    def _problem(self, code: str, unit: int, sentence: str) -> None:
        self._findings.problems.append(Problem(code, self._path, unit, sentence))


def _found_twice(found: Iterable[Found]) -> list[Problem]:
    seen: dict[tuple[str, int], Found] = {}
    problems = []
    for one in found:
        board = (one.identity.board_serial, one.identity.board_index)
        first = seen.setdefault(board, one)
        if first is not one:
            where = f"unit {first.unit} on {first.line_path} and unit {one.unit} on {one.line_path}"
            sentence = f"Connector {board[1]} of board {board[0]} answers twice, as {where}: check the serial numbers."
            problems.append(Problem("twice", one.line_path, one.unit, sentence))
    return problems
