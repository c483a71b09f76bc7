"""What is still owed to the central system? The journal is the queue, its cursor says how far the central system knows.

Entries are read ahead, so that a queue of 30 days costs no five looks at the database for each message. That is safe:
only this reader moves its cursor, and an entry whose time is known never changes. What is not dated yet is not read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from charging import record
from charging.domain.samples import Context
from charging.models import Cursor, JournalEntry, Station, Transaction
from ocpp_client.models import Attempt

READER: Final = "ocpp"
STARTED: Final = "TransactionStarted"
TAKEN: Final = "MeterValuesTaken"
STOPPED: Final = "TransactionStopped"
CONFIGURED: Final = "CentralSystemConfigured"  # charging.services.central_link
KINDS: Final = (STARTED, TAKEN, STOPPED)
READ_AHEAD: Final = 50


def anything_owed() -> bool:
    """Whether the central system does not know yet of a transaction's beginning, values or end."""
    position = Cursor.objects.filter(name=READER).values_list("position", flat=True).first()
    return position is not None and JournalEntry.objects.filter(pk__gt=position, kind__in=KINDS).exists()


@dataclass(frozen=True, slots=True)
class Owed:
    """The next entry, what it belongs to, what came of it so far, and the keys that say what of it is told."""

    entry: JournalEntry
    row: Transaction | None  # None: clock-aligned values of a connector where nobody charges
    attempt: Attempt | None
    station: Station
    anybody: bool  # whether there was a central system at that time: what happened without one is not its business


class Ahead:
    """The next entries. Called in the thread of the database only."""

    def __init__(self) -> None:
        self._entries: deque[JournalEntry] = deque()
        self._attempts: dict[int, Attempt] = {}
        self._station: Station | None = None
        self._row: Transaction | None = None
        self._configured: list[tuple[int, bool]] = []  # from which entry on there was a central system, or none

    def first(self) -> Owed | None:
        """The first entry after the cursor, or None. Raises django.db.DatabaseError."""
        if not self._entries:
            self._read()
        if not self._entries or self._station is None:
            return None
        return self._owed(self._entries[0], self._station)

    def after(self, before: JournalEntry) -> Owed | None:
        """The entry that follows *before*, if it is read already."""
        entry = next((each for each in self._entries if each.pk > before.pk), None)
        if entry is None or self._station is None:
            return None
        return self._owed(entry, self._station)

    def done(self, entry: JournalEntry) -> None:
        """The cursor has moved past *entry*. Kept twice, after a link was cut meanwhile, it takes no other away."""
        if self._entries and self._entries[0].pk == entry.pk:
            self._entries.popleft()

    def forget(self) -> None:
        """Read again the next time: the keys or the attempts may be others by then."""
        self._entries.clear()

    def _read(self) -> None:
        position = Cursor.objects.filter(name=READER).values_list("position", flat=True).first()
        if position is None:
            return
        following = JournalEntry.objects.filter(pk__gt=position, kind__in=KINDS).order_by("pk")[:READ_AHEAD]
        self._entries.extend(takewhile(lambda entry: entry.clock_known, following))
        if self._entries:
            self._station, self._row = record.station_row(), None
            self._attempts = Attempt.objects.in_bulk([entry.pk for entry in self._entries])
            self._configured = _configured(self._entries[0].pk, self._entries[-1].pk)

    def _owed(self, entry: JournalEntry, station: Station) -> Owed:
        said = [there for since, there in self._configured if since < entry.pk]
        anybody = said[-1] if said else True
        return Owed(entry, self._row_of(entry), self._attempts.get(entry.pk), station, anybody)

    def _row_of(self, entry: JournalEntry) -> Transaction | None:
        """Held only while nothing that is told of it can change: between its number and its end."""
        if entry.transaction_id is None:
            return None
        held = self._row
        inside = entry.kind == TAKEN and entry.body["context"] != Context.END
        if not (held and held.pk == entry.transaction_id and held.central_number is not None and inside):
            self._row = Transaction.objects.filter(pk=entry.transaction_id).first()
        return self._row


def _configured(first_id: int, last_id: int) -> list[tuple[int, bool]]:
    """What was said last before these entries, and in between; oldest first. Looked up once for all of them."""
    said = JournalEntry.objects.filter(kind=CONFIGURED).order_by("-pk")
    told = [*said.filter(pk__gte=first_id, pk__lt=last_id), *said.filter(pk__lt=first_id)[:1]]
    return [(entry.pk, entry.body["changed"].get("has_central_system") == "True") for entry in reversed(told)]
