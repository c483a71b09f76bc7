"""True times for what was written before the station knew the time (OCPP 1.6 section 4.2.1).

Every entry has the seconds of the monotonic clock and the start of the software that wrote it, and every start says
in which boot of the computer it was. So once the time is known, everything of this boot is dated exactly, and what
an earlier boot wrote as late as it can have been: that is an estimate, and its transactions are flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Max

from charging import journal, live, record
from charging.clock import EARLIEST_CREDIBLE, Moment, is_credible, kernel_boot_id, now
from charging.domain.security import SecurityEvent
from charging.models import ChargingSession, JournalEntry, MeterSample, PresentedCard, Station, Transaction, Wish
from charging.security_log import security_event

BATCH: Final = 100  # entries a turn: some milliseconds of the write lock
STARTED: Final = "StationStarted"
SET_BY_AT_LEAST: Final = timedelta(seconds=10)  # less is a clock that is kept right, not one that is set


@dataclass(frozen=True, slots=True)
class _Zero:
    """When the monotonic clock of one start of the software began."""

    at: datetime
    exact: bool


def time_told(at: datetime, *, source: str) -> float:
    """A server says what time it is; how many seconds its clock is ahead of ours.

    Only a computer whose own clock is not credible takes it over, until its next boot. Raises
    django.db.DatabaseError.
    """
    moment = now()
    if not moment.clock_known and is_credible(at):
        zero = at - timedelta(seconds=moment.mono_s)
        with journal.one_commit():
            record.station_row()
            record.change_station(
                moment=moment, who=source, kind="TimeTold", clock_zero=zero, clock_zero_kernel=kernel_boot_id()
            )
            about = f"Told by {source}: {_text(moment.at)} -> {_text(at)}."
            told = Moment(moment.mono_s, at, moment.boot_id)
            security_event(SecurityEvent.SETTING_SYSTEM_TIME, about, moment=told)
        record.station_row()
        live.wake()
        live.changed()
    return (at - moment.at).total_seconds()


def clock_watched(station: Station, moment: Moment) -> int:
    """Whether the computer's clock was set since the last checkpoint (1 or 0): one event, and a new checkpoint.

    A time that a server told is an event already.
    """
    kernel = kernel_boot_id()
    if not (moment.clock_known and kernel and station.seen_at and station.kernel_boot_id == kernel):
        return 0
    before = station.seen_at + timedelta(seconds=moment.mono_s - station.seen_mono_s)
    told = not is_credible(station.seen_at) and station.clock_zero_kernel == kernel
    if told or abs(moment.at - before) < SET_BY_AT_LEAST:
        return 0
    with journal.one_commit():
        about = f"The computer's clock was set: {_text(before)} -> {_text(moment.at)}."
        security_event(SecurityEvent.SETTING_SYSTEM_TIME, about, moment=moment)
        record.checkpoint({}, moment=moment, kernel_boot_id=kernel)
    return 1


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def times_repaired(moment: Moment) -> int:
    """Date the next entries that were written without a clock; how many. Nothing while the time is unknown."""
    if not moment.clock_known:
        return 0
    undated = list(JournalEntry.objects.filter(clock_known=False).order_by("pk")[:BATCH])
    if not undated:
        return 0
    zeros = _zeros(undated, moment)
    with journal.one_commit():
        for entry in undated:
            _date(entry, zeros[entry.boot_id], moment)
        estimated = sum(not zeros[entry.boot_id].exact for entry in undated)
        journal.record("ClockBecameKnown", moment=moment, entries=len(undated), estimated=estimated)
    return len(undated)


def _zeros(undated: list[JournalEntry], moment: Moment) -> dict[str, _Zero]:
    """The zero of every start of the software that *undated* speaks of, the newest first."""
    zeros = {moment.boot_id: _Zero(moment.zero, exact=True)}
    kernels = {kernel_boot_id(): zeros[moment.boot_id]}
    latest = moment.at  # nothing of an earlier start is later than the start after it
    starts = JournalEntry.objects.filter(kind=STARTED, boot_id__gt="").order_by("-pk")
    first = starts.filter(boot_id=undated[0].boot_id).last()
    if first:
        starts = starts.filter(pk__gte=first.pk)
    for start in starts:
        kernel = str(start.body.get("kernel") or start.boot_id)
        zero = zeros.get(start.boot_id) or kernels.get(kernel) or _zero_of(start.boot_id, latest)
        zeros[start.boot_id] = kernels[kernel] = zero
        latest = zero.at + timedelta(seconds=start.mono_s)
    for boot_id in {entry.boot_id for entry in undated} - zeros.keys():
        zeros[boot_id] = _zero_of(boot_id, latest)
    return zeros


def _zero_of(boot_id: str, latest: datetime) -> _Zero:
    """From an entry of that start that has its time, or else as if it had run until *latest*."""
    entries = JournalEntry.objects.filter(boot_id=boot_id)
    dated = entries.filter(clock_known=True).order_by("pk").first()
    if dated:
        return _Zero(dated.at - timedelta(seconds=dated.mono_s), exact=True)
    last_s = entries.aggregate(last=Max("mono_s"))["last"] or 0.0
    return _Zero(latest - timedelta(seconds=last_s), exact=False)


def _date(entry: JournalEntry, zero: _Zero, moment: Moment) -> None:
    """The entry and the rows that were written with it."""
    before = entry.at
    at = min(zero.at + timedelta(seconds=entry.mono_s), moment.at)
    JournalEntry.objects.filter(pk=entry.pk).update(at=at, clock_known=True)
    match entry.kind:
        case "SessionOpened":
            ChargingSession.objects.filter(connector=entry.connector_number, opened_at=before).update(opened_at=at)
        case "SessionClosed":
            ChargingSession.objects.filter(connector=entry.connector_number, closed_at=before).update(closed_at=at)
        case "TransactionStarted" if entry.transaction_id:
            _date_start(Transaction.objects.get(pk=entry.transaction_id), at, exact=zero.exact)
        case "TransactionStopped" if entry.transaction_id:
            _date_stop(Transaction.objects.get(pk=entry.transaction_id), at, exact=zero.exact)
        case "CardPresented" | "IdTagSent":
            PresentedCard.objects.filter(pk=entry.body["card"]).update(presented_at=at)
        case "Wished":
            Wish.objects.filter(pk=entry.body["wish"]).update(asked_at=at)


def _date_start(row: Transaction, at: datetime, *, exact: bool) -> None:
    by = at - row.started_at
    row.started_at, row.clock_known, row.flagged = at, True, row.flagged or not exact
    row.save(update_fields=["started_at", "clock_known", "flagged"])
    samples = MeterSample.objects.filter(transaction_id=row.pk, at__lt=EARLIEST_CREDIBLE)
    samples.update(at=F("at") + by)


def _date_stop(row: Transaction, at: datetime, *, exact: bool) -> None:
    row.stopped_at, row.flagged = max(at, row.started_at), row.flagged or not exact
    row.save(update_fields=["stopped_at", "flagged"])
