"""Diagnostics and logs: GetDiagnostics (OCPP 1.6 section 5.9), and GetLog (security whitepaper, N01 and 5.9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from charging.clock import now
from ocpp_client.due import Payload
from ocpp_client.errors import ErrorCode, Refuse
from ocpp_client.incoming.asked import Answering, Asked, status
from ocpp_client.models import Upload
from ocpp_client.timestamps import moment_of
from ocpp_client.transfers.places import MOST_CHARACTERS
from ocpp_client.uploads import contents, orders
from ocpp_client.uploads.aside import aside


async def get_diagnostics(asked: Asked) -> Payload:
    """Section 5.9: without a file name where there is nothing of that time; then nothing is uploaded either."""
    order = diagnostics_order(asked.payload)
    if not await aside(contents.anything, order.kind, order.oldest_at, order.latest_at):
        return {}
    row, _canceled = await asked.db(orders.take, order, now())
    return {"fileName": row.file_name}


async def get_log(asked: Asked) -> Payload:
    """N01.FR.01 and FR.11: Rejected where there is nothing of that time."""
    order = log_order(asked.payload)
    if not await aside(contents.anything, order.kind, order.oldest_at, order.latest_at):
        return status("Rejected")
    row, canceled = await asked.db(orders.take, order, now())
    return status("AcceptedCanceled" if canceled else "Accepted") | {"filename": row.file_name}


def diagnostics_order(payload: Payload) -> orders.Order:
    """Raises Refuse."""
    return orders.Order(
        kind=Upload.Kind.DIAGNOSTICS,
        location=_location(payload["location"]),
        oldest_at=_moment(payload, "startTime"),
        latest_at=_moment(payload, "stopTime"),
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
    )


def log_order(payload: Payload) -> orders.Order:
    """Raises Refuse."""
    told: dict[str, Any] = payload["log"]
    return orders.Order(
        kind=Upload.Kind(payload["logType"]),
        location=_location(told["remoteLocation"]),
        oldest_at=_moment(told, "oldestTimestamp"),
        latest_at=_moment(told, "latestTimestamp"),
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        request_id=payload["requestId"],
    )


def _location(told: str) -> str:
    if len(told) > MOST_CHARACTERS:
        raise Refuse(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "The location is too long")
    return told


def _moment(told: dict[str, Any], name: str) -> datetime | None:
    found = moment_of(told.get(name))
    if found is None and name in told:
        raise Refuse(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"{name} is not a time as ISO 8601 writes it")
    return found


ANSWERS: Final[dict[str, Answering]] = {
    "GetDiagnostics": get_diagnostics,
    "GetLog": get_log,
}
