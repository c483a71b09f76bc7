"""The kiosk's door to the real record: every action reaches the service that it names."""

from __future__ import annotations

import pytest

from charging.domain.requests import Refusal
from charging.domain.screen import ScreenCause
from charging.models import JournalEntry, Station
from charging.sentences import sentence_of
from kiosk.hub import Hub
from kiosk.messages import Action, Asked

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


def test_it_shows_a_station_without_connectors() -> None:
    shown = Hub().snapshot()
    assert shown["connectors"] == []
    assert shown["station"]["emergency"] is False


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (Asked(action=Action.STOP, connector=7), Refusal.UNKNOWN_CONNECTOR),
        (Asked(action=Action.RELEASE, connector=7), Refusal.UNKNOWN_CONNECTOR),
        (Asked(action=Action.START, connector=7), Refusal.NEEDS_CARD),
        (Asked(action=Action.CHOOSE, connector=7, card=3), Refusal.CARD_UNREADABLE),
    ],
)
def test_it_refuses_with_the_codes_of_the_rules(asked: Asked, refusal: Refusal) -> None:
    answer = Hub().ask(asked, "screen")
    assert (answer.accepted, answer.refusal) == (False, refusal)


def test_it_latches_the_emergency_stop_in_the_name_of_the_screen() -> None:
    assert Hub().ask(Asked(action=Action.EMERGENCY_STOP), "screen 127.0.0.1").accepted
    assert Station.objects.get().emergency
    assert JournalEntry.objects.filter(who="screen 127.0.0.1").exists()
    assert Hub().snapshot()["station"]["emergency"]


def test_it_journals_why_the_screen_was_started_again_and_nothing_that_is_no_cause() -> None:
    for cause in ("", "silent", "'; DROP TABLE", *ScreenCause):
        Hub().started_again(cause)
    entries = JournalEntry.objects.filter(kind="ScreenStartedAgain").order_by("pk")
    assert [entry.body["cause"] for entry in entries] == ["silent", *ScreenCause]
    assert sentence_of(entries[0]).endswith("it had not reported what it shows for half a minute")


def test_it_takes_no_report_for_a_request() -> None:
    with pytest.raises(ValueError, match="heartbeat"):
        Hub().ask(Asked(action=Action.SHOWN), "screen")
