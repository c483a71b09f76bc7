"""Keeping the SQLite files healthy: the one owner of checkpoints, the daily check and the backups.

On PostgreSQL all of this is the server's own work, so everything here does nothing there.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings

log = logging.getLogger(__name__)

LARGEST_WAL_BYTES: Final = 4 * 1024 * 1024
LONGEST_WITHOUT_CHECKPOINT_S: Final = 300.0  # a page that changes every minute is written back once, not five times
# A checkpoint holds the write lock; a turn of the controllers must never wait for one that waits itself.
CHECKPOINT_BUSY_TIMEOUT_S: Final = 0.05
BACKUP_PERIOD_S: Final = 24 * 3600
BACKUPS_KEPT: Final = 2

_checkpointed_at: dict[Path, float] = {}  # monotonic seconds


def sqlite_files() -> tuple[Path, ...]:
    """Every SQLite file of the station: the durable one first, none on PostgreSQL."""
    rows = (settings.DATABASES[alias] for alias in ("default", "logs"))
    return tuple(Path(row["NAME"]) for row in rows if row["ENGINE"].endswith("sqlite3"))


def wal_bytes(file: Path) -> int:
    """Size of the write-ahead log of `file`; 0 when there is none."""
    wal = file.with_name(f"{file.name}-wal")
    return wal.stat().st_size if wal.exists() else 0


def checkpoint(file: Path) -> bool:
    """Write the log of `file` back and empty it; False when somebody was busy, then the next look tries again.

    TRUNCATE, because only a checkpoint that holds the writer's lock is safe beside other connections in SQLite
    before 3.51.3 (sqlite.org/wal.html, "The WAL-Reset Bug").
    """
    with closing(sqlite3.connect(file, timeout=CHECKPOINT_BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        try:
            busy, _log_pages, _moved_pages = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as problem:
            log.info("The checkpoint of %s waits: %s.", file.name, problem)
            return False
    return not busy


def checkpoint_when_due() -> None:
    """Checkpoint each file whose log is large, or was not written back for a minute."""
    for file in sqlite_files():
        size, waited_s = wal_bytes(file), time.monotonic() - _checkpointed_at.get(file, 0.0)
        due = size > LARGEST_WAL_BYTES or (size and waited_s > LONGEST_WITHOUT_CHECKPOINT_S)
        if due and checkpoint(file):
            _checkpointed_at[file] = time.monotonic()


def quick_check(file: Path) -> list[str]:
    """What SQLite finds wrong with `file`; nothing when it is sound."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute("PRAGMA quick_check(10)").fetchall()
        except sqlite3.DatabaseError as problem:
            return [str(problem)]
    return [] if rows == [("ok",)] else [str(row[0]) for row in rows]


def backups(folder: Path) -> list[Path]:
    """The backups in `folder`, oldest first."""
    return sorted(folder.glob("station-*.sqlite3"))


def back_up(file: Path, folder: Path, now: datetime) -> Path:
    """Copy `file` whole into `folder` and keep the last BACKUPS_KEPT; a power cut leaves no half backup."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"station-{now:%Y%m%dT%H%M%SZ}.sqlite3"
    unfinished = target.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(unfinished),))
    _to_disk(unfinished)
    unfinished.replace(target)
    _to_disk(folder)
    for old in backups(folder)[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_backup_due(folder: Path, now: datetime) -> bool:
    """Ask the newest backup how old it is; one from the future, written under a wrong clock, counts for nothing."""
    found = backups(folder)
    age_s = now.timestamp() - found[-1].stat().st_mtime if found else BACKUP_PERIOD_S
    return not 0 <= age_s < BACKUP_PERIOD_S


def back_up_when_due() -> None:
    """Check both files and back up the durable one, once a day; a damaged file never replaces a good backup."""
    folder, now = settings.DATA_DIR / "backups", datetime.now(UTC)
    files = sqlite_files()
    if not files or not is_backup_due(folder, now):
        return
    damage = {file: quick_check(file) for file in files}
    for file, findings in damage.items():
        if findings:
            log.error("%s is damaged (%s): restore it from %s.", file.name, "; ".join(findings), folder)
    if not damage[files[0]]:
        back_up(files[0], folder, now)
