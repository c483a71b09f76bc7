"""Marks of this folder, and the station that most faults happen to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.charging_car import ChargingCar
from tests.journeys.running import RunningStation
from tests.journeys.world import HEALTHY_LINE

OPEN_TO_ALL: Final[dict[str, Any]] = {"station": {"authorization_mode": "none", "sample_interval_s": 5}}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "journey: plays a journey in plain text on a whole simulated station")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, away when the test has ended."""
    made = Path(tempfile.mkdtemp(prefix="fault-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_station() -> Iterator[RunningStation]:
    made = Path(tempfile.mkdtemp(prefix="faults-"))
    with RunningStation(made / "station", settings=OPEN_TO_ALL) as station:
        yield station
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def car(shared_station: RunningStation) -> Iterator[ChargingCar]:
    """A car that charges at connector 2; it leaves when the test has ended."""
    charging = ChargingCar(shared_station, 2)
    charging.start()
    yield charging
    for line in (1, 2):
        shared_station.bench.call(f"/lines/{line}", **HEALTHY_LINE)
    charging.leave()
