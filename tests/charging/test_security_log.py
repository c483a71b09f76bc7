"""The security log: every event is kept in a chain, rolls, and says when it was touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F

from charging import journal, security_log, services
from charging.domain.security import CRITICAL, SecurityEvent, first_break
from charging.models import JournalEntry, SecurityLogEntry, Station
from tests.charging.rows import AC, Driven, add_connectors, at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A second witness of its own for each test."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


def logged() -> list[tuple[str, str]]:
    return list(SecurityLogEntry.objects.order_by("number").values_list("event", "about"))


def three() -> None:
    for about in ("one", "two", "three"):
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, about)


def test_seven_of_the_eighteen_events_are_critical() -> None:
    assert len(SecurityEvent) == 18
    assert {event for event in SecurityEvent if event.critical} == CRITICAL
    assert len(CRITICAL) == 7


def test_an_event_is_in_the_log_and_in_the_journal() -> None:
    services.security_event(SecurityEvent.TAMPER_DETECTION_ACTIVATED, "The door is open.", moment=at(5.0))
    [entry] = SecurityLogEntry.objects.all()
    assert (entry.number, entry.at, entry.event) == (1, at(5.0).at, "TamperDetectionActivated")
    told = JournalEntry.objects.get(kind=security_log.KIND)
    assert told.body == {"event": "TamperDetectionActivated", "about": "The door is open.", "number": 1}


def test_what_a_stranger_wrote_cannot_break_a_line_of_the_log() -> None:
    services.security_event(SecurityEvent.INVALID_MESSAGES, "a\nb\t\x1b[31m\u202e" + 300 * "x")
    [line] = services.security_log_lines()
    assert line.split("\t")[3].startswith("a b  [31m ")
    assert len(line.split("\t")) == 5
    assert SecurityLogEntry.objects.get().about.isprintable()


def in_a_commit_that_fails() -> None:
    with journal.one_commit():
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION)
        SecurityLogEntry.objects.create(number=1)


def test_an_event_inside_a_commit_that_fails_is_not_kept() -> None:
    with pytest.raises(DatabaseError):
        in_a_commit_that_fails()
    assert not SecurityLogEntry.objects.exists()
    assert not services.security_log_broken()


TOUCHES: dict[str, Callable[[], object]] = {
    "a word changed": lambda: SecurityLogEntry.objects.filter(number=2).update(about="nothing"),
    "a time changed": lambda: SecurityLogEntry.objects.filter(number=1).update(at=at(9.0).at),
    "one left out": lambda: SecurityLogEntry.objects.filter(number=2).delete(),
    "the first one left out and counted anew": lambda: (
        SecurityLogEntry.objects.filter(number=1).delete(),
        SecurityLogEntry.objects.filter(number=2).update(number=F("number") - 1),
    ),
    "the last one left out": lambda: SecurityLogEntry.objects.filter(number=3).delete(),
    "everything gone": lambda: SecurityLogEntry.objects.all().delete(),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_a_log_that_was_touched_says_so_at_the_next_start_and_goes_on(touch: str) -> None:
    three()
    assert not services.security_log_broken()
    TOUCHES[touch]()
    assert str(services.security_log_broken()).startswith(("Entry ", "The security log had 3 entries"))
    services.power_returned(at(20.0))
    assert "SecurityLogWasCleared" in [event for event, _about in logged()]


def test_a_kill_between_the_commit_and_the_second_witness_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "one")
    monkeypatch.setattr(security_log, "_keep_head", lambda _number, _digest: None)
    services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "two")
    assert not services.security_log_broken()


def test_the_log_rolls_and_its_oldest_entry_is_the_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security_log, "MOST_ENTRIES", 3)
    monkeypatch.setattr(security_log, "ROLLED_AT_ONCE", 2)
    three()
    three()
    kept = list(SecurityLogEntry.objects.order_by("number").values_list("number", flat=True))
    assert kept == [4, 5, 6]
    assert first_break(security_log._logged(each) for each in SecurityLogEntry.objects.order_by("number")) is None
    assert not services.security_log_broken()


def test_every_start_is_an_event_and_tells_a_computer_from_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charging.services.commissioning.kernel_boot_id", lambda: "kernel 1")
    services.power_returned(at(5.0, boot_id="one"))
    services.power_returned(at(6.0, boot_id="one"))
    services.power_returned(at(9.0, boot_id="two"))
    monkeypatch.setattr("charging.services.commissioning.kernel_boot_id", lambda: "kernel 2")
    services.power_returned(at(1.0, boot_id="three"))
    assert [event for event, _about in logged()] == ["StartupOfTheDevice", "ResetOrReboot", "StartupOfTheDevice"]
    assert Station.objects.get().kernel_boot_id == "kernel 2"


def test_a_door_that_opens_is_an_event_once() -> None:
    """What its controller sees; the fault is one of the connector, too, and open doors forbid charging."""
    driven = Driven(*add_connectors(AC, AC))
    driven.see(2, plugged=False)
    for _ in range(3):
        driven.see(2, plugged=False, faults=frozenset({"EnclosureOpen", "GroundFailure"}))
    driven.see(2, plugged=False, faults=frozenset({"EnclosureOpen", "TiltDetected"}))
    driven.see(2, plugged=False)
    assert logged() == [
        ("TamperDetectionActivated", "Connector 2: EnclosureOpen."),
        ("TamperDetectionActivated", "Connector 2: TiltDetected."),
    ]
