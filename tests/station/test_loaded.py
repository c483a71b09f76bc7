"""What a process does not load costs nothing: the rules behind the memory bar (docs/decisions/0002)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import PROJECT_DIR

CONSOLE = {"django.contrib.admin", "unfold", "station.urls", "station.console"}
SHELL = {"celery.bin", "click_repl", "prompt_toolkit", "pygments"}
WEB_SERVER = {"daphne", "twisted", "autobahn"}
TLS = {"OpenSSL", "cryptography.x509"}
POSTGRESQL = {"psycopg", "psycopg2"}
OCPP = {"ocpp", "jsonschema", "websockets"}

TOLD = "print(json.dumps([[name for name, module in sys.modules.items() if module], gc.get_freeze_count()]))"
WORKER = f"""
import gc, json, sys
from celery.apps.worker import Worker
from station.worker import main
Worker.start = lambda self: {TOLD}
main([sys.argv[1] + "@station"])
"""
WEB = f"""
import gc, json, sys
from station.web import leave_out_unused
leave_out_unused()
import daphne.cli, station.asgi
{TOLD}
"""


def started(role: str, **environ: str) -> tuple[set[str], int]:
    """What a process of the station has loaded at the end of its start, and how many objects it has frozen."""
    found = subprocess.run(
        [sys.executable, "-c", WEB if role == "web" else WORKER, role],
        cwd=PROJECT_DIR,
        env={**os.environ, "STATION_ROLE": role, "CELERY_SKIP_CHECKS": "1", **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    modules, frozen = json.loads(found.stdout)
    return set(modules), frozen


@pytest.mark.parametrize(
    ("role", "unused"),
    [
        ("web", TLS | POSTGRESQL | OCPP | SHELL | {"serial", "hardware.polling"}),
        ("controllers", TLS | POSTGRESQL | OCPP | SHELL | CONSOLE | WEB_SERVER),
        ("links", TLS | POSTGRESQL | SHELL | CONSOLE | WEB_SERVER | {"serial", "hardware.polling"}),
    ],
)
def test_it_does_not_load_what_it_does_not_use(role: str, unused: set[str]) -> None:
    modules, _frozen = started(role)
    assert modules & unused == set()


def test_it_loads_the_client_of_postgresql_where_that_is_the_database() -> None:
    pytest.importorskip("psycopg")
    modules, _frozen = started("web", DATABASE_URL="postgres://somebody@127.0.0.1:1/station")
    assert "psycopg" in modules


@pytest.mark.parametrize("role", ["web", "controllers", "links"])
def test_it_takes_what_was_loaded_out_of_the_garbage_collectors_sight(role: str) -> None:
    _modules, frozen = started(role)
    assert frozen > 50_000


def test_it_refuses_a_worker_that_no_station_has() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "station.worker", "web@station"],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 2
    assert found.stderr == "'web@station' is no worker of a station: give controllers@station or links@station.\n"
