"""What is in a file: the diagnostics as a zip, the security log as text. Bounded, and read in small batches.

Called `aside`: the thread of the database goes on telling what happens.
"""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import Model, QuerySet
from django.forms.models import model_to_dict

from charging import lines, live, record, services
from charging.models import Connector, JournalEntry, SecurityLogEntry, Wish
from ocpp_client import configuration
from ocpp_client.models import CentralSystem, FirmwareUpdate, Frame, Upload
from ocpp_client.uploads.privacy import shown, shown_frame

BATCH: Final = 200
MOST_BYTES: Final = 16 * 1024 * 1024  # of each part, before it is packed; the oldest entries are left out
MOST_DUMPS: Final = 20
LARGEST_DUMP_BYTES: Final = 4 * 1024 * 1024
MOST_WISHES: Final = 200
_TOLD_OF_CENTRAL_SYSTEM: Final = (  # named one by one: what is added to the row later may be a secret
    *("enabled", "primary_url", "secondary_url", "charge_point_id", "security_profile", "vendor", "model"),
    *("fault_codes", "file_networks", "registration", "registered_url", "anchor", "connected_at"),
    *("disconnected_at", "disconnect_code", "disconnect_sentence"),
)
CUT: Final = '{"cut": "Older entries are left out."}'


def anything(kind: str, oldest: datetime | None, latest: datetime | None) -> bool:
    """Whether there are entries of this time. The journal is in the order of events, not always in that of time."""
    if oldest and latest and oldest > latest:
        return False
    if kind == Upload.Kind.SECURITY_LOG:
        return _within(SecurityLogEntry.objects.all(), oldest, latest).exists()
    return any(_within(rows.objects.all(), oldest, latest).exists() for rows in (Frame, JournalEntry))


def write(row: Upload, path: Path) -> None:
    """Make the file of *row* at *path*, durably or not at all. Raises OSError, django.db.DatabaseError."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if row.kind == Upload.Kind.SECURITY_LOG:
            file.writelines(f"{line}\n".encode() for line in services.security_log_lines(row.oldest_at, row.latest_at))
        else:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                _pack(archive, row.oldest_at, row.latest_at)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _pack(archive: zipfile.ZipFile, oldest: datetime | None, latest: datetime | None) -> None:
    for name, told in _FACTS.items():
        archive.writestr(name, json.dumps(shown(told()), indent=1, default=str, ensure_ascii=False))
    _pack_lines(
        archive, "journal.jsonl", map(_entry, _newest_first(_within(JournalEntry.objects.all(), oldest, latest)))
    )
    _pack_lines(archive, "frames.jsonl", map(_frame, _newest_first(_within(Frame.objects.all(), oldest, latest))))
    for path in _dumps(oldest, latest):
        if (content := _regular(path)) is not None:
            archive.writestr(f"dumps/{path.name}", content)


def _pack_lines(archive: zipfile.ZipFile, name: str, told: Iterable[str]) -> None:
    size = 0
    with archive.open(name, "w", force_zip64=True) as packed:
        for line in told:
            encoded = f"{line}\n".encode()
            size += len(encoded)
            if size > MOST_BYTES:
                packed.write(f"{CUT}\n".encode())
                return
            packed.write(encoded)


def _within(rows: QuerySet[Any], oldest: datetime | None, latest: datetime | None) -> QuerySet[Any]:
    bounds = {"at__gte": oldest, "at__lte": latest}
    return rows.filter(**{name: at for name, at in bounds.items() if at is not None})


def _newest_first(rows: QuerySet[Any]) -> Iterator[Any]:
    """Batch by batch, each a short read: a long one would keep the database's write-ahead log from being emptied."""
    batch = list(rows.order_by("-pk")[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__lt=batch[-1].pk).order_by("-pk")[:BATCH])


def _entry(entry: JournalEntry) -> str:
    told = {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "clock_known": entry.clock_known,
        "kind": entry.kind,
        "connector": entry.connector_number,
        "transaction": entry.transaction_id,
        "who": entry.who,
        "body": entry.body,
    }
    return json.dumps(shown(told), default=str, ensure_ascii=False)


def _frame(frame: Frame) -> str:
    told = {"at": frame.at.isoformat(), "sent": frame.sent, "problem": frame.problem, "text": shown_frame(frame.text)}
    return json.dumps(told, ensure_ascii=False)


def _dumps(oldest: datetime | None, latest: datetime | None) -> list[Path]:
    """Dumps of controllers that technicians have fetched, the newest first."""
    found: list[tuple[float, Path]] = []
    for path in (Path(settings.DATA_DIR) / "dumps").glob("*.bin"):
        fetched = path.lstat().st_mtime
        if (oldest is None or fetched >= oldest.timestamp()) and (latest is None or fetched <= latest.timestamp()):
            found.append((fetched, path))
    return [path for _fetched, path in sorted(found, reverse=True)[:MOST_DUMPS]]


def _regular(path: Path) -> bytes | None:
    """Nothing is read through a link, whoever has put it there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(descriptor)
        fits = stat.S_ISREG(seen.st_mode) and seen.st_size <= LARGEST_DUMP_BYTES
        return file.read(LARGEST_DUMP_BYTES) if fits else None


# --- facts as they are now ---------------------------------------------------------------------------


def _rows(rows: Iterable[Model]) -> list[dict[str, Any]]:
    return [{field.name: getattr(row, field.attname) for field in row._meta.concrete_fields} for row in rows]  # noqa: SLF001 - Django's documented API


def _about() -> Any:
    return {
        "made_at": datetime.now(UTC).isoformat(),
        "software": settings.SOFTWARE_VERSION,
        "boot_id": settings.BOOT_ID,
        "signs_of_life": live.heartbeats(),
        "readings": live.readings(),
    }


def _configuration() -> Any:
    row = CentralSystem.objects.filter(pk=1).values(*_TOLD_OF_CENTRAL_SYSTEM).first()
    keys = [key for key in configuration.KEYS.values() if not key.secret]
    return {
        "station": model_to_dict(record.station_row()),
        "central_system": row,
        "ocpp_keys": {key.name: configuration.text(key.name) for key in keys},
    }


def _lines() -> Any:
    """What each line has cost, and its last frames; none of the reader's: they are the numbers of cards."""
    told = lines.lines() or []
    traces = {line["path"]: lines.trace(line["path"]) for line in told if not line["reader"]}
    return {
        "lines": told,
        "frames": {path: [_of_line(frame) for frame in trace["frames"]] for path, trace in traces.items() if trace},
    }


def _of_line(frame: lines.FrameTold) -> str:
    """At what Unix time which octets went which way, and what was wrong with them."""
    octets = bytes.fromhex(frame["octets"]).hex(" ")
    return f"{frame['at_s']:.3f} {frame['direction']} {octets} {frame['failure']}".rstrip()


_FACTS: Final[dict[str, Callable[[], Any]]] = {
    "about.json": _about,
    "configuration.json": _configuration,
    "connectors.json": lambda: _rows(Connector.objects.all()),
    "lines.json": _lines,
    "firmware_updates.json": lambda: _rows(FirmwareUpdate.objects.all()[:BATCH]),
    "wishes.json": lambda: _rows(Wish.objects.all()[:MOST_WISHES]),
}
