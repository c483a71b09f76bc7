"""F10: a whole station on a computer without a clock: it charges, marks its times, and puts them right later.

Its programs are started with another wall clock (clock_shift.c); the monotonic clock stays the kernel's. The
product knows nothing of it.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.journeys.patience import until
from tests.journeys.running import RunningStation

pytestmark = pytest.mark.journey
COMPILER: Final = shutil.which("cc")
SETTINGS: Final[dict[str, Any]] = {"station": {"authorization_mode": "none", "sample_interval_s": 5}}
CLOSE: Final = timedelta(seconds=5)
EARLY: Final = "1971"


@pytest.fixture
def clock(folder: Path) -> Path:
    """The file that says by how many seconds the clock is wrong."""
    file = folder / "clock"
    file.write_text(f"-{int(datetime.now(UTC).timestamp()) - 60}\n", "ascii")
    return file


@pytest.fixture
def station(folder: Path, clock: Path) -> Iterator[RunningStation]:
    if COMPILER is None:
        pytest.skip("There is no C compiler, so no station was started in 1970 (package gcc).")
    library = folder / "clock_shift.so"
    command = [COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(Path(__file__).with_name("clock_shift.c"))]
    subprocess.run(command, check=True, timeout=60)
    environ = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(clock)}
    with RunningStation(folder / "station", settings=SETTINGS, environ=environ) as running:
        yield running


def times(station: RunningStation) -> dict[str, list[str]]:
    """Every time in the record that is older than this software, by table and column."""
    columns = {
        "charging_transaction": ("started_at", "stopped_at"),
        "charging_chargingsession": ("opened_at", "closed_at"),
        "charging_journalentry": ("at",),
    }
    with closing(sqlite3.connect(f"file:{station.data_dir}/station.sqlite3?mode=ro", uri=True)) as file:
        return {
            f"{table}.{column}": [
                str(row[0])
                for row in file.execute(f"SELECT {column} FROM {table} WHERE {column} < '{EARLY}'")  # noqa: S608 - names of ours
            ]
            for table, names in columns.items()
            for column in names
        }


def test_it_charges_in_1970_and_knows_afterwards_when_it_was(station: RunningStation, clock: Path) -> None:
    begun = datetime.now(UTC)
    station.bench.plug_in(1)
    until(lambda: station.screen.connector(1).get("situation") == "authorize", 30, "connector 1 sees the plug")
    assert station.screen.station()["clock_known"] is False
    assert station.screen.ask("start", connector=1)["accepted"]
    until(lambda: station.bench.state(1)["power_w"] > 1000, 30, "connector 1 charges")
    row = station.record.transactions(1)[-1]
    assert (row["clock_known"], row["started_at"][:4]) == (0, "1970")
    started = datetime.now(UTC)
    clock.write_text("0\n", "ascii")
    until(
        lambda: station.record.transactions(1)[-1]["clock_known"],
        30,
        "the time of the start is put right",
    )
    until(lambda: station.screen.station().get("clock_known"), 20, "the screen knows the time")
    put_right = datetime.fromisoformat(station.record.transactions(1)[-1]["started_at"]).replace(tzinfo=UTC)
    assert begun - CLOSE <= put_right <= started + CLOSE
    assert station.record.transactions(1)[-1]["stopped_at"] is None
    assert station.bench.state(1)["contactor"]
    assert station.screen.ask("stop", connector=1)["accepted"]
    until(lambda: station.record.transactions(1)[-1]["stopped_at"], 20, "the transaction is stopped")
    assert station.record.transactions(1)[-1]["stop_reason"] == "Local"
    begin_of_journal = {"charging_journalentry.at"}  # what was written before the start of the controllers stays marked
    assert {name for name, found in times(station).items() if found} <= begin_of_journal
