"""Security events are written here, whoever saw them: one entry of the chained log and one of the journal.

The journal is what the central system is told from. The number and the hash of the newest entry are kept a second time
in a file, so that a log that was emptied or put back is noticed at the next start.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from charging import journal
from charging.clock import Moment, now
from charging.domain.security import FIRST, Logged, SecurityEvent, first_break, hash_of
from charging.models import SecurityLogEntry

log = logging.getLogger(__name__)

KIND: Final = "SecurityEvent"  # of the journal
LONGEST: Final = 255  # techInfo of SecurityEventNotification.req
MOST_ENTRIES: Final = 5_000
ROLLED_AT_ONCE: Final = 50


def security_event(event: SecurityEvent, about: str = "", *, moment: Moment | None = None) -> None:
    """Keep *event*; *about* says in one sentence what was seen, without secrets. Raises django.db.DatabaseError.

    It may be called inside a commit, and is then kept or lost with it.
    """
    at = moment or now()
    said = "".join(character if character.isprintable() else " " for character in about)[:LONGEST]
    with journal.one_commit():
        last = SecurityLogEntry.objects.first()
        number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
        entry = SecurityLogEntry.objects.create(
            number=number,
            at=at.at,
            event=event.value,
            about=said,
            previous_hash=previous,
            hash=hash_of(number, at.at, event.value, said, previous),
        )
        journal.record(KIND, moment=at, event=event.value, about=said, number=number)
        transaction.on_commit(lambda: _keep_head(entry.number, entry.hash))
        _roll(number)
    log.warning("Security event %s: %s", event.value, said)


def _roll(newest: int) -> None:
    """The oldest go, some at a time: the first one that stays is the anchor of the chain."""
    if newest % ROLLED_AT_ONCE == 0:
        SecurityLogEntry.objects.filter(number__lte=newest - MOST_ENTRIES).delete()


@dataclass(frozen=True, slots=True)
class LogBreak:
    """Where the log is not what was written: at the entry of this number, or because it is `lost`."""

    number: int
    lost: bool

    def __str__(self) -> str:
        if self.lost:
            return f"The security log had {self.number} entries and has lost the last of them."
        return f"Entry {self.number} of the security log is not what was written."


def security_log_broken() -> LogBreak | None:
    """Where the log is broken; None while it is whole. Reads all of it: some 100 ms."""
    head = _head()
    entries = SecurityLogEntry.objects.order_by("number")
    if (number := first_break(_logged(each) for each in entries.iterator())) is not None:
        return LogBreak(number, lost=False)
    if head and not entries.filter(number=head[0], hash=head[1]).exists():
        return LogBreak(head[0], lost=True)
    return None


def security_log_checked(moment: Moment) -> None:
    """At a start: a log that was cleared, shortened or changed is told, and goes on from what is there."""
    if broken := security_log_broken():
        security_event(SecurityEvent.SECURITY_LOG_WAS_CLEARED, str(broken), moment=moment)


def security_log_lines(oldest: datetime | None = None, latest: datetime | None = None) -> Iterator[str]:
    """The log as text, a line an entry, oldest first, of the given times: number, time, event, details, hash."""
    entries = SecurityLogEntry.objects.order_by("number")
    if oldest:
        entries = entries.filter(at__gte=oldest)
    if latest:
        entries = entries.filter(at__lte=latest)
    for entry in entries.iterator():
        yield "\t".join((str(entry.number), entry.at.isoformat(), entry.event, entry.about, entry.hash))


def _logged(entry: SecurityLogEntry) -> Logged:
    return Logged(entry.number, entry.at, entry.event, entry.about, entry.previous_hash, entry.hash)


def _head_path() -> Path:
    return Path(settings.DATA_DIR) / "security" / "log_head"


def _head() -> tuple[int, str] | None:
    """Number and hash of the newest entry when the file was written, which is after its commit."""
    try:
        number, digest = _head_path().read_text("ascii").split()
        return int(number), digest
    except (OSError, ValueError):
        return None


def _keep_head(number: int, digest: str) -> None:
    """Whole or not at all. A full disk costs the second witness, not the event."""
    path = _head_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"log_head.{os.getpid()}")
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{number} {digest}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        log.warning("%s cannot be written (%s): a security log that is cleared now will not be noticed.", path, error)
