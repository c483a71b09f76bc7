"""The turns of a line: outputs come from committed rows, and without a commit from the more restrictive of two."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from charging import record, services
from charging.domain import events as e
from charging.domain.limits import Lease
from charging.domain.observation import Pilot
from charging.domain.status import Status, status_of
from charging.models import Connector as Row
from charging.models import JournalEntry, MeterSample, Station, Transaction
from charging.sampling import Samples
from charging.turns import Turns
from tests.charging.rows import AC, DC, Driven, add_connectors, at, connector, frame_of, locked_database

pytestmark = pytest.mark.django_db


def authorize(number: int = 1, mono_s: float = 100.0) -> None:
    record.happen(number, [e.Authorized(now_s=mono_s, id_tag="T")], moment=at(mono_s))


def charging_car(register_wh: int = 1000) -> Driven:
    add_connectors(AC)
    authorize()
    driven = Driven(1)
    driven.charge(register_wh=register_wh)
    return driven


def test_a_transaction_is_committed_before_the_contactor_may_close() -> None:
    add_connectors(AC)
    authorize()
    driven = Driven(1)
    assert driven.see().enable
    assert Transaction.objects.get().meter_start_wh == 1000


def test_a_quiet_turn_costs_one_small_query_and_writes_nothing() -> None:
    driven = charging_car()
    with CaptureQueriesContext(connection) as queries:
        for n in range(5):
            driven.see(ev_ready=True, delivering=True, pilot=Pilot.C, register_wh=1000 + n // 3)
    assert len(queries) == 5
    assert all("version" in each["sql"] and each["sql"].startswith("SELECT") for each in queries)


def test_an_unknown_connector_gets_no_outputs() -> None:
    turns = Turns([7])
    turns.refresh()
    assert turns.observe(7, frame_of(AC), at(1.0)) is None
    assert turns.connector(7) is None
    assert turns.register_wh(7) is None
    turns.silent(7, at(1.0))


def test_a_request_of_somebody_else_is_seen_in_the_next_turn() -> None:
    driven = charging_car()
    assert services.stop(1, by="technician", who="touch").accepted
    assert not driven.see(delivering=True).enable


@pytest.mark.django_db(transaction=True)
def test_a_stop_between_a_commit_and_the_next_reading_is_not_overlooked() -> None:
    """Another thread writes as soon as the turn's commit has let the lock go."""
    add_connectors(AC)
    authorize()
    driven = Driven(1)
    driven.turns.refresh()
    begun = threading.Event()

    def stop() -> None:
        begun.set()
        while not Transaction.objects.exists():
            pass
        record.happen(1, [e.StopRequested(now_s=101.0, reason="Local")], moment=at(101.0))
        connections.close_all()

    other = threading.Thread(target=stop)
    other.start()
    begun.wait(5)
    driven.see()
    other.join(30)
    assert not driven.see().enable


@pytest.mark.django_db(transaction=True)
def test_a_start_that_cannot_be_committed_does_not_switch_on() -> None:
    add_connectors(AC)
    authorize()
    driven = Driven(1)
    driven.turns.refresh()
    with locked_database():
        outputs = driven.see()
        assert (outputs.enable, outputs.limit_a, outputs.limit_w) == (False, 0.0, 0)
        assert outputs.lock is False
    assert driven.see().enable


@pytest.mark.django_db(transaction=True)
def test_without_a_commit_for_5_s_the_connector_is_off_until_one_succeeds() -> None:
    driven = charging_car()
    car: dict[str, Any] = {"ev_ready": True, "delivering": True, "pilot": Pilot.C}
    hot: dict[str, Any] = {**car, "faults": frozenset({"HighTemperature"})}
    with locked_database():
        assert driven.see(**hot).enable  # a warning that cannot be recorded: both sides of it allow charging
        assert driven.see(**hot, passed_s=4.9).enable
        off = driven.see(**hot, passed_s=0.1)
        assert (off.enable, off.authorized, off.limit_a, off.limit_w) == (False, False, 0.0, 0)
    assert driven.see(**hot).enable
    assert connector().board_faults == {"HighTemperature"}


@pytest.mark.django_db(transaction=True)
def test_a_fault_that_cannot_be_committed_switches_off_at_once() -> None:
    driven = charging_car()
    with locked_database():
        assert not driven.see(delivering=True, faults=frozenset({"GroundFailure"})).enable


@pytest.mark.django_db(transaction=True)
def test_a_limit_stays_at_the_lower_of_both_while_nothing_is_committed() -> None:
    driven = charging_car()
    lease = Lease(source="site", limit_w=9000, expires_s=driven.now_s + 1.0, fallback_w=5000)
    record.happen(1, [e.Leased(now_s=driven.now_s, lease=lease)], moment=at(driven.now_s))
    car: dict[str, Any] = {"ev_ready": True, "delivering": True, "pilot": Pilot.C}
    assert driven.see(**car).limit_a == 13.0
    with locked_database():
        assert driven.see(**car, passed_s=1.0).limit_a == 7.2
        assert driven.see(**car).limit_a == 7.2


def test_too_much_current_is_a_fault_that_keeps_the_transaction() -> None:
    driven = charging_car()
    lease = Lease(source="site", limit_a=10.0)
    record.happen(1, [e.Leased(now_s=driven.now_s, lease=lease)], moment=at(driven.now_s))
    car: dict[str, Any] = {"ev_ready": True, "delivering": True, "pilot": Pilot.C, "currents_a": (12.0,)}
    driven.see(**car)
    assert driven.see(**car).enable
    assert not driven.see(**car, passed_s=6.0).enable
    assert status_of(connector()) is Status.FAULTED
    assert connector().latches == {"OverDraw"}
    assert connector().transaction


@pytest.mark.parametrize("capability", [AC, DC])
def test_a_contactor_that_does_not_follow_a_pause_is_a_fault(capability: object) -> None:
    add_connectors(AC if capability is AC else DC)
    authorize()
    driven = Driven(1)
    driven.charge()
    pause = Lease(source="site", limit_w=0)
    record.happen(1, [e.Leased(now_s=driven.now_s, lease=pause)], moment=at(driven.now_s))
    car: dict[str, Any] = {"ev_ready": True, "delivering": True, "pilot": Pilot.C}
    driven.see(**car)
    driven.see(**car)
    driven.see(**car, passed_s=20.0)
    assert "ContactorNotOpening" in connector().latches


def test_a_wrong_register_is_a_fault_and_the_last_right_one_is_kept() -> None:
    driven = charging_car()
    driven.see(delivering=True, register_wh=10**9)
    assert connector().latches == {"MeterJump"}
    assert driven.turns.register_wh(1) == 1000
    services.stop(1, by="technician", who="touch")
    driven.see(register_wh=10**9)
    driven.see(register_wh=10**9)
    assert Transaction.objects.get().meter_stop_wh == 1000


def test_silence_is_recorded_once_and_the_meter_may_have_moved_on_meanwhile() -> None:
    driven = charging_car()
    driven.turns.silent(1, at(driven.now_s + 3.0))
    driven.turns.silent(1, at(driven.now_s + 4.0))
    assert connector().lost_s == driven.now_s + 3.0
    assert JournalEntry.objects.filter(kind="ContactChanged").count() == 1
    assert driven.see(passed_s=60.0, delivering=True, register_wh=1300).enable
    assert connector().faults == set()


@pytest.mark.django_db(databases=["default", "logs"])
def test_samples_and_checkpoints_come_at_their_own_pace() -> None:
    driven = charging_car()
    Station.objects.update(sample_interval_s=90)
    samples, frames = Samples(), {1: frame_of(AC, register_wh=1100, power_w=7000)}
    taken = [samples.take(frames, [connector()], at(200.0 + n)) for n in range(0, 181, 30)]
    assert taken == [1, 0, 0, 1, 0, 0, 1]
    assert list(MeterSample.objects.values_list("register_wh", "power_w", "limit_w")) == [(1100, 7000, 22080)] * 3
    assert Row.objects.get().register_wh == 1100
    station = Station.objects.get()
    assert (station.seen_mono_s, station.boot_id) == (380.0, "boot")
    driven.end()
    assert samples.take(frames, [connector()], at(999.0)) == 0


@pytest.mark.django_db(databases=["default", "logs"])
def test_how_long_the_station_was_gone_is_known_to_a_minute_even_with_rare_samples() -> None:
    charging_car()
    Station.objects.update(sample_interval_s=3600)
    samples, frames = Samples(), {1: frame_of(AC)}
    for n in range(0, 200, 20):
        samples.take(frames, [connector()], at(200.0 + n))
    assert Station.objects.get().seen_mono_s == 380.0
