from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.db import connections

from station.databases import LogsRouter, databases_of
from tests.conftest import PROJECT_DIR

WRITERS: Final = 4
ADDITIONS: Final = 25
# Each writer reads, then writes what it read plus one: without BEGIN IMMEDIATE SQLite refuses a third of these.
WRITER: Final = """
import sys
from pathlib import Path
from django.conf import settings
from station.databases import LogsRouter, databases_of
settings.configure(DATABASES=databases_of("", Path(sys.argv[1]), "links"))
from django.db import connection, transaction
for _ in range(int(sys.argv[2])):
    with transaction.atomic(), connection.cursor() as cursor:
        n = cursor.execute("SELECT n FROM total").fetchone()[0]
        cursor.execute("UPDATE total SET n = %s", [n + 1])
"""
# Statements of every length, as a trace writes them when its frames come in bursts: what the process grew by, in kB.
LENGTHS: Final = """
import sys
from pathlib import Path
from django.conf import settings
from station.databases import databases_of
settings.configure(DATABASES=databases_of("", Path(sys.argv[1]), "links"))
from django.db import connection
def resident_kb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("RssAnon")).split()[1])
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE frames (text TEXT)")
    def write(rows):
        cursor.execute("INSERT INTO frames VALUES " + ",".join(["(%s)"] * rows), ["x" * 900] * rows)
    write(128)
    before_kb = resident_kb()
    for rows in range(1, 129):
        write(rows)
    print(resident_kb() - before_kb)
"""
MOST_KB: Final = 4_000  # with Python's own 128 statements it is 8,840


@pytest.mark.django_db(databases=["default", "logs"])
@pytest.mark.parametrize(("alias", "synchronous"), [("default", 2), ("logs", 1)])
def test_it_opens_sqlite_durably(alias: str, synchronous: int) -> None:
    with connections[alias].cursor() as cursor:
        pragmas = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "temp_store", "cache_size")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": synchronous,
        "wal_autocheckpoint": 0,
        "temp_store": 2,
        "cache_size": -2000,
    }
    assert settings.DATABASES[alias]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_it_does_not_keep_what_was_written_long_ago(tmp_path: Path) -> None:
    """Each prepared statement that is kept holds its last values."""
    command = [sys.executable, "-c", LENGTHS, str(tmp_path)]
    grown_kb = int(subprocess.run(command, cwd=PROJECT_DIR, check=True, capture_output=True, text=True).stdout)
    assert grown_kb < MOST_KB


def test_it_lets_processes_write_at_once_without_losing_anything(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "station.sqlite3")) as file:
        file.execute("CREATE TABLE total AS SELECT 0 AS n")
        file.commit()
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(ADDITIONS)]
        writers = [subprocess.Popen(command, cwd=PROJECT_DIR) for _ in range(WRITERS)]
        assert [writer.wait(60) for writer in writers] == [0] * WRITERS
        assert file.execute("SELECT n FROM total").fetchone() == (WRITERS * ADDITIONS,)


@pytest.mark.parametrize(("role", "timeout_s"), [("controllers", 0.2), ("web", 20), ("links", 20), ("prepare", 20)])
def test_it_lets_a_turn_of_the_controllers_wait_only_briefly(role: str, timeout_s: float) -> None:
    rows = databases_of("", Path("/x"), role)
    assert {row["OPTIONS"]["timeout"] for row in rows.values()} == {timeout_s}
    on_a_server = databases_of("postgres://main/station", Path("/x"), role)
    assert {row["OPTIONS"]["options"] for row in on_a_server.values()} == {f"-c lock_timeout={timeout_s * 1000:.0f}"}


@pytest.mark.parametrize(
    ("model", "file"), [("metersample", "logs"), ("connector", "default"), ("journalentry", "default")]
)
def test_it_creates_each_table_in_one_file(model: str, file: str) -> None:
    router = LogsRouter()
    assert {db for db in ("default", "logs") if router.allow_migrate(db, "charging", model)} == {file}


def test_it_uses_one_server_for_both_when_it_is_told_of_one() -> None:
    rows = databases_of("postgres://anna:p%40ss@main:5433/station", Path("/x"), "web")
    assert list(rows) == ["default", "logs"]
    for row in rows.values():
        assert (row["ENGINE"], row["NAME"]) == ("django.db.backends.postgresql", "station")
        assert (row["HOST"], row["PORT"], row["USER"], row["PASSWORD"]) == ("main", 5433, "anna", "p@ss")


@pytest.mark.parametrize(("role", "kilobytes"), [("links", 400), ("controllers", 2000), ("web", 2000)])
def test_who_reads_everything_once_keeps_few_pages(tmp_path: Path, role: str, kilobytes: int) -> None:
    for file in databases_of("", tmp_path, role).values():
        assert f"PRAGMA cache_size=-{kilobytes};" in file["OPTIONS"]["init_command"]
