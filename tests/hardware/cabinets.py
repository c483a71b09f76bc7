"""A cabinet on the table: a real simulator over pseudo-terminals, and its lines polled turn by turn by the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from charging import record
from charging.domain.connector import Connector
from charging.models import Station
from hardware import bringing_up
from hardware.emergency import Emergency
from hardware.line import Line
from hardware.models import Controller
from hardware.registry import driver_named
from hardware.turning import PERIOD_S, LineTurns, Unit
from tests.hardware.simulator.rig import call

PATIENCE_S: Final = 15.0
LAST_UNIT: Final = 2  # no shipped station that is polled here has more on a line


class Simulated(Protocol):
    @property
    def data_dir(self) -> Path: ...
    @property
    def url(self) -> str: ...


class Cabinet:
    """One simulated station with the lines that the test polls."""

    def __init__(self, simulated: Simulated) -> None:
        self.simulated = simulated
        self.emergency = Emergency()
        self.lines: list[LineTurns] = []

    def path(self, number: int = 1) -> str:
        return str(self.simulated.data_dir / "dev" / f"bus{number}")

    def bench(self, path: str, body: object = None, method: str = "POST") -> dict[str, Any]:
        """One call of the simulator's bench."""
        status, answer = call(self.simulated.url, method, path, body)
        assert status == 200, answer
        return answer

    def truth(self, number: int = 1) -> dict[str, Any]:
        """What is physically true of a connector now."""
        return self.bench(f"/state?connector_id={number}", method="GET")

    def bring_up(self, *paths: str) -> list[Controller]:
        return bringing_up.bring_up(paths, [], full=True, stop=threading.Event()).controllers

    def polled(self, number: int = 1) -> LineTurns:
        """Search a line and take its turns from now on."""
        rows = self.bring_up(self.path(number))
        units = [
            Unit(
                row.connector_number,
                driver_named(row.driver_name)(row.unit),
                answered_s=time.monotonic(),
                board_serial=row.board_serial,
            )
            for row in rows
        ]
        line = Line(self.path(number), rows[0].baud_rate, self.emergency.event)
        self.lines.append(LineTurns(line, units, self.emergency))
        return self.lines[-1]

    def until(self, fact: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
        """Turn after turn until *fact* is true."""
        deadline_s = time.monotonic() + timeout_s
        pace = threading.Event()
        while True:
            for turns in self.lines:
                turns.turn()
            if fact():
                return
            assert time.monotonic() < deadline_s, f"not true within {timeout_s} s: {connector()}"
            pace.wait(PERIOD_S / 4)

    def close(self) -> None:
        for turns in self.lines:
            turns.line.close()


def connector(number: int = 1) -> Connector:
    return next(c for c in record.connectors() if c.number == number)


@pytest.fixture
def cabinet(
    station_simulator: Callable[[str], Simulated], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Cabinet]:
    """The station `ac2`, or the one that the test's parameter names; anyone may charge. Few addresses are searched."""
    monkeypatch.setattr(driver_named("native"), "units", range(1, LAST_UNIT + 1))
    record.station_row()
    Station.objects.update(authorization_mode="none")
    found = Cabinet(station_simulator(getattr(request, "param", "ac2")))
    yield found
    found.close()
