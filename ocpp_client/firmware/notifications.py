"""What is to be told of updates: each state once, in its order, however long nobody could be told (4.5; L01.FR.01)."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from charging.clock import now
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.firmware import orders
from ocpp_client.models import FirmwareUpdate

log = logging.getLogger(__name__)

IDLE: Final = "Idle"
INSTALLED: Final = "Installed"
AGAIN_AFTER_S: Final = 10.0


class Notifications:
    """The statuses of one link. Called in the thread of the database only."""

    def __init__(self) -> None:
        self._held_until_s = 0.0

    def due(self) -> Due | None:
        """The oldest status that was not told yet."""
        if now().mono_s < self._held_until_s:
            return None
        row = FirmwareUpdate.objects.exclude(untold="").order_by("pk").first()
        if row is None:
            return None
        status = row.untold.split(",")[0]
        told = partial(_told, row.pk, status)
        return _notification(row, status, told=told, failed=partial(self._failed, told))

    def _failed(self, told: partial[None], failure: Failure) -> None:
        """What is refused once is refused again; what was not answered is told later."""
        if failure.answered:
            log.warning("The central system refused a status of firmware: %s", failure.sentence)
            told({})
        else:
            self._held_until_s = now().mono_s + AGAIN_AFTER_S


def triggered() -> Due:
    """FirmwareStatusNotification as TriggerMessage wants it: Idle unless an order in hand has been told of."""
    row = orders.in_hand()
    busy = row is not None and not row.signed and row.told
    return Due(action="FirmwareStatusNotification", payload={"status": row.told if row and busy else IDLE})


def triggered_signed() -> Due:
    """As ExtendedTriggerMessage wants it: what was told last, and Idle after Installed (L01.FR.28, FR.29)."""
    row = FirmwareUpdate.objects.filter(signed=True).exclude(told="").order_by("-pk").first()
    payload: Payload = {"status": IDLE}
    if row is not None and row.told != INSTALLED:
        payload = {"status": row.told, "requestId": row.request_id}
    return Due(action="SignedFirmwareStatusNotification", payload=payload)


def _notification(row: FirmwareUpdate, status: str, *, told: partial[None], failed: partial[None]) -> Due:
    if row.signed:
        payload: Payload = {"status": status, "requestId": row.request_id}
        return Due(action="SignedFirmwareStatusNotification", payload=payload, confirmed=told, failed=failed)
    return Due(action="FirmwareStatusNotification", payload={"status": status}, confirmed=told, failed=failed)


def _told(row_id: int, status: str, _answer: Payload) -> None:
    """Only what was told is taken off: the order may have moved on meanwhile."""
    row = FirmwareUpdate.objects.filter(pk=row_id).first()
    if row is not None and row.untold.split(",")[0] == status:
        row.untold = ",".join(row.untold.split(",")[1:])
        row.told = status
        row.save(update_fields=["untold", "told"])
