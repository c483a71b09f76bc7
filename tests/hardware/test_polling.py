"""The polling of a cabinet as it runs in the worker: threads, wake-ups, the latched stop, the last zero."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import ANY

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from charging import lines, live, services
from charging.domain.connector import Connector
from charging.domain.situation import situation_of
from charging.models import Card, JournalEntry, PresentedCard, Station, Transaction
from charging.models import Connector as Row
from charging.snapshot import snapshot
from hardware.bringing_up import BroughtUp, bring_up
from hardware.models import Controller
from hardware.polling import Polling, nobody_on
from hardware.registry import driver_named
from hardware.telling import FRAMES_TOLD
from tests.conftest import wait_until
from tests.hardware.cabinets import Simulated, connector
from tests.hardware.simulator.rig import call

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "logs"])]


class Running:
    """A station `default` with its polling in this process."""

    def __init__(self, simulated: Simulated) -> None:
        self.simulated = simulated
        self.polling = Polling()

    def bench(self, path: str, body: object = None, method: str = "POST") -> dict[str, Any]:
        status, answer = call(self.simulated.url, method, path, body)
        assert status == 200, answer
        return answer

    def truth(self, number: int = 1) -> dict[str, Any]:
        return self.bench(f"/state?connector_id={number}", method="GET")

    def charge(self, number: int = 1) -> None:
        self.bench(f"/plugin?connector_id={number}")
        wait_until(lambda: connector(number).plugged)
        # Refused while a latch of the board, or a reading that is missing, still forbids it.
        wait_until(lambda: services.start(number, by="screen", who="touch").accepted)
        wait_until(lambda: situation_of(connector(number)) == "charging", 20.0)


@pytest.fixture
def cold(
    station_simulator: Callable[[str], Simulated], monkeypatch: pytest.MonkeyPatch, redis_server: str
) -> Iterator[Running]:
    """Everything is there, nothing is polled yet."""
    simulated = station_simulator("default")
    monkeypatch.setattr(settings, "LINES", (f"glob:{simulated.data_dir}/dev/bus*",))
    monkeypatch.setattr(settings, "READER", str(simulated.data_dir / "dev" / "rfid"))
    monkeypatch.setattr(driver_named("native"), "units", range(1, 3))
    monkeypatch.setattr(live, "_wire", live._Wire())
    Station.objects.create(pk=1, authorization_mode="none", has_screen=True)
    assert redis_server
    running = Running(simulated)
    yield running
    running.polling.stop()
    connections.close_all()


@pytest.fixture
def running(cold: Running) -> Running:
    cold.polling.start()
    wait_until(lambda: Row.objects.count() == 4 and len(live.readings()) == len(live.turns()) == 4, 20.0)
    wait_until(lambda: live.in_time(live.heartbeats(), "polling"))
    return cold


def test_a_first_start_numbers_in_order_and_everything_is_polled(running: Running) -> None:
    numbers = Controller.objects.order_by("connector_number").values_list("connector_number", "unit")
    assert list(numbers) == [(1, 1), (2, 2), (3, 1), (4, 2)]
    types = list(Row.objects.order_by("number").values_list("connector_type", flat=True))
    assert types == ["TYPE2_SOCKET", "TYPE2_CABLE", "CCS2", "CHADEMO"]
    wait_until(lambda: {"polling", "reader"} <= set(live.heartbeats()))
    wait_until(lambda: running.polling.age_s() < 3.0)
    told = live.asked_directly()
    assert len(told["lines"]) == 2
    assert set(told["beats"]) == {"polling", "reader"}


def told_lines() -> list[lines.LineTold]:
    return lines.lines() or []


def told_units() -> list[lines.UnitTold]:
    return [unit for line in told_lines() for unit in line["units"]]


def trace_of(path: str) -> list[lines.FrameTold]:
    told = lines.trace(path)
    return told["frames"] if told else []


def test_who_asks_is_told_the_counters_of_every_line_and_the_frames_of_one(running: Running) -> None:
    running.bench("/lines?connector_id=1", {"bit_error_rate": 1e-3})
    wait_until(lambda: any(unit["corrupted"] for unit in told_units()))
    running.bench("/lines?connector_id=1", {"bit_error_rate": 0.0})
    told: list[lines.LineTold] = []
    frames: list[lines.FrameTold] = []

    def all_answer() -> bool:
        told[:] = told_lines()
        return [unit["ok"] > 0 for line in told for unit in line["units"]] == 5 * [True]

    def full() -> bool:
        frames[:] = trace_of(told[0]["path"])
        return len(frames) == FRAMES_TOLD

    wait_until(all_answer)
    assert [(line["reader"], [unit["connector"] for unit in line["units"]]) for line in told] == [
        (False, [1, 2]),
        (False, [3, 4]),
        (True, [None]),
    ]
    for unit in (unit for line in told for unit in line["units"]):
        assert 0 < (unit["p50_s"] or 0) <= (unit["p99_s"] or 0)
        assert unit["answer_age_s"] is not None
    wait_until(full)
    assert frames == sorted(frames, key=lambda frame: frame["at_s"])
    assert {frame["direction"] for frame in frames} >= {">", "<"}
    wait_until(lambda: lines.trace("/etc/passwd") == {"reader": False, "frames": []})
    wait_until(lambda: lines.trace(told[2]["path"]) == {"reader": True, "frames": ANY})


def test_a_silent_unit_is_told_as_left_alone_and_the_age_of_its_answer_grows(running: Running) -> None:
    def second(name: str) -> Any:
        return next((unit[name] for unit in told_units() if unit["connector"] == 2), None)  # type: ignore[literal-required]

    wait_until(lambda: second("ok"))
    running.bench("/controllers/2", {"powered": False})
    wait_until(lambda: second("offline") and (second("answer_age_s") or 0) > 1, 20.0)
    wait_until(lambda: 0 <= (second("asked_again_s") or -1) <= 5)


def test_a_car_is_charged_woken_at_once_and_stopped_by_a_last_zero(running: Running) -> None:
    running.charge()
    wait_until(lambda: running.truth()["power_w"] > 1000)
    running.polling.stop()
    # A broadcast has no answer: the simulator reads it a moment later, long before its watchdog would say the same.
    wait_until(lambda: running.truth()["setpoint"]["limit_a"] == 0, 1.0)
    wait_until(lambda: not running.truth()["contactor"])
    assert Transaction.objects.get().stopped_at is None  # it goes on when the worker is back


def lock_moves(running: Running, number: int) -> list[bool]:
    """Every move of a lock since the simulator began: whether it closed."""
    lines = (running.simulated.data_dir / "truth.jsonl").read_text().splitlines()
    facts = [json.loads(line) for line in lines]
    return [fact["closed"] for fact in facts if fact["kind"] == "lock" and fact["connector_id"] == number]


def test_the_lock_holds_the_cable_of_a_session_that_goes_on_after_an_orderly_stop(running: Running) -> None:
    running.charge(1)
    wait_until(lambda: running.truth()["lock"])
    running.polling.stop()
    wait_until(lambda: not running.truth()["contactor"])
    wait_until(lambda: running.truth()["watchdog"]["tripped"])
    running.polling = Polling()
    running.polling.start()
    wait_until(lambda: running.truth()["contactor"], 20.0)
    assert lock_moves(running, 1) == [True]


def test_an_emergency_lets_the_cable_go(running: Running) -> None:
    running.charge(1)
    wait_until(lambda: running.truth()["lock"])
    services.emergency_stop("screen")
    wait_until(lambda: not running.truth()["lock"])
    wait_until(lambda: Transaction.objects.get().stopped_at)
    assert lock_moves(running, 1) == [True, False]


def test_known_boards_come_back_without_a_search(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    running.polling.stop()
    searched: list[bool] = []

    def watched(paths: list[str], known: list[Any], *, full: bool, stop: threading.Event) -> BroughtUp:
        searched.append(full)
        return bring_up(paths, known, full=full, stop=stop)

    monkeypatch.setattr("hardware.polling.bring_up", watched)
    again = Polling()
    again.start()
    try:
        wait_until(lambda: again.age_s() < 3.0, 20.0)
        assert searched
        assert not any(searched)
        assert Row.objects.count() == 4
    finally:
        again.stop()


def test_the_button_latches_the_station_until_it_is_out_and_acknowledged(running: Running) -> None:
    running.charge()
    running.bench("/estop", {"pressed": True, "wired": False})
    wait_until(lambda: not running.truth()["contactor"])
    wait_until(lambda: Station.objects.get().emergency)
    wait_until(lambda: [situation_of(connector(n)) for n in (1, 2, 3, 4)] == 4 * ["emergency"])
    wait_until(lambda: Transaction.objects.get().stop_reason == "EmergencyStop")
    services.acknowledge("technician", at_cabinet=True)
    wait_until(lambda: not Station.objects.get().emergency_acknowledged, 20.0)
    running.bench("/estop", {"pressed": False})
    assert Station.objects.get().emergency
    # Refused until a frame has told that the button is out, as a technician who is too quick would be.
    wait_until(lambda: services.acknowledge("technician", at_cabinet=True).accepted)
    wait_until(lambda: not Station.objects.get().emergency, 20.0)
    wait_until(lambda: not running.polling.emergency.event.is_set())
    running.bench("/plugout?connector_id=1")
    running.charge(2)


def test_a_stop_by_software_opens_every_contactor(running: Running) -> None:
    running.charge()
    services.emergency_stop("screen")
    wait_until(lambda: not running.truth()["contactor"])  # how soon: the benchmark estop_from_screen
    wait_until(lambda: running.polling.emergency.event.is_set() and Station.objects.get().emergency)


def test_a_stop_wakes_the_stations_turn_itself(cold: Running) -> None:
    cold.polling.emergency.raise_now("screen")
    assert cold.polling._station_wake.is_set()  # not through Redis, which may be gone


def test_a_card_at_the_reader_starts(running: Running) -> None:
    Station.objects.update(authorization_mode="card")
    Card.objects.create(id_tag="04A2B3C4D5E6F7")
    running.bench("/plugin?connector_id=2")
    wait_until(lambda: connector(2).plugged and live.heartbeats().get("reader", 99.0) < 5.0)
    running.bench("/authorize?id=04A2B3C4D5E6F7&type=ISO14443&hold_ms=3000")
    wait_until(PresentedCard.objects.exists)
    wait_until(lambda: connector(2).transaction is not None)
    started: Connector = connector(2)
    assert started.transaction
    assert started.transaction.id_tag == "04A2B3C4D5E6F7"


def on_lines(cold: Running, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """A start that is told these lines and no reader."""
    cold.polling.stop()
    monkeypatch.setattr(settings, "LINES", tuple(str(cold.simulated.data_dir / "dev" / name) for name in names))
    monkeypatch.setattr(settings, "READER", "")
    cold.polling = Polling()
    cold.polling.start()


def readers_journaled() -> list[str]:
    entries = JournalEntry.objects.filter(kind="SurroundingsChanged").order_by("pk")
    return [each.body["changed"]["reader_found"] for each in entries if "reader_found" in each.body["changed"]]


def test_a_reader_is_found_on_a_line_of_its_own(cold: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    Station.objects.update(reader_found=False, authorization_mode="card")
    Card.objects.create(id_tag="04A2B3C4D5E6F7")
    on_lines(cold, monkeypatch, "bus1", "rfid", "bus2")
    wait_until(lambda: Row.objects.count() == 4 and Station.objects.get().reader_found, 30.0)
    assert readers_journaled() == ["True"]
    cold.bench("/plugin?connector_id=2")
    wait_until(lambda: connector(2).plugged)
    cold.bench("/authorize?id=04A2B3C4D5E6F7&type=ISO14443&hold_ms=500")
    wait_until(lambda: connector(2).transaction is not None)


def test_a_start_that_knows_its_boards_finds_the_reader_again_and_notices_when_it_is_gone(
    cold: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_lines(cold, monkeypatch, "bus1", "bus2", "rfid")
    wait_until(lambda: Row.objects.count() == 4 and live.in_time(live.heartbeats(), "reader"), 30.0)
    for names, found in (("bus1", "bus2"), False), (("rfid", "bus1", "bus2"), True):
        on_lines(cold, monkeypatch, *names)
        wait_until(lambda: Station.objects.get().reader_found is found, 30.0)  # noqa: B023 - awaited at once
    assert readers_journaled() == ["False", "True"]


def test_a_wished_search_does_not_hold_the_stations_turn(running: Running) -> None:
    asked = services.wish("discover", who="technician")
    running.polling.wake()

    def ended() -> bool:
        asked.refresh_from_db()
        return asked.state == "done"

    wait_until(ended, 20.0)
    assert asked.result.startswith("2 lines are in use")


def is_missing_one(cold: Running) -> None:
    """Connector 4's board comes up later than a first search."""
    cold.bench("/controllers/4", {"powered": False})
    cold.polling.start()
    wait_until(lambda: Row.objects.count() == 3 and is_read(1) and is_read(3), 40.0)
    cold.bench("/controllers/4", {"powered": True})


def is_read(number: int) -> bool:
    reading = live.readings().get(number)
    return reading is not None and reading["age_s"] < 1.0


def test_a_board_that_was_added_to_a_line_in_use_is_found_at_the_next_start(
    cold: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.newcomers.AGAIN_AFTER_S", 3.0)
    is_missing_one(cold)
    cold.polling.stop()
    cold.polling = Polling()
    cold.polling.start()
    wait_until(lambda: Row.objects.count() == 4 and is_read(4), 40.0)
    assert Controller.objects.get(connector_number=4).unit == 2
    cold.charge(4)


def test_a_board_that_was_added_is_found_on_a_wish_and_only_while_nobody_charges_there(
    cold: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.newcomers.AGAIN_AFTER_S", 3.0)
    is_missing_one(cold)
    cold.charge(3)
    services.wish("discover", who="technician")
    cold.polling.wake()
    cold.charge(1)
    assert Row.objects.count() == 3
    cold.bench("/plugout?connector_id=3")
    wait_until(lambda: Row.objects.count() == 4 and is_read(4), 40.0)
    assert situation_of(connector(1)) == "charging"


def test_where_nothing_answers_at_first_it_is_searched_again(cold: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.polling.SEARCH_AGAIN_S", 0.2)
    for number in (1, 2, 3, 4):
        cold.bench(f"/controllers/{number}", {"powered": False})
    cold.polling.start()
    wait_until(lambda: live.heartbeats().get("discovery") is not None)
    assert not Row.objects.exists()
    for number in (1, 2, 3, 4):
        cold.bench(f"/controllers/{number}", {"powered": True})
    wait_until(Row.objects.exists, 30.0)


def test_a_line_that_hangs_takes_only_its_own_connectors_along(running: Running) -> None:
    hung, other = sorted(running.polling._lines.values(), key=lambda line: min(line.turns.numbers))
    goes_on = threading.Event()
    hung.turns.look_for_wishes = lambda: goes_on.wait(60)  # type: ignore[assignment,method-assign] # its thread hangs
    running.polling.wake()
    late_s = live.LATE_AFTER_S["polling"]
    try:
        wait_until(lambda: live.turns()[1] > late_s, 15.0)
        assert max(live.turns()[number] for number in other.turns.numbers) < late_s
        assert live.in_time(live.heartbeats(), "polling")
        shown = {each["number"]: each["situation"] for each in snapshot()["connectors"]}
        assert (shown[1], shown[2], shown[3], shown[4]) == ("no_software", "no_software", "free", "free")
        answer = Client(headers={"host": "127.0.0.1"}).get("/healthz")
        assert (answer.status_code, answer.json()["healthy"]) == (200, True)
        assert answer.json()["problems"][0].startswith("Connectors 1, 2 have not been polled for")
    finally:
        goes_on.set()


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ([], "There is no serial line: name one with --line, or start with --simulate default."),
        (["/dev/a", "/dev/b"], "No controller answers on /dev/a, /dev/b: check the adapter, the cable"),
    ],
)
def test_it_says_in_a_sentence_where_nobody_answers(paths: list[str], said: str) -> None:
    assert nobody_on(paths).startswith(said)


def test_a_tap_that_nobody_answers_is_judged_at_its_deadline_and_not_a_turn_later(running: Running) -> None:
    assert running.polling
    Station.objects.update(authorization_mode="central_system")
    services.central_system_link(up=True)
    presented = services.card_presented("04AABBCCDDEE11")
    assert presented
    assert presented.state == PresentedCard.State.PRESENTED
    wait_until(lambda: PresentedCard.objects.get(pk=presented.pk).why == "central_system_absent", 20.0)
    judged_s = JournalEntry.objects.get(kind="AuthorizationUnanswered").mono_s
    assert 0.0 <= judged_s - presented.due_s < 0.5  # the station's turn comes once a second
