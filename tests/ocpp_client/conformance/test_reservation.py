"""Reservations, OCPP 1.6 sections 3.8, 5.1 and 5.13."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.central_system import CentralSystem, Frame
from tests.charging.rows import connector
from tests.ocpp_client.clients import CARD, COLLEAGUE, Served, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
OUT_OF_SERVICE = {"connectorId": 1, "type": "Inoperative"}


def reserve(central: CentralSystem, number: int = 1, *, within_s: float = 600.0, **fields: Any) -> dict[str, Any]:
    """The answer to ReserveNow."""
    until = (datetime.now(UTC) + timedelta(seconds=within_s)).isoformat(timespec="seconds").replace("+00:00", "Z")
    asked = {"connectorId": number, "expiryDate": until, "idTag": CARD, "reservationId": 7}
    return central.call("ReserveNow", asked | fields)


def stand_in_the_way(central: CentralSystem, station: Served, what: str) -> None:
    """Something because of which connector 1 cannot be reserved."""
    match what:
        case "Faulted":
            station.look(plugged=False, faults=frozenset({"GroundFailure"}))
        case "Occupied":
            station.look(plugged=True)
        case "Unavailable":
            assert central.call("ChangeAvailability", OUT_OF_SERVICE) == ACCEPTED


def is_used_by(start: Frame) -> int | None:
    """The reservation that a StartTransaction names."""
    found: int | None = start.payload.get("reservationId")
    return found


@case(
    "TC_046_1",
    file="charging/domain/advance.py",
    before="reservation_id=reservation.reservation_id if reservation else event.reservation_id,",
    after="reservation_id=event.reservation_id,",
)
def test_a_reserved_connector_is_for_its_card(central: CentralSystem) -> None:
    """TC_046_1: another card is refused; its own begins, and the StartTransaction names the reservation."""
    with registered(central) as station:
        assert reserve(central) == ACCEPTED
        station.tells("Reserved")
        station.look(plugged=True)
        assert station.tap(COLLEAGUE, ends="refused").why == "reserved"
        station.tap(CARD)
        station.charge_now()
        assert is_used_by(station.started()) == 7
        station.tells("Charging")
        assert connector().reservation is None


@case(
    "TC_046_2",
    file="charging/domain/requests.py",
    before="if c.reservation and not _is_for(c.reservation, event):",
    after="if False:",
)
def test_a_reserved_connector_is_for_its_remote_start(central: CentralSystem) -> None:
    """TC_046_2."""
    with registered(central) as station:
        assert reserve(central) == ACCEPTED
        station.tells("Reserved")
        other = {"connectorId": 1, "idTag": COLLEAGUE}
        assert central.call("RemoteStartTransaction", other) == REJECTED
        assert central.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD}) == ACCEPTED
        station.tells("Preparing")
        station.charge_now()
        assert is_used_by(station.started()) == 7


@case(
    "TC_047",
    file="charging/domain/advance.py",
    before="if after.reservation and after.reservation.expires_s <= now_s:",
    after="if False:",
)
def test_a_reservation_expires(central: CentralSystem) -> None:
    """TC_047."""
    with registered(central) as station:
        assert reserve(central, within_s=30.0) == ACCEPTED
        station.tells("Reserved")
        central.mark()
        station.later(31.0)
        station.look(plugged=False)
        station.tells("Available")
        assert central.call("CancelReservation", {"reservationId": 7}) == REJECTED


@pytest.mark.parametrize("why", ["Faulted", "Occupied", "Unavailable"])
@case(
    "TC_048_1",
    file="ocpp_client/incoming/reservation.py",
    before='Refusal.FAULTED.value: "Faulted"',
    after='Refusal.FAULTED.value: "Rejected"',
)
@case(
    "TC_048_2",
    file="ocpp_client/incoming/reservation.py",
    before='Refusal.OCCUPIED.value: "Occupied"',
    after='Refusal.OCCUPIED.value: "Rejected"',
)
@case(
    "TC_048_3",
    file="ocpp_client/incoming/reservation.py",
    before='Refusal.OUT_OF_SERVICE.value: "Unavailable"',
    after='Refusal.OUT_OF_SERVICE.value: "Rejected"',
)
def test_a_connector_that_cannot_be_reserved(central: CentralSystem, why: str) -> None:
    """TC_048_1, TC_048_2, TC_048_3."""
    with registered(central) as station:
        stand_in_the_way(central, station, why)
        station.tells("Preparing" if why == "Occupied" else why)
        assert reserve(central) == {"status": why}
        assert connector().reservation is None


@case(
    "TC_048_4",
    "TC_050_4",
    file="charging/services/reserving.py",
    before="if not station.reservations_accepted or (",
    after="if (",
)
def test_a_station_that_takes_no_reservations(central: CentralSystem) -> None:
    """TC_048_4, TC_050_4."""
    with registered(central, reservations_accepted=False):
        assert reserve(central, 1) == reserve(central, 0) == REJECTED


@pytest.mark.parametrize(
    ("number", "fields"),
    [(9, {}), (-1, {}), (1, {"expiryDate": "2026-01-01T00:00:00Z"})],
    ids=["an unknown connector", "a negative connector", "a time that has passed"],
)
@case(
    "TC_048_4",
    file="charging/services/reserving.py",
    before="return Refusal.TOO_LATE if until <= moment.at else None",
    after="return None",
)
def test_what_cannot_be_reserved_is_rejected(central: CentralSystem, number: int, fields: dict[str, Any]) -> None:
    """TC_048_4."""
    with registered(central):
        assert reserve(central, number, **fields) == REJECTED


@case("TC_049", file="charging/services/reserving.py", before="if mine and outcome.refusal is None:", after="if False:")
def test_a_reservation_of_the_station_keeps_one_connector_free(central: CentralSystem) -> None:
    """TC_049: somebody else may have one of two, not the last; the StartTransaction names the reservation."""
    with registered(central, connectors=2) as station:
        assert reserve(central, 0) == ACCEPTED
        station.begin(COLLEAGUE, 1)
        station.look(2, plugged=True)
        assert station.tap("THIRD", ends="refused").why == "reserved"
        station.tap(CARD)
        station.charge_now(2)
        assert is_used_by(station.started(2)) == 7
        assert central.call("CancelReservation", {"reservationId": 7}) == REJECTED


@pytest.mark.parametrize("why", ["Faulted", "Occupied", "Unavailable"])
@case(
    "TC_050_1", file="charging/domain/reservations.py", before="return Refusal.FAULTED", after="return Refusal.OCCUPIED"
)
@case("TC_050_2", file="charging/domain/reservations.py", before="return Refusal.OCCUPIED", after="return None")
@case(
    "TC_050_3",
    file="charging/domain/reservations.py",
    before="return Refusal.OUT_OF_SERVICE",
    after="return Refusal.OCCUPIED",
)
def test_a_station_that_cannot_be_reserved(central: CentralSystem, why: str) -> None:
    """TC_050_1, TC_050_2, TC_050_3: of its only connector."""
    with registered(central) as station:
        stand_in_the_way(central, station, why)
        station.tells("Preparing" if why == "Occupied" else why)
        assert reserve(central, 0) == {"status": why}


@case(
    "TC_050_4",
    file="charging/services/reserving.py",
    before="(zero and not station.reserve_connector_zero_supported)",
    after="False",
)
def test_connector_0_cannot_be_reserved_where_the_key_says_so(central: CentralSystem) -> None:
    """TC_050_4: ReserveConnectorZeroSupported."""
    with registered(central, reserve_connector_zero_supported=False):
        [key] = central.call("GetConfiguration", {"key": ["ReserveConnectorZeroSupported"]})["configurationKey"]
        assert key == {"key": "ReserveConnectorZeroSupported", "readonly": True, "value": "false"}
        assert reserve(central, 0) == REJECTED
        assert reserve(central, 1) == ACCEPTED


@case(
    "TC_051",
    file="charging/domain/advance.py",
    before="return replace(c, reservation=None), (e.ReservationEnded(reservation_id=event.",
    after="return c, (e.ReservationEnded(reservation_id=event.",
)
def test_a_reservation_is_cancelled(central: CentralSystem) -> None:
    """TC_051."""
    with registered(central) as station:
        assert reserve(central) == ACCEPTED
        station.tells("Reserved")
        central.mark()
        assert central.call("CancelReservation", {"reservationId": 7}) == ACCEPTED
        station.tells("Available")


@case(
    "TC_052",
    file="charging/services/reserving.py",
    before="else refused(Refusal.UNKNOWN_RESERVATION)",
    after="else ACCEPTED",
)
def test_a_reservation_that_nobody_made_is_not_cancelled(central: CentralSystem) -> None:
    """TC_052."""
    with registered(central) as station:
        assert reserve(central) == ACCEPTED
        station.tells("Reserved")
        assert central.call("CancelReservation", {"reservationId": 8}) == REJECTED
        assert connector().reservation is not None


def test_the_same_reservation_again_replaces_itself(central: CentralSystem) -> None:
    """Section 5.13."""
    with registered(central, connectors=2) as station:
        assert reserve(central, 1) == ACCEPTED
        station.tells("Reserved", 1)
        central.mark()
        assert reserve(central, 2) == ACCEPTED
        station.tells("Reserved", 2)
        station.tells("Available", 1)


@case(
    "TC_053",
    file="charging/domain/requests.py",
    before="return bool(held.parent_id_tag) and held.parent_id_tag.upper() == event.parent_id_tag.upper()",
    after="return False",
)
def test_a_reserved_connector_is_for_the_group(central: CentralSystem) -> None:
    """TC_053: whose the parent idTag of the reservation is; the central system says it of the card."""
    central.card(COLLEAGUE, "Accepted", parent="FLEET")
    with registered(central) as station:
        assert reserve(central, parentIdTag="FLEET") == ACCEPTED
        station.tells("Reserved")
        station.look(plugged=True)
        station.tap(COLLEAGUE)
        station.charge_now()
        start = station.started()
        assert (start.payload["idTag"], is_used_by(start)) == (COLLEAGUE, 7)
