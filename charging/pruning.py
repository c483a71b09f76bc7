"""What the record forgets, and when: in batches that hold the write lock for milliseconds.

Transactions, sessions and configuration are kept. The journal is kept as long as a dispute may last.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, TypeVar

from django.db.models import Min, Model, QuerySet

from charging.clock import Moment
from charging.domain.samples import KIND
from charging.models import Cursor, JournalEntry, MeterSample, PresentedCard, Wish

M = TypeVar("M", bound=Model)

BATCH: Final = 200
KEEP_JOURNAL: Final = timedelta(days=3 * 365)
KEEP_VALUES: Final = timedelta(days=30)  # some 80 MB at four connectors that are always in use
KEEP_CARDS: Final = timedelta(days=90)
KEEP_WISHES: Final = timedelta(days=365)
MOST_SAMPLES: Final = 2_000_000  # about 150 MB: the curves of a year at a busy station


def prune(moment: Moment) -> int:
    """Delete what is old; rows deleted. Does nothing while the clock is not credible."""
    if not moment.clock_known:
        return 0
    deleted = 0
    for batch in _old(moment):
        deleted += batch
    return deleted


def _old(moment: Moment) -> Iterator[int]:
    unread = Cursor.objects.aggregate(first=Min("position"))["first"]
    journal = JournalEntry.objects.filter(at__lt=moment.at - KEEP_JOURNAL)
    if unread is not None:
        journal = journal.filter(pk__lte=unread)  # nothing that a reader still owes
    yield from _in_batches(journal)
    yield from _in_batches(_delivered_values(moment, unread))
    yield from _in_batches(PresentedCard.objects.filter(presented_at__lt=moment.at - KEEP_CARDS))
    yield from _in_batches(Wish.objects.filter(asked_at__lt=moment.at - KEEP_WISHES))
    newest = MeterSample.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    yield from _in_batches(MeterSample.objects.filter(pk__lte=newest - MOST_SAMPLES))


def _delivered_values(moment: Moment, unread: int | None) -> QuerySet[JournalEntry]:
    """Meter values that every reader has had: they are for a server, the curve is kept in `logs`."""
    values = JournalEntry.objects.filter(kind=KIND, at__lt=moment.at - KEEP_VALUES)
    return values if unread is None else values.filter(pk__lte=unread)


def _in_batches(rows: QuerySet[M]) -> Iterator[int]:
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()  # noqa: SLF001 - Django's documented API
        yield len(keys)
