"""Which conflict is due to be told? The central system says of an idTag something else than its own list says here.

OCPP 1.6 section 3.5.2: a StatusNotification of connector 0 with the error LocalListConflict, once for each conflict.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from charging import journal
from charging.models import Cursor, JournalEntry
from ocpp_client import statuses
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.timestamps import utc_text

log = logging.getLogger(__name__)

READER: Final = "ocpp.conflicts"
CONFLICT: Final = "LocalListConflict"  # of the journal, and of ChargePointErrorCode, section 7.6


def begin() -> None:
    """What was before the central system came is not its business."""
    newest = JournalEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Cursor.objects.get_or_create(name=READER, defaults={"position": newest})


def due() -> Due | None:
    """The oldest conflict that was not told yet."""
    position = Cursor.objects.filter(name=READER).values_list("position", flat=True).first()
    if position is None:
        return None
    entry = JournalEntry.objects.filter(kind=CONFLICT, pk__gt=position).order_by("pk").first()
    if entry is None:
        return None
    _number, shown = next(statuses.shown_now())
    payload: Payload = {
        "connectorId": 0,
        "errorCode": CONFLICT,
        "info": "{id_tag}: {listed} listed, {told} told".format(**entry.body)[: statuses.INFO_LENGTH],
        "status": shown.status,
        "timestamp": utc_text(entry.at),
    }
    told = partial(_told, entry.pk)
    return Due(action="StatusNotification", payload=payload, confirmed=told, failed=partial(_refused, entry.pk))


def _told(entry_id: int, _answer: Payload) -> None:
    journal.read_up_to(READER, entry_id)


def _refused(entry_id: int, failure: Failure) -> None:
    """What the central system refuses once it refuses again."""
    if failure.answered:
        log.warning("The central system refused to hear of a conflict with its list: %s", failure.sentence)
        journal.read_up_to(READER, entry_id)
