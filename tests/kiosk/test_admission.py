"""Room for pages, and how fast one may talk."""

from __future__ import annotations

from kiosk.admission import (
    FLOOD_MESSAGES,
    MESSAGES_PER_S,
    OWN_SCREEN,
    SOCKETS_IN_ALL,
    SOCKETS_PER_ADDRESS,
    Admission,
    Pace,
)


def test_it_admits_a_limited_number_of_pages_of_one_address() -> None:
    admission = Admission()
    admitted = [admission.admit("10.0.0.7") for _ in range(SOCKETS_PER_ADDRESS + 5)]
    assert admitted.count(True) == SOCKETS_PER_ADDRESS
    assert admission.admit("10.0.0.8")


def test_it_admits_a_limited_number_of_pages_in_all() -> None:
    admission = Admission()
    admitted = [admission.admit(f"10.0.0.{number}") for number in range(SOCKETS_IN_ALL + 1)]
    assert admitted.count(True) == SOCKETS_IN_ALL


def test_it_has_room_for_the_cabinets_own_screen_however_many_strangers_look() -> None:
    admission = Admission()
    for number in range(SOCKETS_IN_ALL):
        admission.admit(f"10.0.0.{number}")
    assert admission.admit(OWN_SCREEN)
    assert not admission.admit("10.0.1.1")


def test_it_gives_a_place_back() -> None:
    admission = Admission()
    for _ in range(SOCKETS_PER_ADDRESS):
        admission.admit("10.0.0.7")
    admission.leave("10.0.0.7")
    assert admission.admit("10.0.0.7")
    assert admission.total == SOCKETS_PER_ADDRESS


def test_it_hears_ten_messages_in_any_second() -> None:
    pace = Pace()
    assert [pace.allows(0.05 * n) for n in range(15)] == [True] * MESSAGES_PER_S + [False] * 5
    assert pace.allows(1.0)
    assert not pace.allows(1.01)


def test_it_knows_a_flood_from_a_busy_finger() -> None:
    pace = Pace()
    for _ in range(MESSAGES_PER_S + FLOOD_MESSAGES - 1):
        pace.allows(0.0)
    assert not pace.is_flood
    pace.allows(0.5)
    assert pace.is_flood


def test_it_says_once_a_minute_that_it_refuses_pages() -> None:
    admission = Admission()
    assert [admission.is_worth_telling(at_s) for at_s in (0.0, 1.0, 59.0, 60.0)] == [True, False, False, True]


def test_it_says_once_a_second_that_it_ignores() -> None:
    pace = Pace()
    assert [pace.is_worth_telling(at_s) for at_s in (0.0, 0.1, 0.9, 1.0, 1.5)] == [True, False, False, True, False]
