"""The turns of a line against a real simulator: read, observe, write."""

from __future__ import annotations

import time

import pytest

from charging import services
from charging.domain.lights import LIGHTS
from charging.domain.situation import situation_of
from charging.models import Connector as Row
from charging.models import JournalEntry, MeterSample, Transaction
from hardware.models import Controller
from hardware.turning import LOCK_MOVES_S, LOCK_PERIOD_S, PERIOD_S, LineTurns
from tests.charging.rows import locked_database
from tests.hardware.cabinets import Cabinet, connector
from tests.hardware.cabinets import cabinet as cabinet  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


def charge(cabinet: Cabinet, number: int = 1) -> None:
    services.start(number, by="screen", who="touch")
    cabinet.bench(f"/plugin?connector_id={number}")
    cabinet.until(lambda: situation_of(connector(number)) == "charging")


def stop(cabinet: Cabinet, number: int = 1) -> Transaction:
    services.stop(number, by="technician", who="touch")
    cabinet.until(lambda: connector(number).transaction is None)
    return Transaction.objects.get(connector=number)


@pytest.mark.parametrize("cabinet", ["ac1", "ac2"], indirect=True)
def test_a_car_is_charged_and_its_energy_is_that_of_the_meter(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    charge(cabinet)
    cabinet.until(lambda: cabinet.truth()["power_w"] > 3000)
    cabinet.until(lambda: cabinet.truth()["watchdog"]["left_s"] > 2.0)
    cabinet.until(lambda: turns.state.readings[1]["power_w"] > 3000)
    assert MeterSample.objects.exists()
    row = stop(cabinet)
    assert not cabinet.truth()["contactor"]
    assert (row.flagged, row.stop_reason) == (False, "Local")
    assert row.meter_stop_wh == pytest.approx(cabinet.truth()["register_wh"], abs=1.0)
    cabinet.until(lambda: situation_of(connector()) == "unplug")
    cabinet.bench("/plugout?connector_id=1")
    cabinet.until(lambda: situation_of(connector()) == "free")


@pytest.mark.parametrize("cabinet", ["default"], indirect=True)
def test_a_dc_car_is_charged(cabinet: Cabinet) -> None:
    cabinet.polled(2)
    services.start(1, by="screen", who="touch")
    cabinet.bench("/plugin?connector_id=3")
    cabinet.until(lambda: situation_of(connector()) == "charging", 30.0)
    assert stop(cabinet).stop_reason == "Local"


@pytest.mark.parametrize("cabinet", ["ac1"], indirect=True)
def test_turns_follow_each_other_faster_while_a_lock_moves_and_not_for_one_that_is_jammed(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    services.start(1, by="screen", who="touch")
    cabinet.bench("/plugin?connector_id=1")
    assert turns.period_s == PERIOD_S
    cabinet.until(lambda: turns.period_s == LOCK_PERIOD_S)
    cabinet.until(lambda: turns.period_s == PERIOD_S)
    assert cabinet.truth()["lock"]
    turns.units[0].lock_moves_s = turns.state.turned_s - LOCK_MOVES_S
    assert turns.period_s == PERIOD_S


def order(turns: LineTurns) -> list[int]:
    """Whose turn it was, and when: the latest first."""
    return [unit.number for unit in sorted(turns.units, key=lambda unit: -unit.asked_s)]


def test_who_waits_for_something_is_served_first_and_the_others_keep_their_pace(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    turns.turn()
    assert order(turns) == [2, 1]
    services.start(2, by="screen", who="touch")
    turns.turn()
    assert order(turns) == [1, 2]
    turns.units[1].lock_moves_s = turns.state.turned_s
    before_s = turns.units[0].asked_s
    turns.turn()
    assert turns.units[0].asked_s == before_s
    turns.units[0].asked_s, turns.units[1].lock_moves_s = before_s - PERIOD_S, turns.state.turned_s
    turns.turn()
    assert order(turns) == [1, 2]


def test_a_stop_bit_stops_the_whole_line_and_keeps_every_write_at_zero(cabinet: Cabinet) -> None:
    cabinet.polled()
    charge(cabinet)
    cabinet.bench("/estop", {"pressed": True, "wired": False})
    cabinet.until(cabinet.emergency.event.is_set)
    assert cabinet.emergency.heard
    cabinet.until(lambda: not cabinet.truth()["contactor"])
    cabinet.until(lambda: situation_of(connector()) == "emergency")
    assert cabinet.truth()["setpoint"]["limit_a"] == 0


def test_while_the_station_is_stopped_nothing_that_was_decided_before_is_written(cabinet: Cabinet) -> None:
    cabinet.polled()
    charge(cabinet)
    cabinet.emergency.raise_now("screen")
    cabinet.until(lambda: not cabinet.truth()["contactor"])
    assert cabinet.truth()["setpoint"]["enable"] == ["AVAILABLE"]
    assert connector().transaction  # the latch comes with the station's turn, the zero came without it


def test_a_silent_unit_is_no_contact_and_its_neighbour_goes_on(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    charge(cabinet, 2)
    began_s = time.monotonic()
    cabinet.bench("/controllers/1", {"powered": False})
    cabinet.until(lambda: connector(1).lost_s is not None)
    assert time.monotonic() - began_s >= 2.5
    assert set(turns.state.readings) == {2}
    assert situation_of(connector(2)) == "charging"
    cabinet.until(lambda: cabinet.truth(2)["watchdog"]["left_s"] > 1.0)
    cabinet.bench("/controllers/1", {"powered": True})
    cabinet.until(lambda: connector(1).lost_s is None)


def test_one_lost_frame_is_shown_as_the_reading_before_it_with_its_age(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    turns.turn()
    before = turns.state.readings[1]
    cabinet.bench("/lines/1", {"drop_share": 1.0})
    turns.turn()
    assert turns.state.readings[1] == before
    assert before["at_s"] < turns.state.told_s


def test_light_and_clock_are_put_right_after_a_reboot(cabinet: Cabinet) -> None:
    cabinet.polled()
    free = LIGHTS["free"]

    def right() -> bool:
        now = cabinet.truth()
        shown = (now["light"]["green"], now["light"]["brightness_percent"]) == (free.green, free.brightness_percent)
        return shown and abs(now["controller"]["clock_offset_s"]) < 2

    cabinet.until(right)
    cabinet.bench("/controllers/1", {"clock_offset_s": 3600})
    cabinet.bench("/controllers/1", {"restart": True})
    cabinet.until(lambda: cabinet.truth()["controller"]["resets"] > 0 and right())
    cabinet.until(lambda: not JournalEntry.objects.filter(kind="FaultsChanged").exists())


def test_the_light_follows_the_situation(cabinet: Cabinet) -> None:
    cabinet.polled()
    cabinet.bench("/plugin?connector_id=1")
    cabinet.until(lambda: cabinet.truth()["light"]["blue"] == LIGHTS["authorize"].blue)
    assert cabinet.truth()["light"]["period_ms"] == LIGHTS["authorize"].period_ms


def test_lights_are_as_bright_and_blink_as_often_as_the_owner_wants(cabinet: Cabinet) -> None:
    """LightIntensity and BlinkRepeat (OCPP 1.6 sections 9.1.11 and 9.1.4)."""
    cabinet.polled()
    free, authorize = LIGHTS["free"], LIGHTS["authorize"]
    cabinet.until(lambda: cabinet.truth()["light"]["brightness_percent"] == free.brightness_percent)
    services.change_settings("test", light_intensity_percent=50, blink_repeat=1)
    cabinet.until(lambda: cabinet.truth()["light"]["brightness_percent"] == free.brightness_percent // 2)
    cabinet.bench("/plugin?connector_id=1")
    cabinet.until(lambda: cabinet.truth()["light"]["mode"] == "blink")
    cabinet.until(lambda: cabinet.truth()["light"]["mode"] == "solid")
    assert cabinet.truth()["light"]["blue"] == authorize.blue
    assert situation_of(connector()) == "authorize"


def test_a_board_that_is_enabled_without_a_transaction_is_switched_off_first(cabinet: Cabinet) -> None:
    cabinet.polled()
    charge(cabinet)
    Transaction.objects.all().delete()
    Row.objects.update(facts={}, version=99)
    cabinet.until(lambda: not cabinet.truth()["contactor"])
    assert connector().transaction is None


def contactor_edges(cabinet: Cabinet) -> int:
    records = cabinet.bench("/truth?since=0", method="GET")["records"]
    return sum(record["kind"] == "contactor" for record in records)


def test_a_restarted_worker_goes_on_without_opening(cabinet: Cabinet) -> None:
    cabinet.polled()
    charge(cabinet)
    cabinet.close()
    cabinet.lines.clear()
    cabinet.polled()
    cabinet.until(lambda: situation_of(connector()) == "charging" and cabinet.lines[0].state.turns > 3)
    assert contactor_edges(cabinet) == 1
    assert Transaction.objects.count() == 1


def test_another_board_at_the_address_gets_no_setpoint_until_it_was_confirmed(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    Controller.objects.filter(connector_number=1).update(board_serial="SN-OLD")
    turns.units[0].board_serial = "SN-OLD"
    services.start(1, by="screen", who="touch")
    cabinet.bench("/plugin?connector_id=1")
    cabinet.until(lambda: "ControllerMismatch" in connector().faults)
    cabinet.until(lambda: connector().lost_s is not None)
    assert cabinet.truth()["heartbeats"]["count"] == 0
    assert Controller.objects.get(connector_number=1).answers_as == cabinet.truth()["controller"]["serial"]


@pytest.mark.django_db(transaction=True, databases=["default", "logs"])
def test_without_a_commit_the_connector_is_off_after_5_s_and_comes_back(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    charge(cabinet)
    cabinet.bench("/faults/1", {"code": "HighTemperature", "on": True})
    with locked_database():
        cabinet.until(lambda: not cabinet.truth()["contactor"])
        cabinet.until(lambda: turns.state.readings[1]["not_recorded"])
    cabinet.until(lambda: situation_of(connector()) == "charging")
    assert not turns.state.readings[1]["not_recorded"]


def test_zero_ends_it_in_order(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    charge(cabinet)
    turns.zero()
    assert cabinet.truth()["setpoint"]["limit_a"] == 0
