"""The three messages of a transaction, each made of its journal entry and rows only (OCPP 1.6 sections 6.45 to 6.49).

So a repetition says the same to the letter. Transaction ids are those that StartTransaction.conf brought.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ocpp_client import values
from ocpp_client.due import Payload
from ocpp_client.owed import STARTED, STOPPED, TAKEN, Owed
from ocpp_client.timestamps import utc_text

ACTIONS: Final = {STARTED: "StartTransaction", TAKEN: "MeterValues", STOPPED: "StopTransaction"}


def message_of(owed: Owed) -> Payload | None:
    """The payload, or None where the keys ask for nothing of it."""
    return _MESSAGES[owed.entry.kind](owed)


def _start(owed: Owed) -> Payload | None:
    row = owed.row
    if row is None:
        return None
    payload: Payload = {
        "connectorId": row.connector_id,
        "idTag": row.id_tag,
        "meterStart": row.meter_start_wh,
        "timestamp": utc_text(row.started_at),
    }
    return payload | ({} if row.reservation_id is None else {"reservationId": row.reservation_id})


def _values(owed: Owed) -> Payload | None:
    meter_value = values.meter_value_of(owed.entry, owed.row, owed.station)
    if meter_value is None:
        return None
    payload: Payload = {"connectorId": owed.entry.connector_number, "meterValue": [meter_value]}
    return payload | ({} if owed.row is None else {"transactionId": owed.row.central_number})


def _stop(owed: Owed) -> Payload | None:
    row, told = owed.row, owed.entry.body
    if row is None:
        return None
    payload: Payload = {
        "transactionId": row.central_number,
        "meterStop": row.meter_stop_wh,
        "timestamp": utc_text(row.stopped_at or owed.entry.at),
        "reason": row.stop_reason,
    }
    if told.get("id_tag"):
        payload["idTag"] = told["id_tag"]
    if measured := values.measured_in(row, owed.station, before=owed.entry.pk):
        payload["transactionData"] = measured
    return payload


_MESSAGES: Final[dict[str, Callable[[Owed], Payload | None]]] = {STARTED: _start, TAKEN: _values, STOPPED: _stop}
