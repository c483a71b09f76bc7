"""The emergency stop: latched for the station, released only at the cabinet and only when the button is out."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from django.conf import settings

from charging import clock, live, services
from charging.domain.situation import situation_of
from charging.models import JournalEntry, Station, Transaction, Wish
from charging.services.commissioning import FoundConnector, connectors_found
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, DC, Driven, add_connectors, at, connector, kinds, locked_database
from tests.conftest import wait_until

pytestmark = pytest.mark.django_db


def station() -> Driven:
    """Two connectors; a vehicle charges at the first."""
    add_connectors(AC, DC)
    driven = Driven(1, 2, mono_s=clock.now().mono_s)
    services.start(1, by="screen", who="touch")
    driven.charge(1)
    driven.see(2, plugged=False)
    return driven


def later(seconds: float) -> clock.Moment:
    now = clock.now()
    return clock.Moment(now.mono_s + seconds, now.at, now.boot_id)


def wishes_end() -> None:
    for wish in Wish.objects.filter(state__in=("waiting", "started")):
        services.wish_ended(wish.pk, done=True, result="Done.")


@pytest.fixture
def control_socket() -> Iterator[socket.socket]:
    """What the controllers process listens to."""
    path = live.controllers_socket()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.settimeout(5)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        wire.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        yield wire
    path.unlink(missing_ok=True)


def test_a_stop_is_on_the_wire_before_it_is_in_the_record(control_socket: socket.socket) -> None:
    station()
    assert services.emergency_stop("screen").accepted
    assert control_socket.recv(100) == live.STOP


@pytest.mark.django_db(transaction=True)
def test_a_stop_that_cannot_be_recorded_is_accepted_when_the_wire_took_it(control_socket: socket.socket) -> None:
    add_connectors(AC)
    with locked_database():
        assert services.emergency_stop("screen").accepted
    assert control_socket.recv(100) == live.STOP


@pytest.mark.django_db(transaction=True)
def test_a_stop_that_nobody_took_is_not_called_done() -> None:
    add_connectors(AC)
    with locked_database():
        assert services.emergency_stop("screen").refusal == "not_recorded"


def test_it_latches_every_connector_and_ends_what_runs_with_its_reason() -> None:
    driven = station()
    assert services.emergency_stop("screen").accepted
    assert [situation_of(connector(n)) for n in (1, 2)] == ["emergency", "emergency"]
    assert not driven.see(1, delivering=True).enable
    driven.see(1)
    assert Transaction.objects.get().stop_reason == "EmergencyStop"
    assert kinds(connector_number=0)[-1] == "EmergencyStopped"
    assert services.start(2, by="screen", who="touch").refusal == "emergency"


def test_it_is_latched_once_and_journaled_once() -> None:
    station()
    assert services.latch_emergency("button", clock.now())
    assert not services.latch_emergency("button", clock.now())
    assert kinds().count("EmergencyStopped") == 1


def test_it_survives_a_restart_and_a_connector_that_appears_meanwhile() -> None:
    station()
    services.emergency_stop("screen")
    services.power_returned(at(1.0, boot_id="another"))
    found = FoundConnector(board_serial="SN-9", board_index=1, connector_type="CCS2", capability=DC)
    connectors_found([found])
    assert station_turn(later(0.0), {}).emergency
    assert [situation_of(connector(n)) for n in (1, 2, 3)] == 3 * ["emergency"]


def test_it_is_acknowledged_only_at_the_cabinet_and_only_while_it_is_latched() -> None:
    station()
    assert services.acknowledge("technician", at_cabinet=True).refusal == "nothing_latched"
    services.emergency_stop("screen")
    assert services.acknowledge("central system", at_cabinet=False).refusal == "not_at_cabinet"
    assert not Station.objects.get().emergency_acknowledged
    assert services.acknowledge("technician", at_cabinet=True).accepted
    assert Wish.objects.filter(kind="clear_faults").count() == 2


def test_it_ends_when_it_was_acknowledged_and_no_board_reports_it() -> None:
    driven = station()
    services.emergency_stop("screen")
    assert station_turn(later(1.0), {}).emergency
    assert Station.objects.get().emergency
    services.acknowledge("technician", at_cabinet=True)
    released = station_turn(later(2.0), {})
    assert released.moved
    assert not released.emergency  # the wire is let go in the turn that releases, not in the next one
    assert not Station.objects.get().emergency
    driven.end(1)
    assert [situation_of(connector(n)) for n in (1, 2)] == ["free", "free"]
    assert "EmergencyReleased" in kinds()


@pytest.mark.usefixtures("redis_server")
def test_an_acknowledgement_while_the_button_is_seen_pressed_is_refused() -> None:
    station()
    services.emergency_stop("screen")
    wait_until(live.present)  # an earlier test may have left Redis alone for a second
    live.put_readings("bus1", {1: {"button_pressed": True}})
    assert services.acknowledge("technician", at_cabinet=True).refusal == "button_pressed"
    live.put_readings("bus1", {1: {"button_pressed": False}})
    assert services.acknowledge("technician", at_cabinet=True).accepted


def test_an_acknowledgement_while_the_button_is_in_is_taken_back() -> None:
    driven = station()
    services.latch_emergency("button", clock.now())
    driven.see(2, plugged=False, emergency_stop=True)
    services.acknowledge("technician", at_cabinet=True)
    station_turn(later(1.0), {})
    assert Station.objects.get().emergency_acknowledged  # the board is still being asked to let go
    wishes_end()
    station_turn(later(1.9), {})
    assert Station.objects.get().emergency_acknowledged  # its next frame is still to come
    station_turn(later(2.1), {})
    assert not Station.objects.get().emergency_acknowledged
    assert "EmergencyStillPressed" in kinds()
    assert Station.objects.get().emergency


def test_a_board_that_lets_go_releases_it() -> None:
    driven = station()
    services.latch_emergency("button", clock.now())
    driven.see(2, plugged=False, emergency_stop=True)
    services.acknowledge("technician", at_cabinet=True)
    wishes_end()
    driven.see(2, plugged=False)
    station_turn(later(0.5), {})
    assert not Station.objects.get().emergency


def test_a_stop_after_the_acknowledgement_takes_that_back() -> None:
    driven = station()
    services.latch_emergency("button", clock.now())
    driven.see(2, plugged=False, emergency_stop=True)
    services.acknowledge("technician", at_cabinet=True)
    services.emergency_stop("screen")
    driven.see(2, plugged=False)
    station_turn(later(9.0), {})
    assert Station.objects.get().emergency


def test_a_silent_board_does_not_hold_the_others_and_is_latched_when_it_returns_pressed() -> None:
    driven = station()
    services.latch_emergency("button", clock.now())
    driven.see(2, plugged=False, emergency_stop=True)
    driven.turns.silent(2, at(driven.now_s + 3.0))
    services.acknowledge("technician", at_cabinet=True)
    station_turn(later(1.0), {})
    assert not Station.objects.get().emergency
    assert situation_of(connector(2)) == "emergency"
    driven.see(2, plugged=False, emergency_stop=True)
    assert connector(2).latches == {"EmergencyStop"}


def test_one_connector_is_switched_off_alone_and_comes_back_at_the_cabinet() -> None:
    driven = station()
    assert services.switch_off(1, "monitoring").accepted
    assert services.switch_off(9, "monitoring").refusal == "unknown_connector"
    assert not driven.see(1, delivering=True).enable
    assert [situation_of(connector(n)) for n in (1, 2)] == ["emergency", "free"]
    assert not Station.objects.get().emergency
    assert services.acknowledge_faults(1, "monitoring", at_cabinet=False).refusal == "not_at_cabinet"
    assert services.acknowledge_faults(1, "technician", at_cabinet=True).accepted
    driven.end(1)
    assert situation_of(connector(1)) == "free"
    assert JournalEntry.objects.filter(kind="FaultsChanged", who="monitoring").count() == 1


def test_the_socket_is_below_the_folder_of_the_station() -> None:
    assert str(live.controllers_socket()).startswith(str(settings.DATA_DIR))
