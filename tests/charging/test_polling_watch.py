"""Whoever is polled no more is Faulted after 30 s, and nobody else: each line is a sign of life of its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.conf import settings

from charging import live, services, tasks
from charging.domain.status import Status, status_of
from charging.polling_watch import PollingWatch
from tests.charging.rows import AC, DC, Driven, add_connectors, connector
from tests.conftest import wait_until


def test_only_who_hangs_on_a_late_line_is_named() -> None:
    assert PollingWatch().unpolled([1, 2, 3], {1: 0.2, 2: 30.0, 3: 29.9}, 1000.0) == [2]


def test_who_is_told_of_no_more_is_as_old_as_when_it_was_last_told() -> None:
    watch = PollingWatch()
    assert watch.unpolled([1, 2], {1: 0.0, 2: 20.0}, 1000.0) == []
    assert watch.unpolled([1, 2], {1: 0.0}, 1010.0) == [2]
    assert watch.unpolled([1, 2], {}, 1029.0) == [2]
    assert watch.unpolled([1, 2], {}, 1040.0) == [1, 2]


def test_who_was_never_told_of_is_as_old_as_the_watch() -> None:
    watch = PollingWatch()
    looked = [watch.unpolled([1], {}, 1000.0 + passed_s) for passed_s in (0, 10, 20, 29, 30)]
    assert looked == [[], [], [], [], [1]]


def test_nothing_follows_from_a_time_in_which_nobody_looked() -> None:
    watch = PollingWatch()
    watch.unpolled([1], {1: 0.0}, 1000.0)
    assert watch.unpolled([1], {}, 1600.0) == []


@pytest.fixture
def watched(redis_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Redis answers, no controllers process listens, and the watch has seen nothing yet."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    monkeypatch.setattr(live, "_wire", live._Wire())
    monkeypatch.setattr(tasks, "_watch", PollingWatch())
    wait_until(live.present)
    return redis_server


@pytest.mark.usefixtures("watched")
@pytest.mark.django_db
def test_a_hanging_line_ends_no_session_on_another_one() -> None:
    add_connectors(DC, AC)
    services.start(1, by="screen", who="touch")
    Driven(1).charge()
    now_s = time.monotonic()
    live.turned("dc", [1], now_s)
    live.turned("ac", [2], now_s - 60.0)
    assert tasks.watch_polling() == 1
    assert [status_of(connector(number)) for number in (1, 2)] == [Status.CHARGING, Status.FAULTED]
    assert connector(1).stop is None


@pytest.mark.usefixtures("watched")
@pytest.mark.django_db
def test_nobody_is_polled_and_redis_began_empty() -> None:
    add_connectors(AC)
    assert tasks.watch_polling() == 0
    tasks._watch._seen_s = {1: time.monotonic() - 30.0}
    assert tasks.watch_polling() == 1
    assert connector(1).faults == {"ControllerLost"}


@pytest.mark.usefixtures("watched")
def test_the_younger_turn_of_a_board_that_moved_counts() -> None:
    now_s = time.monotonic()
    live.turned("old", [1, 2], now_s - 60.0)
    live.turned("new", [1], now_s)
    ages_s = live.turns()
    assert ages_s[1] < 10
    assert ages_s[2] >= 60
