"""Reservations of one connector and of the whole station (OCPP 1.6 sections 5.1 and 5.13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from charging import clock, record, services
from charging.clock import Moment
from charging.domain.connector import Reservation
from charging.domain.observation import Pilot
from charging.domain.status import Status, status_of
from charging.models import JournalEntry, Station, StationReservation, Transaction
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, Driven, add_connectors, at, connector

pytestmark = pytest.mark.django_db


def station(count: int = 2, **columns: Any) -> Driven:
    add_connectors(*count * [AC], **{"authorization_mode": "card", **columns})
    return Driven(*range(1, count + 1), mono_s=clock.now().mono_s)


def later(seconds: float) -> Moment:
    now = clock.now()
    return Moment(now.mono_s + seconds, now.at + timedelta(seconds=seconds), now.boot_id)


def reserve(number: int, reservation_id: int = 7, id_tag: str = "ME", parent: str = "", minutes: float = 10.0) -> str:
    asked = Reservation(reservation_id=reservation_id, id_tag=id_tag, parent_id_tag=parent, expires_s=0.0)
    until = clock.now().at + timedelta(minutes=minutes)
    return services.reserve(number, asked, until=until, who="central system").refusal


def start(number: int, id_tag: str, parent: str = "") -> str:
    return services.start(number, by="remote", who="c", id_tag=id_tag, parent_id_tag=parent).refusal


def held() -> set[int]:
    return {row.pk for row in StationReservation.objects.all()}


def ended() -> list[tuple[int, str]]:
    entries = JournalEntry.objects.filter(kind="ReservationEnded").order_by("pk")
    return [(entry.body["reservation_id"], entry.body["why"]) for entry in entries]


def test_a_reserved_connector_is_for_its_id_tag_or_its_group() -> None:
    driven = station()
    assert reserve(1, parent="FLEET") == ""
    assert status_of(connector(1)) is Status.RESERVED
    assert start(1, "OTHER") == "reserved"
    assert start(1, "OTHER", "fleet") == ""
    driven.see(1)
    assert Transaction.objects.get().reservation_id == 7
    assert JournalEntry.objects.get(kind="TransactionStarted").body["reservation_id"] == 7
    assert ended() == [(7, "used")]


@pytest.mark.parametrize(
    ("columns", "number", "minutes", "refusal"),
    [
        ({"reservations_accepted": False}, 1, 10, "not_supported"),
        ({"reserve_connector_zero_supported": False}, 0, 10, "not_supported"),
        ({}, 9, 10, "unknown_connector"),
        ({}, 1, -1, "too_late"),
        ({}, 0, 0, "too_late"),
    ],
)
def test_what_cannot_be_reserved_says_why(columns: dict[str, Any], number: int, minutes: float, refusal: str) -> None:
    station(**columns)
    assert reserve(number, minutes=minutes) == refusal
    assert not ended()
    assert held() == set()


def test_a_station_without_a_clock_reserves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    station()
    monkeypatch.setattr("charging.services.reserving.now", lambda: at(5.0, known=False))
    assert reserve(1) == "clock_unknown"


def test_a_connector_that_is_used_faulted_or_closed_is_not_reserved() -> None:
    driven = station(4)
    driven.see(1)
    driven.see(2, faults=frozenset({"GroundFailure"}))
    services.set_availability(3, operative=False, source="technician", who="w")
    assert [reserve(number) for number in (1, 2, 3, 4)] == ["occupied", "faulted", "out_of_service", ""]
    assert reserve(4, reservation_id=8) == "occupied"


def test_the_same_reservation_replaces_itself_wherever_it_was() -> None:
    station(3)
    assert reserve(1) == ""
    assert reserve(1, id_tag="ANOTHER") == ""
    assert start(1, "ME") == "reserved"
    assert reserve(2) == ""
    assert (connector(1).reservation, ended()) == (None, [(7, "cancelled")])
    assert reserve(0) == ""
    assert (connector(2).reservation, held()) == (None, {7})
    assert reserve(3) == ""
    assert (held(), status_of(connector(3))) == (set(), Status.RESERVED)


def test_one_that_cannot_be_replaced_stays() -> None:
    driven = station()
    reserve(1)
    driven.see(2)
    assert reserve(2) == "occupied"
    assert connector(1).reservation


def test_a_reservation_is_cancelled_by_its_number() -> None:
    station()
    reserve(1)
    reserve(0, reservation_id=8)
    assert services.cancel_reservation(9, who="c").refusal == "unknown_reservation"
    assert services.cancel_reservation(7, who="c").accepted
    assert services.cancel_reservation(8, who="c").accepted
    assert services.cancel_reservation(8, who="c").refusal == "unknown_reservation"
    assert status_of(connector(1)) is Status.AVAILABLE
    assert ended() == [(7, "cancelled"), (8, "cancelled")]


def test_a_reservation_ends_with_a_fault_or_out_of_service() -> None:
    driven = station()
    reserve(1)
    driven.see(1, plugged=False, pilot=Pilot.A, faults=frozenset({"GroundFailure"}))
    driven.see(1, plugged=False, pilot=Pilot.A)
    assert (status_of(connector(1)), ended()) == (Status.AVAILABLE, [(7, "faulted")])
    reserve(1)
    services.set_availability(1, operative=False, source="central_system", who="c")
    assert ended()[1:] == [(7, "out_of_service")]


def test_the_station_keeps_one_connector_free() -> None:
    driven = station(3)
    assert reserve(0) == ""
    assert {status_of(c) for c in record.connectors()} == {Status.AVAILABLE}
    assert start(1, "A") == ""
    assert start(2, "B") == ""
    assert start(3, "C") == "reserved"
    driven.see(3)
    assert start(3, "C") == "reserved"  # also when a plug is in already
    assert start(3, "ME") == ""
    assert (held(), ended()) == (set(), [(7, "used")])
    driven.see(3)
    assert Transaction.objects.get(id_tag="ME").reservation_id == 7


def test_a_card_at_the_reader_minds_it_too() -> None:
    driven = station(1, authorization_mode="none")
    reserve(0)
    driven.see(1)
    presented = services.card_presented("STRANGER")
    assert presented
    assert (presented.state, presented.why) == ("refused", "reserved")
    presented = services.card_presented("ME")
    assert presented
    assert presented.state == "used"


def test_two_reservations_of_the_station_need_two_connectors() -> None:
    station()
    assert reserve(0, 1, "A") == ""
    assert reserve(0, 2, "B") == ""
    assert reserve(0, 3, "C") == "occupied"
    assert reserve(0, 2, "C") == ""
    assert reserve(1, 4, "D") == "occupied"
    assert start(1, "X") == "reserved"


@pytest.mark.parametrize(
    ("faulty", "closed", "refusal"),
    [((1, 2), (), "faulted"), ((), (1, 2), "out_of_service"), ((1,), (2,), "out_of_service"), ((1,), (), "")],
)
def test_a_station_that_cannot_keep_one_free_says_why(
    faulty: tuple[int, ...], closed: tuple[int, ...], refusal: str
) -> None:
    driven = station()
    for number in faulty:
        driven.see(number, plugged=False, pilot=Pilot.A, faults=frozenset({"GroundFailure"}))
    for number in closed:
        services.set_availability(number, operative=False, source="technician", who="w")
    assert reserve(0) == refusal


def test_plugging_in_alone_starts_nothing_while_the_station_is_reserved() -> None:
    driven = station(1, authorization_mode="none", has_screen=False)
    reserve(0)
    driven.see(1)
    assert connector(1).transaction is None
    services.cancel_reservation(7, who="c")
    driven.see(1)
    assert connector(1).transaction


def test_a_reservation_of_the_station_expires_and_ends_with_an_emergency() -> None:
    station()
    reserve(0, 1, minutes=1.0)
    reserve(0, 2, "B", minutes=60.0)
    station_turn(later(59.0), {})
    assert held() == {1, 2}
    station_turn(later(61.0), {})
    assert (held(), ended()) == ({2}, [(1, "expired")])
    services.emergency_stop("screen")
    station_turn(later(1.0), {})
    assert ended() == [(1, "expired"), (2, "out_of_service")]
    assert reserve(0) == "emergency"


def test_a_reservation_outlives_a_restart_of_the_computer() -> None:
    station()
    reserve(0)
    reserve(1, 8)
    now = clock.now()
    Station.objects.update(seen_mono_s=now.mono_s, seen_at=now.at, kernel_boot_id="before", boot_id="before")
    restarted = Moment(20.0, now.at + timedelta(seconds=60), "boot after")
    services.power_returned(restarted)
    left_s = 600.0 - 60.0
    assert StationReservation.objects.get().expires_s - 20.0 == pytest.approx(left_s, abs=2.0)
    mine = connector(1).reservation
    assert mine
    assert mine.expires_s - 20.0 == pytest.approx(left_s, abs=2.0)
