"""Meter values that somebody wants to see now, outside of their rhythm (OCPP 1.6 section 5.17)."""

from __future__ import annotations

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
            _write(number, reading, who)
        return Answer(accepted=True)

    return recorded(connector_number, written) if readings else refused(Refusal.NO_CONTACT)


def _write(number: int, reading: dict[str, Any], who: str) -> None:
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
    journal.record(
        KIND,
        connector_number=number,
        transaction_id=row.pk if row else None,
        who=who,
        moment=Moment(moment.mono_s, at, moment.boot_id),
        **body,
    )
