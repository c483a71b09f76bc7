"""What is told of updates, in which message (OCPP 1.6 section 4.5; security whitepaper, L01)."""

from __future__ import annotations

from typing import Final

from ocpp_client.due import Due, Payload
from ocpp_client.models import FirmwareUpdate
from ocpp_client.orders import Notifications

IDLE: Final = "Idle"
INSTALLED: Final = "Installed"


def notifications() -> Notifications[FirmwareUpdate]:
    """Of one link."""
    return Notifications(FirmwareUpdate, _message)


def triggered() -> Due:
    """FirmwareStatusNotification as TriggerMessage wants it: Idle unless an order in hand has been told of."""
    row = FirmwareUpdate.in_hand()
    busy = row is not None and not row.signed and row.told
    return Due(action="FirmwareStatusNotification", payload={"status": row.told if row and busy else IDLE})


def triggered_signed() -> Due:
    """As ExtendedTriggerMessage wants it: what was told last, and Idle after Installed (L01.FR.28, FR.29)."""
    row = FirmwareUpdate.objects.filter(signed=True).exclude(told="").order_by("-pk").first()
    payload: Payload = {"status": IDLE}
    if row is not None and row.told != INSTALLED:
        payload = {"status": row.told, "requestId": row.request_id}
    return Due(action="SignedFirmwareStatusNotification", payload=payload)


def _message(row: FirmwareUpdate, status: str) -> tuple[str, Payload]:
    if row.signed:
        return "SignedFirmwareStatusNotification", {"status": status, "requestId": row.request_id}
    return "FirmwareStatusNotification", {"status": status}
