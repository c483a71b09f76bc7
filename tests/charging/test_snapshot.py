"""The station as one document, and the wire that carries what is live, with Redis and without."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings

from charging import clock, live, record, services
from charging.domain import events as e
from charging.domain.brightness import Brightness
from charging.domain.connector import Connector
from charging.domain.limits import Lease
from charging.domain.observation import Pilot
from charging.domain.receipt import is_told
from charging.domain.situation import SITUATIONS
from charging.models import ChargingSession, PresentedCard, Station, Transaction
from charging.models import Connector as Row
from charging.snapshot import ConnectorShown, snapshot
from hardware.control_socket import ControlSocket
from hardware.emergency import Emergency
from hardware.reading import reading_of
from tests.charging.rows import AC, Driven, add_connectors, at, frame_of, with_group
from tests.conftest import running_redis, wait_until

pytestmark = pytest.mark.django_db
CAR: Final[dict[str, Any]] = {"ev_ready": True, "delivering": True, "pilot": Pilot.C, "currents_a": (16.0,)}


@pytest.fixture(autouse=True)
def forgotten_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own opinion of whether Redis answers."""
    monkeypatch.setattr(live, "_wire", live._Wire())


def driven_station(count: int = 2, **columns: Any) -> Driven:
    add_connectors(*count * [AC], **columns)
    return Driven(*range(1, count + 1), mono_s=clock.now().mono_s)


def shown(number: int = 1, **frame: Any) -> ConnectorShown:
    """What is shown of a connector whose last reading was just now."""
    live.put_readings("line", {number: reading_of(frame_of(AC, **frame))})
    return next(c for c in snapshot()["connectors"] if c["number"] == number)


def happen(*events: e.Event, number: int = 1) -> None:
    record.happen(number, events, moment=clock.now())


def now_s() -> float:
    return clock.now().mono_s


def start(driven: Driven) -> None:
    services.start(1, by="screen", who="w")
    driven.charge()


def stop(driven: Driven) -> None:
    services.stop(1, by="screen", who="w")
    driven.see()


def wait_for_turn(driven: Driven) -> None:
    Row.objects.update(capability=record.capability_columns(with_group(AC, 3)))
    services.start(2, by="screen", who="w")
    driven.charge(2)
    services.start(1, by="screen", who="w")
    driven.see(1)


def pause(driven: Driven) -> None:
    happen(e.Leased(now_s=now_s(), lease=Lease(source="technician", limit_w=0)))
    driven.see()


SITUATION_STEPS: Final[dict[str, tuple[Callable[[Driven], object], ...]]] = {
    "free": (lambda d: d.see(plugged=False),),
    "plug_in": (lambda _d: services.start(1, by="screen", who="w"),),
    "authorize": (lambda d: d.see(),),
    "connecting": (lambda _d: services.start(1, by="screen", who="w"), lambda d: d.see()),
    "waiting_turn": (wait_for_turn,),
    "charging": (start,),
    "paused_by_car": (start, lambda d: d.see()),
    "paused_by_station": (start, pause),
    "stopping": (start, lambda _d: services.stop(1, by="screen", who="w")),
    "unplug": (start, stop, lambda d: d.see()),
    "reserved": (lambda _d: happen(e.ReservationRequested(reservation_id=1, id_tag="X", expires_s=now_s() + 60)),),
    "out_of_service": (lambda _d: services.set_availability(1, operative=False, source="t", who="w"),),
    "fault_user": (lambda d: d.see(faults=frozenset({"ProximityFault"})),),
    "fault": (lambda d: d.see(faults=frozenset({"HighTemperature", "GroundFailure"})),),
    "emergency": (lambda _d: services.latch_emergency("w", clock.now()),),
    "no_contact": (lambda d: d.turns.silent(1, clock.now()),),
}


@pytest.mark.usefixtures("redis_server")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_situation_is_shown(situation: str) -> None:
    driven = driven_station()
    driven.turns.refresh()
    for step in SITUATION_STEPS[situation]:
        step(driven)
    c = shown()
    assert c["situation"] == situation
    assert c["blocked"] == (situation in {"fault", "fault_user", "emergency"})
    assert c["can_start"] == (situation in {"free", "authorize", "unplug", "reserved"} and situation != "reserved")
    assert c["can_stop"] == (
        situation in {"plug_in", "connecting", "waiting_turn", "charging", "paused_by_car", "paused_by_station"}
    )
    assert (c["countdown_s"] is not None) == (situation == "plug_in")
    assert c["in_use_by"] == ("B" if situation == "waiting_turn" else "")
    assert (c["finished"] is not None) == (situation == "unplug")


@pytest.mark.usefixtures("redis_server")
def test_energy_time_and_the_tail_of_the_id_tag_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    driven = driven_station()
    services.start(1, by="remote", who="w", id_tag="04A2B3C4D5E6F7")
    driven.charge(register_wh=1000)
    monkeypatch.setattr("charging.snapshot.now", lambda: at(driven.now_s + 30.0, known=False))
    running = shown(register_wh=1250)["transaction"]
    assert running
    assert (running["energy_wh"], running["id_tag_tail"], running["meter_start_wh"]) == (250, "E6F7", 1000)
    assert running["seconds"] == pytest.approx(30.4)  # by the monotonic clock: the wall clock is wrong here
    assert Transaction.objects.get().id_tag not in str(snapshot())


@pytest.mark.usefixtures("redis_server")
def test_a_blocking_fault_is_quoted_before_any_other() -> None:
    driven = driven_station()
    driven.see(faults=frozenset({"CableOverTempDerate", "GroundFailure"}))
    c = shown()
    assert (c["error_code"], c["mrec"], c["faults"]) == (
        "GroundFailure",
        "CX002",
        ["CableOverTempDerate", "GroundFailure"],
    )


@pytest.mark.usefixtures("redis_server")
@pytest.mark.parametrize(
    ("lease", "limited_by", "why"),
    [
        (None, "setpoint", ""),
        (None, "cable", "cable"),
        (None, "temperature", "temperature"),
        (Lease(source="site", limit_a=10.0), "setpoint", "site"),
    ],
)
def test_who_limits_is_named_while_it_charges(lease: Lease | None, limited_by: str, why: str) -> None:
    driven = driven_station()
    start(driven)
    if lease:
        happen(e.Leased(now_s=now_s(), lease=lease))
    assert shown(limited_by=limited_by)["why"] == why


@pytest.mark.usefixtures("redis_server")
def test_a_stale_reading_is_never_shown_as_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    driven = driven_station()
    start(driven)
    assert shown()["fresh"]
    real_s = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real_s() + 3.1)
    c = snapshot()["connectors"][0]
    assert (c["fresh"], c["reading"], c["situation"]) == (False, None, "no_software")
    assert c["transaction"]
    assert c["transaction"]["energy_wh"] is None


@pytest.mark.usefixtures("redis_server")
def test_a_presented_card_is_shown_for_a_while_and_not_of_another_boot() -> None:
    driven_station(authorization_mode="card")
    services.card_presented("04A2B3C4D5E6F7")
    card = snapshot()["card"]
    assert card
    assert (card["tail"], card["state"], card["why"]) == ("E6F7", "refused", "card_unknown")
    PresentedCard.objects.update(shown_until_s=now_s() + 90_000)
    assert snapshot()["card"] is None


@pytest.mark.usefixtures("redis_server")
def test_the_station_says_what_it_learns_and_whether_it_was_stopped() -> None:
    driven_station()
    services.learn_card("t")
    assert snapshot()["station"]["learning"]
    Station.objects.update(learning_until_s=now_s() + 90_000)  # of another boot
    services.emergency_stop("w")
    said = snapshot()["station"]
    assert (said["learning"], said["emergency"], said["emergency_acknowledged"]) == (False, True, False)


@pytest.mark.usefixtures("redis_server")
def test_beats_have_an_age() -> None:
    live.beat("polling")
    live.beat("reader")
    ages = live.heartbeats()
    assert set(ages) == {"polling", "reader"}
    assert all(0 <= age_s < 5 for age_s in ages.values())
    assert snapshot()["station"]["reader_present"] is True


@pytest.fixture
def controllers() -> Iterator[dict[str, Any]]:
    """The controllers process answers over its socket, and Redis is away."""
    told: dict[str, Any] = {"lines": [], "beats": {"polling": 0.1}}
    control = ControlSocket(Emergency(), {live.ASK: lambda _about: told})
    control.bind()
    control.start()
    yield told
    control.stop()
    control.join(5)


def test_without_redis_the_controllers_are_asked_directly(
    monkeypatch: pytest.MonkeyPatch, controllers: dict[str, Any], tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    driven_station()
    reading = reading_of(frame_of(AC, register_wh=4711))
    controllers["lines"] = [f'{{"at_s": {now_s()}, "connectors": {{"1": {json.dumps(reading)}}}}}']
    c = snapshot()["connectors"][0]
    assert c["reading"]
    assert c["reading"]["register_wh"] == 4711
    assert live.heartbeats() == {"polling": 0.1}
    assert not live.present()


def test_without_redis_nobody_claims_that_the_reader_is_gone(
    monkeypatch: pytest.MonkeyPatch, controllers: dict[str, Any], tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    driven_station()
    assert snapshot()["station"]["reader_present"] is None
    controllers["beats"]["reader"] = 0.5
    assert snapshot()["station"]["reader_present"] is True
    controllers["beats"]["reader"] = 60.0
    assert snapshot()["station"]["reader_present"] is False


def test_when_nobody_answers_nothing_is_invented_and_nothing_raises(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    driven_station()
    live.wake()
    live.changed()
    live.beat("polling")
    assert (live.readings(), live.heartbeats(), live.asked_directly()) == ({}, {}, {})
    assert snapshot()["connectors"][0]["situation"] == "no_software"


def test_redis_that_comes_back_is_used_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", f"unix://{tmp_path}/redis.sock")
    assert not live.present()
    heard = threading.Event()
    listener = live.Listener(live.WAKE, heard)
    listener.start()
    with running_redis(tmp_path / "redis.sock"):
        wait_until(live.present)
        wait_until(heard.is_set)  # what may have been said while nobody listened
        heard.clear()
        live.wake()
        wait_until(heard.is_set)
        live.put_readings("line", {1: reading_of(frame_of(AC))})
        assert set(live.readings()) == {1}
        listener.stop()
        listener._thread.join(5)
        assert not listener._thread.is_alive()


def test_an_answer_that_is_no_json_is_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    live.controllers_socket().parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as far:
        far.settimeout(5)
        far.bind(str(live.controllers_socket()))
        answering = threading.Thread(target=lambda: far.sendto(b'{"lines": [', far.recvfrom(64)[1]))
        answering.start()
        assert live.asked_directly() == {}
        answering.join(5)


def test_a_time_that_nobody_believes_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    driven_station()
    monkeypatch.setattr("charging.snapshot.now", lambda: at(5.0, known=False))
    assert not snapshot()["station"]["clock_known"]


@pytest.mark.usefixtures("redis_server")
def test_a_connector_that_is_off_because_nothing_can_be_recorded_says_so() -> None:
    driven_station()
    live.put_readings("line", {1: reading_of(frame_of(AC)) | {"not_recorded": True}})
    c = snapshot()["connectors"][0]
    assert (c["situation"], c["faults"], c["error_code"], c["can_start"]) == (
        "fault",
        ["NotRecorded"],
        "InternalError",
        False,
    )
    live.put_readings("line", {1: reading_of(frame_of(AC)) | {"not_recorded": False}})
    assert snapshot()["connectors"][0]["faults"] == []


@pytest.mark.usefixtures("redis_server")
def test_a_board_that_moved_to_another_line_is_read_where_it_answers() -> None:
    now_s = time.monotonic()
    for line, age_s in (("new", 0.0), ("old", 60.0)):
        live.put_readings(line, {1: {"power_w": age_s, "at_s": now_s - age_s}})
    assert live.readings()[1]["power_w"] == 0.0


@pytest.mark.usefixtures("redis_server")
def test_it_tells_how_bright_it_is_while_a_sensor_says_so() -> None:
    assert snapshot()["station"]["brightness"] == ""
    live.put_brightness(Brightness.SUNLIGHT)
    assert snapshot()["station"]["brightness"] == "sunlight"


def test_it_tells_how_the_last_session_ended_until_somebody_else_comes() -> None:
    driven = driven_station(1)
    start(driven)
    assert (shown(**CAR)["card_stops"], shown(**CAR)["left"]) == (False, None)
    stop(driven)
    driven.end(1)
    ChargingSession.objects.update(closed_at=clock.now().at)  # a driven world has a calendar of its own
    told = shown()
    assert told["finished"] is None
    assert told["left"]
    assert (told["left"]["stopped_at"] != "", told["stop_reason"]) == (True, "Local")
    assert told["left_for_s"] == pytest.approx(900.0, abs=5.0)
    driven.see(plugged=True)
    assert (shown()["left"], shown()["left_for_s"]) == (None, None)


def test_it_tells_of_a_power_cut_that_ended_a_session_while_nobody_looked() -> None:
    driven = driven_station(1)
    start(driven)
    Transaction.objects.update(stopped_at=clock.now().at, meter_stop_wh=12_000, stop_reason="PowerLoss")
    Row.objects.update(facts={})
    ChargingSession.objects.update(closed_at=clock.now().at)
    told = shown()
    assert told["left"]
    assert told["stop_reason"] == "PowerLoss"


@pytest.mark.parametrize(("left_s", "told"), [(-1, False), (0, True), (899, True), (901, False)])
def test_an_outcome_is_told_for_a_quarter_of_an_hour(left_s: float, told: bool) -> None:
    assert is_told(Connector(), left_s) is told
