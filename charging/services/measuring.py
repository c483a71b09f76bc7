"""Meter values that somebody wants to see now, outside of their rhythm (OCPP 1.6 section 5.17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from charging import journal, live
from charging.clock import Moment, now
from charging.domain.requests import Refusal
from charging.domain.samples import KIND, Context, sampled_of
from charging.models import Connector, JournalEntry, Transaction
from charging.services.answer import Answer, refused
from charging.services.recording import recorded


def meter_values_wanted(connector_number: int, *, who: str) -> Answer:
    """Write what a connector, or with 0 every connector, measures now as a fact that is owed to the central system.

    The values are those of the last frame, at the time of that frame. NO_CONTACT where no controller has answered
    lately, or nobody reads them: nothing is invented. UNKNOWN_CONNECTOR, NOT_RECORDED.
    """
    known = list(Connector.objects.order_by("number").values_list("pk", flat=True))
    wanted = [number for number in known if connector_number in (0, number)]
    if not wanted:
        return refused(Refusal.UNKNOWN_CONNECTOR)
    readings = {number: reading for number, reading in live.readings().items() if number in wanted}

    def written() -> Answer:
        for number, reading in readings.items():
            taken = _taken(number, reading)
            journal.record(
                KIND,
                connector_number=number,
                transaction_id=taken.transaction_id,
                who=who,
                moment=taken.moment,
                **taken.body,
            )
        return Answer(accepted=True)

    return recorded(connector_number, written) if readings else refused(Refusal.NO_CONTACT)


def measured_now(connector_number: int) -> JournalEntry | None:
    """The same of one connector for somebody who can be owed nothing yet: the entry as it would be, not written.

    None where no controller has answered lately.
    """
    reading = live.readings().get(connector_number)
    if reading is None:
        return None
    taken = _taken(connector_number, reading)
    return JournalEntry(
        kind=KIND,
        connector_number=connector_number,
        transaction_id=taken.transaction_id,
        at=taken.moment.at,
        clock_known=taken.moment.clock_known,
        body=taken.body,
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a connector measured in its last frame."""

    moment: Moment
    transaction_id: int | None  # of charging.Transaction
    body: dict[str, Any]


def _taken(number: int, reading: dict[str, Any]) -> _Taken:
    """A reading may be a turn older than what was recorded last: times and registers never run backwards."""
    moment = now()
    at = moment.at - timedelta(seconds=reading["age_s"])
    entries = JournalEntry.objects.filter(connector_number=number, boot_id=moment.boot_id).order_by("-pk")
    if last := entries.first():
        at = max(at, last.at)
    row = Transaction.objects.filter(connector=number, stopped_at__isnull=True).first()
    body = sampled_of(Context.TRIGGER, reading)
    if row and (told := entries.filter(kind=KIND, transaction_id=row.pk).first()):
        body["register_wh"] = max(body["register_wh"], told.body["register_wh"])
    return _Taken(Moment(moment.mono_s, at, moment.boot_id), row.pk if row else None, body)
