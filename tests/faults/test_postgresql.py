"""The record on PostgreSQL: a session through the services, and every test of `charging` that uses the database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.running import PROJECT_DIR
from tests.postgresql import impossible, running_cluster

PATIENCE_S: Final = 60
CHARGING_WITHIN_S: Final = 300  # about 35 s on two idle cores
TESTS_AT_LEAST: Final = 150  # fewer would mean that the selection below selects something else


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    if reason := impossible():
        pytest.skip(reason)
    with running_cluster() as url:
        yield url


def plain_environ() -> dict[str, str]:
    """Ours without what names a station: its settings would be read before the folder of the tests exists."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("STATION_", "DJANGO_"))}


def test_it_keeps_a_session_and_one_open_transaction_each(database_url: str, tmp_path: Path) -> None:
    environ = plain_environ() | {
        "DATABASE_URL": database_url,
        "STATION_DATA_DIR": str(tmp_path),
        "STATION_REDIS_URL": f"unix://{tmp_path}/none.sock?db=0",
        "DJANGO_SETTINGS_MODULE": "station.settings",
        "STATION_ROLE": "prepare",
    }
    prepared = spoken([sys.executable, "manage.py", "prepare"], environ)
    assert prepared.returncode == 0, prepared.stderr
    played = spoken([sys.executable, "-m", "tests.faults.session_on_a_server"], environ | {"STATION_ROLE": "tool"})
    assert played.returncode == 0, played.stderr
    assert played.stdout.splitlines() == [
        "postgresql",
        "transaction of T: 1000 -> 1005 Wh, Local",
        "second open transaction: one_open_transaction_each",
        "TransactionStarted 1, TransactionStopped 1",
    ]


def test_the_tests_of_charging_hold_on_it_too(database_url: str) -> None:
    chosen = ["-m", "django_db and not fuzz", "tests/charging"]
    command = [sys.executable, "-m", "pytest", "-q", *chosen]
    environ = plain_environ() | {"TESTS_DATABASE_URL": database_url}
    done = spoken(command, environ, CHARGING_WITHIN_S)
    assert done.returncode == 0, done.stdout[-6000:]
    passed = int(done.stdout.splitlines()[-1].split()[0])
    assert passed >= TESTS_AT_LEAST
    assert " skipped" not in done.stdout.splitlines()[-1]


def spoken(
    command: list[str], environ: dict[str, str], within_s: float = PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=PROJECT_DIR, env=environ, capture_output=True, text=True, timeout=within_s, check=False
    )
