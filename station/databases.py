"""Where rows live: two SQLite files of different durability, or one PostgreSQL server for larger sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.db.models import Model

# The model names are known here only, so that the models themselves need not know about files.
LOGS_MODELS: Final = frozenset({"charging.metersample", "hardware.framerecord", "ocpp_client.frame"})
CONTROLLERS_BUSY_TIMEOUT_S: Final = 0.2  # a turn must not wait longer for a commit; it tries again with the next one
BUSY_TIMEOUT_S: Final = 20.0
CACHE_KB: Final = 2000  # of pages, for each connection
# Prepared statements that a connection keeps, each with the values that it was given last. A statement of many rows
# has another text for each number of them: Python's own 128 held 20 MB of frames long written.
STATEMENTS: Final = 24
LINKS_CACHE_KB: Final = 400  # it reads the journal once and in order: what is cached is never read again


class LogsRouter:
    """Sends samples and traces, which may be lost, to the file `logs`; everything else to `default`."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str:
        """Name the database of a model."""
        return "logs" if model._meta.label_lower in LOGS_MODELS else "default"  # noqa: SLF001 - Django's documented API

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: object) -> bool | None:
        """Create each table in one file only; operations without a model run in `default`."""
        return (f"{app_label}.{model_name}" in LOGS_MODELS) == (db == "logs")


def sqlite_file(path: Path, *, role: str, synchronous: str) -> dict[str, Any]:
    """Django's settings of one SQLite file (measured reasons: docs/decisions/0003-sqlite.md).

    Checkpoints are left to their one owner (station.tasks.checkpoint), because two connections that checkpoint
    at once can corrupt the file (sqlite.org/wal.html, "The WAL-Reset Bug").
    """
    pragmas = (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "temp_store=MEMORY",
        f"cache_size=-{LINKS_CACHE_KB if role == 'links' else CACHE_KB}",
        "wal_autocheckpoint=0",
        "journal_size_limit=4194304",
    )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": busy_timeout_s(role),
            "cached_statements": STATEMENTS,
            "init_command": ";".join(f"PRAGMA {pragma}" for pragma in pragmas),
        },
        "TEST": {"NAME": str(path.with_name(f"test_{path.name}"))},
    }


def busy_timeout_s(role: str) -> float:
    """How long this process waits for another writer."""
    return CONTROLLERS_BUSY_TIMEOUT_S if role == "controllers" else BUSY_TIMEOUT_S


def postgresql(url: str, role: str) -> dict[str, Any]:
    """Django's settings of the server in `postgres://USER:PASSWORD@HOST:PORT/NAME`."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": f"-c lock_timeout={busy_timeout_s(role) * 1000:.0f}"},
    }


def databases_of(database_url: str, data_dir: Path, role: str) -> dict[str, dict[str, Any]]:
    """Both aliases. On PostgreSQL they name the same tables, so there the router is not needed."""
    if database_url:
        return {
            "default": postgresql(database_url, role),
            "logs": {**postgresql(database_url, role), "TEST": {"MIRROR": "default"}},
        }
    return {
        "default": sqlite_file(data_dir / "station.sqlite3", role=role, synchronous="FULL"),
        "logs": sqlite_file(data_dir / "logs.sqlite3", role=role, synchronous="NORMAL"),
    }
