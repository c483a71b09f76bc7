"""Reservation profile: a connector, or any one of them, is kept for an idTag (OCPP 1.6 sections 5.1 and 5.13)."""

from __future__ import annotations

from typing import Final

from charging import services
from charging.domain.connector import Reservation
from charging.domain.requests import Refusal
from ocpp_client.due import Payload
from ocpp_client.errors import ErrorCode, Refuse
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, in_database, status
from ocpp_client.timestamps import moment_of

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"
STATUSES: Final = {  # ReservationStatus, section 7.40; whatever else stands against it is Rejected
    Refusal.EMERGENCY.value: "Faulted",
    Refusal.FAULTED.value: "Faulted",
    Refusal.OCCUPIED.value: "Occupied",
    Refusal.OUT_OF_SERVICE.value: "Unavailable",
}


def reserve_now(payload: Payload) -> Payload:
    """Section 5.13. One of the same reservationId is replaced."""
    until = moment_of(payload["expiryDate"])
    if until is None:
        raise Refuse(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "expiryDate is not a time as ISO 8601 writes it")
    asked = Reservation(
        reservation_id=payload["reservationId"],
        id_tag=payload["idTag"].upper(),
        parent_id_tag=payload.get("parentIdTag", "").upper(),
        expires_s=0.0,
    )
    if payload["connectorId"] < 0:
        return status(REJECTED)
    answer = services.reserve(payload["connectorId"], asked, until=until, who=CENTRAL_SYSTEM)
    return status(ACCEPTED if answer.accepted else STATUSES.get(answer.refusal, REJECTED))


def cancel_reservation(payload: Payload) -> Payload:
    """Section 5.1."""
    answer = services.cancel_reservation(payload["reservationId"], who=CENTRAL_SYSTEM)
    return status(ACCEPTED if answer.accepted else REJECTED)


ANSWERS: Final[dict[str, Answering]] = {
    "CancelReservation": in_database(cancel_reservation),
    "ReserveNow": in_database(reserve_now),
}
