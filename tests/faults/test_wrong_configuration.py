"""A configuration document with mistakes: each is named with its path, nothing is applied, nothing half-starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.patience import until
from tests.journeys.running import RunningStation

pytestmark = pytest.mark.journey

WRONG: dict[str, Any] = {
    "station": {"authorization_mode": "free", "site_limit_w": -1, "name": "Harbour"},
    "cards": [{"id_tag": "04A2B3C4"}, {"id_tag": "no space allowed", "group": "NOBODY"}],
    "conectors": [],
}
PATHS = ("station.authorization_mode", "station.site_limit_w", "cards[1].id_tag", "conectors")


def test_it_names_every_mistake_and_does_not_start(folder: Path) -> None:
    station = RunningStation(folder / "station", settings=WRONG)
    station.start(wait=False)
    try:
        until(lambda: not station.lives, 20, "the station gives up")
        said = "\n".join(station.lines)
        assert [path for path in PATHS if path not in said] == []
        assert "station ready" not in said
        assert "Traceback" not in said
        assert any(line.startswith("stopping: ") for line in station.lines)
        assert station.record.rows("SELECT name FROM charging_station WHERE name = 'Harbour'") == []
        assert station.record.rows("SELECT id FROM charging_card") == []
    finally:
        station.cut_power()


def test_it_starts_with_the_corrected_document_in_the_same_folder(folder: Path) -> None:
    wrong = RunningStation(folder / "station", settings=WRONG)
    wrong.start(wait=False)
    until(lambda: not wrong.lives, 20, "the station gives up")
    wrong.cut_power()
    with RunningStation(folder / "station", settings={"station": {"name": "Harbour"}}) as right:
        assert until(right.screen.station, 10, "the screen shows the station")["name"] == "Harbour"
