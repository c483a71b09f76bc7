"""The journal: one append-only list of what became true. Written in the same database transaction as the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

from django.db import connection, transaction

from charging.clock import Moment, now
from charging.domain.events import Fact
from charging.domain.samples import KIND
from charging.models import Cursor, JournalEntry

ONE_WRITER: Final = 5301  # PostgreSQL's advisory lock of a database; any number that is nobody else's


@contextmanager
def one_commit() -> Iterator[None]:
    """One database transaction for rows and their entries. There is one writer at a time, whatever the database.

    SQLite has it so (BEGIN IMMEDIATE). A server would let two write at once: an entry with a lower number could then
    become visible after a higher one was read, and the reader's cursor would have passed it for ever.
    """
    with transaction.atomic():
        _wait_for_the_writer()
        yield


def _wait_for_the_writer() -> None:
    """Until the end of the database transaction nobody else writes. Asking twice costs nothing."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_WRITER])


def record(
    kind: str,
    *,
    connector_number: int = 0,
    transaction_id: int | None = None,
    who: str = "",
    moment: Moment | None = None,
    **body: Any,
) -> JournalEntry:
    """Append one entry inside the caller's `one_commit()`, or in one of its own."""
    at = moment or now()
    with transaction.atomic(savepoint=False):
        _wait_for_the_writer()
        return JournalEntry.objects.create(
            at=at.at,
            boot_id=at.boot_id,
            mono_s=at.mono_s,
            clock_known=at.clock_known,
            kind=kind,
            connector_number=connector_number,
            transaction_id=transaction_id,
            who=who[:150],
            body=body,
        )


def record_fact(fact: Fact, *, connector_number: int, transaction_id: int | None, who: str, moment: Moment) -> None:
    """Append a fact of the rules under its own name."""
    record(
        type(fact).__name__,
        connector_number=connector_number,
        transaction_id=transaction_id,
        who=who,
        moment=moment,
        **asdict(fact),
    )


def taken(transaction_id: int, connector_number: int, *, before: int) -> list[JournalEntry]:
    """The meter values of a transaction among the entries before *before*, oldest first: StopTransaction's data."""
    entries = JournalEntry.objects.filter(connector_number=connector_number, pk__lt=before)
    started = entries.filter(kind="TransactionStarted", transaction_id=transaction_id).order_by("-pk").first()
    if started is None:
        return []
    mine = entries.filter(pk__gt=started.pk, kind=KIND, transaction_id=transaction_id)
    return list(mine.order_by("pk"))


def newest(limit: int, connector_number: int | None = None) -> list[JournalEntry]:
    """The last entries that say something to people, newest first: meter values are for servers."""
    entries = JournalEntry.objects.exclude(kind=KIND)
    if connector_number is not None:
        entries = entries.filter(connector_number=connector_number)
    return list(entries[:limit])


def unread(reader: str, limit: int = 100) -> list[JournalEntry]:
    """The next entries after the cursor of *reader*, oldest first."""
    position = Cursor.objects.filter(name=reader).values_list("position", flat=True).first() or 0
    return list(JournalEntry.objects.filter(pk__gt=position).order_by("pk")[:limit])


def read_up_to(reader: str, entry_id: int) -> None:
    """Move the cursor of *reader* forward to *entry_id*; it never moves back."""
    with transaction.atomic(savepoint=False):
        _wait_for_the_writer()
        moved = Cursor.objects.filter(name=reader, position__lt=entry_id).update(position=entry_id)
        if not moved:
            Cursor.objects.get_or_create(name=reader, defaults={"position": entry_id})
