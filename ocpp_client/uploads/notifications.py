"""What is told of uploads, in which message (OCPP 1.6 section 4.4; security whitepaper, N01)."""

from __future__ import annotations

from typing import Final

from ocpp_client.due import Due, Payload
from ocpp_client.models import Upload
from ocpp_client.orders import Notifications

IDLE: Final = "Idle"
UPLOADING: Final = "Uploading"


def notifications() -> Notifications[Upload]:
    """Of one link."""
    return Notifications(Upload, _message)


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
    row = Upload.in_hand()
    return row if row is not None and row.state == Upload.State.UPLOADING else None


def _message(row: Upload, status: str) -> tuple[str, Payload]:
    if row.request_id is None:
        return "DiagnosticsStatusNotification", {"status": status}
    return "LogStatusNotification", {"status": status, "requestId": row.request_id}
