"""Numbers for ever, and what happens when the power returns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from charging import clock, record, services
from charging.clock import Moment
from charging.domain.capability import Capability
from charging.models import Connector as Row
from charging.models import JournalEntry, Station, Transaction, Wish
from charging.services.commissioning import FoundConnector, away_of, connectors_found, letter_of, power_returned
from tests.charging.rows import AC, DC, START, Driven, add_connectors, at, connector, kinds

pytestmark = pytest.mark.django_db


def found(serial: str, index: int = 1, capability: Capability = AC) -> FoundConnector:
    return FoundConnector(board_serial=serial, board_index=index, connector_type="CCS2", capability=capability)


@pytest.mark.parametrize(
    ("number", "letter"), [(1, "A"), (2, "B"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (702, "ZZ")]
)
def test_letters_go_on_after_z(number: int, letter: str) -> None:
    assert letter_of(number) == letter


def test_what_is_found_first_is_numbered_in_its_order() -> None:
    assert connectors_found([found("X", 2), found("X", 1), found("A")]) == {("X", 2): 1, ("X", 1): 2, ("A", 1): 3}
    assert list(Row.objects.values_list("number", "letter")) == [(1, "A"), (2, "B"), (3, "C")]
    assert kinds() == 3 * ["ConnectorAdded"]


def test_a_number_belongs_to_its_board_whatever_is_found_later() -> None:
    connectors_found([found("A"), found("B"), found("C")])
    assert connectors_found([found("C"), found("A")]) == {("C", 1): 3, ("A", 1): 1}
    assert connectors_found([found("D"), found("B")]) == {("D", 1): 4, ("B", 1): 2}
    assert connectors_found([]) == {}
    assert Row.objects.count() == 4


def test_a_board_that_says_the_same_again_changes_nothing() -> None:
    connectors_found([found("A")])
    before = Row.objects.values().get(), kinds()
    connectors_found([found("A")])
    assert (Row.objects.values().get(), kinds()) == before


def test_what_a_board_says_anew_is_taken_over_and_seen_by_the_next_turn() -> None:
    connectors_found([found("A")])
    driven = Driven(1)
    driven.see()
    connectors_found([found("A", capability=replace(AC, maximum_a=16.0))])
    driven.see()
    held = driven.turns.connector(1)
    assert held
    assert held.capability.maximum_a == 16.0
    assert kinds()[-1] == "ConnectorChanged"


def test_a_confirmed_replacement_keeps_number_and_letter_and_ends_what_ran() -> None:
    connectors_found([found("OLD")])
    services.change_settings("owner", authorization_mode="none")
    driven = Driven(1, mono_s=clock.now().mono_s)
    services.start(1, by="screen", who="touch")
    driven.charge(register_wh=5000)
    record.checkpoint({1: 5600}, moment=at(driven.now_s), kernel_boot_id="k")
    driven.turns.silent(1, at(driven.now_s + 3.0))
    services.raise_fault(1, "ControllerMismatch", who="line")
    assert services.confirm_replacement(1, "FRESH", 1, who="technician")
    ended = Transaction.objects.get()
    assert (ended.meter_stop_wh, ended.flagged, ended.stop_reason) == (5600, True, "Other")
    row = Row.objects.get()
    assert (row.number, row.letter, row.board_serial, row.register_wh) == (1, "A", "FRESH", None)
    assert connectors_found([found("FRESH")]) == {("FRESH", 1): 1}
    driven.see(register_wh=3, plugged=False)
    assert connector().faults == set()
    assert not services.confirm_replacement(9, "FRESH", 1, who="technician")


@pytest.mark.parametrize(
    ("kernel", "seen_at", "now", "away_s"),
    [
        ("same", START, Moment(150.0, START, "b"), 50.0),  # one boot of the computer: the wall clock says nothing
        ("same", START, Moment(50.0, START, "b"), 0.0),
        ("other", START, Moment(9.0, START.replace(hour=13), "b"), 3600.0),
        ("other", START, Moment(9.0, START.replace(hour=11), "b"), None),
        ("other", None, Moment(9.0, START, "b"), None),
        ("other", START, Moment(9.0, datetime(1970, 1, 1, tzinfo=UTC), "b"), None),
        ("other", START, Moment(9.0, datetime(2120, 1, 1, tzinfo=UTC), "b"), None),
        ("", START, Moment(9.0, START.replace(minute=1), "b"), 60.0),
    ],
)
def test_how_long_it_was_gone(kernel: str, seen_at: datetime | None, now: Moment, away_s: float | None) -> None:
    station = Station(kernel_boot_id="same", seen_at=seen_at, seen_mono_s=100.0)
    assert away_of(station, now, kernel) == away_s


def test_it_hears_of_a_start_once() -> None:
    add_connectors(AC)
    assert power_returned(at(10.0, boot_id="one"))
    assert not power_returned(at(20.0, boot_id="one"))  # a worker that merely restarts
    assert power_returned(at(30.0, boot_id="two"))
    assert kinds().count("StationStarted") == 2
    assert connector().returning


def returned(boot: dict[str, Any], driven: Driven, *, boots_s: float, **first: Any) -> None:
    """The station is cut off and starts again; the computer too when *boot* says so."""
    Station.objects.update(**boot)
    power_returned(at(driven.now_s + boots_s, boot_id="two"))
    driven.now_s += boots_s
    driven.see(**first)


@pytest.mark.parametrize(
    ("boots_s", "computer_restarted", "kept"),
    [(30.0, True, True), (601.0, True, False), (30.0, False, True), (601.0, False, False)],
)
def test_a_transaction_goes_on_within_ten_minutes_and_is_closed_after_them(
    boots_s: float, computer_restarted: bool, kept: bool
) -> None:
    add_connectors(AC)
    services.start(1, by="screen", who="touch")
    driven = Driven(1, mono_s=clock.now().mono_s)
    driven.charge()
    record.checkpoint({1: 1000}, moment=at(driven.now_s), kernel_boot_id=clock.kernel_boot_id())
    boot = {"kernel_boot_id": "before"} if computer_restarted else {}
    returned(boot, driven, boots_s=boots_s, uptime_s=9999, session_s=9999, register_wh=1000)
    if not kept:
        driven.see(register_wh=1000)
        driven.see(register_wh=1000)
    ended = Transaction.objects.get()
    assert (ended.stopped_at is None) is kept
    assert ended.stop_reason == ("" if kept else "PowerLoss")
    assert ("TransactionResumed" in kinds()) is kept
    entry = JournalEntry.objects.get(kind="StationStarted")
    assert entry.body["away_s"] == pytest.approx(boots_s)


def test_a_clock_that_nobody_believes_closes() -> None:
    add_connectors(DC)
    services.start(1, by="screen", who="touch")
    driven = Driven(1, mono_s=clock.now().mono_s)
    driven.charge()
    Station.objects.update(kernel_boot_id="before", seen_at=START)
    power_returned(at(5.0, boot_id="two", known=False))
    driven = Driven(1, mono_s=5.0)
    for _ in range(3):
        driven.see(delivering=False)
    assert Transaction.objects.get().stop_reason == "PowerLoss"


def test_wishes_and_their_time_go_on_after_a_restart_of_the_computer() -> None:
    add_connectors(AC)
    record.checkpoint({}, moment=at(5000.0), kernel_boot_id="before")
    wish = services.wish(Wish.Kind.FETCH_DUMP, 1, who="technician")
    Wish.objects.update(due_s=5400.0)
    power_returned(at(10.0, boot_id="two"))  # by the wall clock 0 s have passed, or less: nobody knows
    wish.refresh_from_db()
    assert wish.due_s == pytest.approx(410.0)


def test_a_screen_that_is_gone_is_journaled_and_makes_plugging_in_enough() -> None:
    add_connectors(AC)
    driven = Driven(1)
    assert not driven.see(plugged=False).enable
    assert services.surroundings_found(screen=False, reader=True) == ["screen_found"]
    assert services.surroundings_found(screen=False, reader=True) == []
    assert driven.see().enable
    assert kinds().count("SurroundingsChanged") == 1
    assert Transaction.objects.get().id_tag == "FREE"
