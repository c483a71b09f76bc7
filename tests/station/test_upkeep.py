from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station import upkeep

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "station.sqlite3"
    with closing(opened(path)) as connection:
        connection.execute("CREATE TABLE fact (n INTEGER)")
    return path


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    return connection


@pytest.fixture
def writer(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that has written and stays open, as the controllers' does."""
    with closing(opened(file)) as connection:
        connection.execute("INSERT INTO fact VALUES (1)")
        yield connection


@pytest.mark.usefixtures("writer")
def test_it_empties_the_write_ahead_log(file: Path) -> None:
    assert upkeep.wal_bytes(file) > 0
    assert upkeep.checkpoint(file)
    assert upkeep.wal_bytes(file) == 0


def test_it_leaves_the_checkpoint_for_later_when_somebody_writes(file: Path, writer: sqlite3.Connection) -> None:
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO fact VALUES (2)")
    assert not upkeep.checkpoint(file)
    writer.execute("COMMIT")
    assert upkeep.checkpoint(file)


@pytest.mark.usefixtures("writer")
def test_it_keeps_the_last_two_backups_and_each_is_whole(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made = [upkeep.back_up(file, folder, NOW + timedelta(days=day)) for day in range(3)]
    assert upkeep.backups(folder) == made[1:]
    with closing(sqlite3.connect(made[2])) as connection:
        assert connection.execute("SELECT n FROM fact").fetchall() == [(1,)]
    assert list(folder.glob("*.unfinished")) == []


@pytest.mark.usefixtures("writer")
def test_it_clears_away_the_half_backup_of_a_power_cut(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / f"station-{NOW:%Y%m%dT%H%M%SZ}.unfinished").write_bytes(b"half")
    assert upkeep.quick_check(upkeep.back_up(file, folder, NOW)) == []


@pytest.mark.parametrize(("age_h", "due"), [(0.0, False), (23.9, False), (24.1, True), (-5.0, True)])
def test_it_asks_the_newest_backup_for_its_age(tmp_path: Path, age_h: float, *, due: bool) -> None:
    backup = tmp_path / "station-1.sqlite3"
    backup.touch()
    written_at = (NOW - timedelta(hours=age_h)).timestamp()
    os.utime(backup, (written_at, written_at))
    assert upkeep.is_backup_due(tmp_path, NOW) is due


def test_it_backs_up_a_station_that_never_was(tmp_path: Path) -> None:
    assert upkeep.is_backup_due(tmp_path / "none", NOW)


def test_it_finds_damage(file: Path) -> None:
    assert upkeep.quick_check(file) == []
    pages = file.read_bytes()
    file.write_bytes(pages[:4096] + b"\xff" * (len(pages) - 4096))
    assert upkeep.quick_check(file) != []
