"""Another serial answers at a known address: a named problem, and nothing charges on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.conftest import OPEN_TO_ALL
from tests.journeys.patience import throughout, until
from tests.journeys.running import RunningStation

pytestmark = pytest.mark.journey
PLUGGED_BUT_IDLE_S: Final = 2.0


def station_file(path: Path, serial: str) -> str:
    units = [
        {"unit": 1, "serial": "KEPT-1", "connector_type": "TYPE2_CABLE"},
        {"unit": 2, "serial": serial, "connector_type": "TYPE2_CABLE"},
    ]
    content: dict[str, Any] = {"name": "two boards", "reader": False, "lines": [{"baud_rate": 115200, "units": units}]}
    path.write_text(json.dumps(content), "utf-8")
    return str(path)


def test_it_names_the_exchanged_board_and_does_not_charge_on_it(folder: Path) -> None:
    file = folder / "boards.json"
    with RunningStation(folder / "station", simulate=station_file(file, "FIRST-2"), settings=OPEN_TO_ALL) as station:
        assert station.stop() == 0
        station_file(file, "OTHER-2")
        station.start()
        until(lambda: "ControllerMismatch" in faults_of(station, 2), 20, "the exchange is a fault of connector 2")
        assert any("OTHER-2" in line and "FIRST-2" in line for line in station.lines)
        station.bench.plug_in(2)
        answer = station.screen.ask("start", connector=2)
        assert (answer["accepted"], answer["refusal"]) == (False, "faulted")
        throughout(lambda: not station.bench.state(2)["contactor"], PLUGGED_BUT_IDLE_S, "nothing is switched on")
        # its neighbour on the same line charges
        station.bench.plug_in(1)
        until(lambda: station.screen.connector(1).get("situation") == "authorize", 10, "connector 1 sees the plug")
        assert station.screen.ask("start", connector=1)["accepted"]
        until(lambda: station.bench.state(1)["contactor"], 10, "connector 1 charges")


def faults_of(station: RunningStation, connector: int) -> list[str]:
    return list(station.screen.connector(connector).get("faults", []))
