"""What is to be told of uploads: each state once, in its order, however long nobody could be told (4.4; N01.FR.08)."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from charging.clock import now
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.models import Upload
from ocpp_client.uploads import orders

log = logging.getLogger(__name__)

IDLE: Final = "Idle"
UPLOADING: Final = "Uploading"
AGAIN_AFTER_S: Final = 10.0


class Notifications:
    """The statuses of one link. Called in the thread of the database only."""

    def __init__(self) -> None:
        self._held_until_s = 0.0

    def due(self) -> Due | None:
        """The oldest status that was not told yet."""
        if now().mono_s < self._held_until_s:
            return None
        row = Upload.objects.exclude(untold="").order_by("pk").first()
        if row is None:
            return None
        status = row.untold.split(",")[0]
        told = partial(_told, row.pk, status)
        return _notification(status, row.request_id, told=told, failed=partial(self._failed, told))

    def _failed(self, told: partial[None], failure: Failure) -> None:
        """What is refused once is refused again; what was not answered is told later."""
        if failure.answered:
            log.warning("The central system refused a status of an upload: %s", failure.sentence)
            told({})
        else:
            self._held_until_s = now().mono_s + AGAIN_AFTER_S


def triggered() -> Due:
    """DiagnosticsStatusNotification as TriggerMessage wants it: Idle unless diagnostics are uploaded now (4.4)."""
    row = _busy()
    busy = row is not None and row.request_id is None
    return Due(action="DiagnosticsStatusNotification", payload={"status": UPLOADING if busy else IDLE})


def triggered_log() -> Due:
    """LogStatusNotification as ExtendedTriggerMessage wants it: without a request where nothing goes on (N01.FR.12)."""
    row = _busy()
    payload: Payload = {"status": IDLE}
    if row is not None and row.request_id is not None:
        payload = {"status": UPLOADING, "requestId": row.request_id}
    return Due(action="LogStatusNotification", payload=payload)


def _busy() -> Upload | None:
    row = orders.in_hand()
    return row if row is not None and row.state == Upload.State.UPLOADING else None


def _notification(status: str, request_id: int | None, *, told: partial[None], failed: partial[None]) -> Due:
    if request_id is None:
        return Due(action="DiagnosticsStatusNotification", payload={"status": status}, confirmed=told, failed=failed)
    payload: Payload = {"status": status, "requestId": request_id}
    return Due(action="LogStatusNotification", payload=payload, confirmed=told, failed=failed)


def _told(row_id: int, status: str, _answer: Payload) -> None:
    """Only what was told is taken off: the upload may have moved on meanwhile."""
    row = Upload.objects.filter(pk=row_id).first()
    if row is not None and row.untold.split(",")[0] == status:
        row.untold = ",".join(row.untold.split(",")[1:])
        row.told = status
        row.save(update_fields=["untold", "told"])
