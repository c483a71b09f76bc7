"""F6: the disk is full. What charges goes on, nothing accepted is lost, the log says it in a sentence, and it heals."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.invariants import Accepted, violations
from tests.journeys.patience import throughout, until
from tests.journeys.running import RunningStation

pytestmark = pytest.mark.journey
SETTINGS: Final[dict[str, Any]] = {"station": {"authorization_mode": "none", "sample_interval_s": 5}}
MOST_W: Final = {1: 22_080, 2: 22_080}
FULL_FOR_S: Final = 8.0
POWERFUL_W: Final = 3000
DATABASES: Final = ("station.sqlite3", "logs.sqlite3")


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 32 MB."""
    place = folder / "small"
    place.mkdir()
    if os.getuid() != 0:
        pytest.skip("A small disk can be mounted by root only: the full disk was left out.")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", place], check=False)  # noqa: S607
    if mounted.returncode != 0:
        pytest.skip("This machine lets nobody mount a small disk: the full disk was left out.")
    yield place
    subprocess.run(["umount", "-l", place], check=True)  # noqa: S607


def topped_up(place: Path) -> Path:
    """Write until nothing fits any more."""
    filler = place / "filler"
    with filler.open("ab", buffering=0) as file:
        for block in (b"\0" * 65_536, b"\0" * 512):
            with suppress(OSError):
                while True:
                    file.write(block)
    return filler


def fill(place: Path) -> Path:
    filler = topped_up(place)
    assert os.statvfs(place).f_bavail == 0
    return filler


def ask(station: RunningStation, action: str, connector: int, accepted: list[Accepted]) -> dict[str, Any]:
    asked_at = datetime.now(UTC)
    answer = station.screen.ask(action, connector=connector)
    if answer["accepted"]:
        accepted.append(Accepted(action=action, connector=connector, asked_at=asked_at, answered_at=datetime.now(UTC)))
    return answer


def wait_for(station: RunningStation, connector: int, situation: str) -> None:
    screen = station.screen
    until(lambda: screen.connector(connector).get("situation") == situation, 30, f"{connector} is {situation}")


def test_it_charges_on_with_a_full_disk_and_loses_nothing(folder: Path, small_disk: Path) -> None:
    data_dir = folder / "station"
    data_dir.mkdir(mode=0o700)
    # only the databases are on the small disk: the simulator's truth must not be lost with them
    for name in DATABASES:
        (data_dir / name).symlink_to(small_disk / name)
    accepted: list[Accepted] = []
    with RunningStation(data_dir, settings=SETTINGS) as station:
        for connector in MOST_W:
            station.bench.plug_in(connector)
            wait_for(station, connector, "authorize")
        ask(station, "start", 1, accepted)
        wait_for(station, 1, "charging")
        filler = fill(small_disk)
        refused = until(lambda: not ask(station, "start", 2, accepted)["accepted"], 20, "a start is refused")
        throughout(lambda: station.bench.state(1)["contactor"], FULL_FOR_S, "connector 1 charges on")
        assert refused
        assert not station.bench.state(2)["contactor"] or accepted[-1].connector == 2
        until(lambda: any("full" in line for line in station.lines), 10, "the log says that the disk is full")
        filler.unlink()
        for connector in MOST_W:
            until(
                lambda connector=connector: (
                    not station.bench.state(connector)["contactor"]  # type: ignore[misc] # bound early
                    or ask(station, "stop", connector, accepted)["accepted"]
                ),
                20,
                f"connector {connector} can be stopped again",
            )
            station.bench.plug_out(connector)
            wait_for(station, connector, "free")
        assert violations(station.record, station.bench.truth(), accepted, MOST_W) == []


class Warm:
    """A connector that always has something to record: a temperature that is high, or no longer high."""

    def __init__(self, station: RunningStation, connector: int) -> None:
        self._station, self._connector, self._high = station, connector, False

    def unrecorded(self, disk: Path) -> bool:
        """Whether the connector is switched off by now. Checkpoints free a little room again: that is taken too."""
        topped_up(disk)
        recorded = "HighTemperature" in self._station.screen.connector(self._connector).get("faults", [])
        if recorded == self._high:
            self._high = not self._high
            self._station.bench.call(f"/faults/{self._connector}", code="HighTemperature", on=self._high)
        return not self._station.bench.state(self._connector)["contactor"]


def health(station: RunningStation) -> tuple[int, list[str]]:
    try:
        with urllib.request.urlopen(f"http://{station.address}/healthz", timeout=10) as answer:
            return answer.status, list(json.load(answer)["problems"])
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, list(json.load(refused)["problems"])


def test_everything_of_the_station_on_a_full_disk_comes_back_when_there_is_room(folder: Path, small_disk: Path) -> None:
    """Databases, logs, dumps, uploads, sockets: only the simulator's truth, which is no part of it, is elsewhere."""
    (small_disk / "truth.jsonl").symlink_to(folder / "truth.jsonl")
    accepted: list[Accepted] = []
    with RunningStation(small_disk, settings=SETTINGS, beside=folder) as station:
        for connector in MOST_W:
            station.bench.plug_in(connector)
            wait_for(station, connector, "authorize")
            ask(station, "start", connector, accepted)
            wait_for(station, connector, "charging")
        assert health(station) == (200, [])
        filler = fill(small_disk)
        until(lambda: any("full" in problem for problem in health(station)[1]), 10, "the sentence of /healthz")
        # connector 1 has nothing to record and charges on; connector 2 has, and is switched off after 5 s
        warm = Warm(station, 2)
        until(lambda: warm.unrecorded(small_disk), 60, "connector 2 is switched off")
        until(lambda: any("full" in line for line in station.lines), 15, "the log says that the disk is full")
        assert station.bench.state(1)["contactor"]
        assert not ask(station, "start", 1, accepted)["accepted"]
        filler.unlink()
        until(lambda: health(station) == (200, []), 20, "all is well again")
        until(lambda: station.bench.state(2)["contactor"], 30, "connector 2 is back")
        until(lambda: station.bench.state(2)["power_w"] > POWERFUL_W, 30, "connector 2 charges again")
        station.bench.call("/faults/2", code="HighTemperature", on=False)
        for connector in MOST_W:
            until(
                lambda connector=connector: ask(station, "stop", connector, accepted)["accepted"],  # type: ignore[misc] # bound early
                20,
                f"connector {connector} can be stopped",
            )
            station.bench.plug_out(connector)
            wait_for(station, connector, "free")
        assert violations(station.record, station.bench.truth(), accepted, MOST_W) == []
