"""ChangeAvailability and UnlockConnector: what the caller may answer, and what holds after a restart."""

from __future__ import annotations

import pytest

from charging import clock, record, services
from charging.domain.connector import CableOwner
from charging.domain.observation import Pilot
from charging.domain.status import Status, station_status_of, status_of
from charging.facts import encoded
from charging.models import Card, Station, Transaction, Wish
from charging.models import Connector as Row
from charging.services.commissioning import FoundConnector, connectors_found
from charging.services.wishing import wish_ended, wishes
from tests.charging.rows import AC, Driven, add_connectors, at, connector
from tests.charging.worlds import SOCKET

pytestmark = pytest.mark.django_db
CENTRE = "central_system"


def station(count: int = 2) -> Driven:
    add_connectors(*count * [AC], authorization_mode="none")
    return Driven(*range(1, count + 1), mono_s=clock.now().mono_s)


def change(number: int, *, operative: bool) -> tuple[bool, bool]:
    """(accepted, scheduled)."""
    answer = services.set_availability(number, operative=operative, source=CENTRE, who="central system")
    return answer.accepted, answer.scheduled


def station_status() -> Status:
    row = Station.objects.get()
    return station_status_of(record.connectors(row), emergency=row.emergency, inoperative=bool(row.inoperative))


def test_a_change_is_accepted_or_scheduled() -> None:
    driven = station()
    assert change(1, operative=False) == (True, False)
    assert status_of(connector(1)) is Status.UNAVAILABLE
    assert change(1, operative=False) == (True, False)  # it is so already
    services.start(2, by="screen", who="touch")
    driven.charge(2)
    assert change(2, operative=False) == (True, True)
    assert status_of(connector(2)) is Status.CHARGING
    assert change(2, operative=False) == (True, True)
    driven.end(2)
    assert status_of(connector(2)) is Status.UNAVAILABLE
    assert change(2, operative=True) == (True, False)
    assert change(9, operative=False) == (False, False)


def test_a_scheduled_change_can_be_taken_back() -> None:
    driven = station()
    services.start(1, by="screen", who="touch")
    driven.charge(1)
    change(1, operative=False)
    assert change(1, operative=True) == (True, False)
    driven.end(1)
    assert status_of(connector(1)) is Status.AVAILABLE


def test_the_whole_station_goes_out_of_service_when_the_last_car_has_left() -> None:
    driven = station()
    services.start(2, by="screen", who="touch")
    driven.charge(2)
    assert change(0, operative=False) == (True, True)
    assert (status_of(connector(1)), station_status()) == (Status.UNAVAILABLE, Status.AVAILABLE)
    driven.end(2)
    assert station_status() is Status.UNAVAILABLE
    services.power_returned(at(9.0, boot_id="another"))
    assert station_status() is Status.UNAVAILABLE
    assert change(0, operative=True) == (True, False)
    assert (Station.objects.get().inoperative, station_status()) == ([], Status.AVAILABLE)
    services.emergency_stop("screen")
    assert station_status() is Status.FAULTED


def test_a_connector_that_is_found_later_is_out_of_service_too() -> None:
    station()
    change(0, operative=False)
    found = FoundConnector(board_serial="NEW", board_index=1, connector_type="TYPE2_SOCKET", capability=AC)
    number = connectors_found([found])["NEW", 1]
    assert connector(number).inoperative == {CENTRE}


def test_nothing_is_out_of_service_when_one_part_of_it_could_not_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    station()
    honest = record.happen

    def happen(number: int, *args: object, **kwargs: object) -> object:
        if number == 2:
            raise record.RowMovedError
        return honest(number, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(record, "happen", happen)
    answer = services.set_availability(0, operative=False, source=CENTRE, who="c")
    assert answer.refusal == "not_recorded"
    assert (Station.objects.get().inoperative, connector(1).inoperative) == ([], frozenset())


def socket() -> Driven:
    add_connectors(SOCKET.capability, authorization_mode="card", unlock_connector_on_ev_side_disconnect=False)
    return Driven(1, mono_s=clock.now().mono_s)


def unlock(by: str = "remote") -> services.Answer:
    return services.release_cable(1, "central system", by=by)


def test_an_unlock_ends_the_transaction_first_and_is_told_by_its_wish() -> None:
    driven = socket()
    services.start(1, by="remote", who="c", id_tag="T")
    driven.see(locked=True)
    driven.see(locked=True, ev_ready=True, delivering=True, pilot=Pilot.C)
    answer = unlock()
    assert (answer.accepted, wishes(("unlock",), [1])) == (True, [])
    driven.see(locked=True)
    driven.see(locked=True)
    assert Transaction.objects.get().stop_reason == "UnlockCommand"
    assert [each.pk for each in wishes(("unlock",), [1])] == [answer.wish_id]
    assert answer.wish_id
    wish_ended(answer.wish_id, done=True, result="Done.")
    assert Wish.objects.get(pk=answer.wish_id).state == Wish.State.DONE


def test_an_unlock_that_is_not_possible_says_so() -> None:
    add_connectors(AC)
    assert (unlock().refusal, services.release_cable(9, "c", by="remote").refusal) == (
        "not_supported",
        "unknown_connector",
    )
    assert not Wish.objects.exists()


def kept() -> Driven:
    """A connector whose lock keeps the cable of T: unplugged at the vehicle."""
    driven = socket()
    services.start(1, by="remote", who="c", id_tag="T")
    driven.see(locked=True)
    driven.see(locked=True, ev_ready=True, delivering=True, pilot=Pilot.C)
    for _ in range(3):
        driven.see(plugged=False, locked=True)
    assert connector().cable_owner == CableOwner(id_tag="T")
    assert Row.objects.get().facts == encoded(connector())
    return driven


def test_a_kept_cable_is_not_for_whoever_stands_at_the_screen() -> None:
    kept()
    assert unlock("screen").refusal == "cable_kept"
    assert services.stop(1, by="screen", who="touch").refusal == "cable_kept"
    assert connector().cable_owner


@pytest.mark.parametrize("by", ["remote", "technician"])
def test_a_kept_cable_is_released_by_the_central_system_and_by_a_technician(by: str) -> None:
    driven = kept()
    assert unlock(by).accepted
    assert connector().cable_owner is None
    assert not driven.see(plugged=False, locked=True).lock


def test_a_kept_cable_is_released_by_its_card_and_by_no_other() -> None:
    driven = kept()
    for id_tag in ("OTHER", "T"):
        Card.objects.create(id_tag=id_tag)
    presented = services.card_presented("OTHER")
    assert presented
    assert connector().cable_owner
    assert driven.see(plugged=False, locked=True).lock
    presented = services.card_presented("T")
    assert presented
    assert (presented.state, connector().cable_owner) == ("used", None)
    assert status_of(connector()) is Status.AVAILABLE


def test_a_kept_cable_is_remembered_over_a_power_cut() -> None:
    driven = kept()
    services.power_returned(at(5.0, boot_id="another"))
    driven.see(plugged=False, locked=True)
    assert connector().cable_owner
    assert status_of(connector()) is Status.FINISHING
