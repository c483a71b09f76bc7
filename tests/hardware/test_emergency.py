"""The software side of the emergency stop: one event, one waiting thread a line, zero again and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.drivers.native import NativeDriver
from hardware.emergency import Emergency, EmergencyThread
from hardware.line import Line
from tests.conftest import wait_until

from .far_end import FarEnd, far_end

FRAME = NativeDriver.broadcast_stop().request


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarEnd]:
    """Somebody who hears and never answers."""
    with far_end(tmp_path / "bus1", lambda _request: b"") as end:
        yield end


@pytest.fixture
def emergency() -> Emergency:
    return Emergency()


@pytest.fixture
def thread(far: FarEnd, tmp_path: Path, emergency: Emergency) -> Iterator[EmergencyThread]:
    line = Line(str(tmp_path / "bus1"), 115200, emergency.event)
    line.open()
    waiting = EmergencyThread(line, FRAME, emergency)
    waiting.start()
    yield waiting
    waiting.stop()
    emergency.event.set()
    waiting.join(5)
    assert not waiting.is_alive()
    line.close()
    assert far is not None


def test_who_stops_first_is_remembered_once(emergency: Emergency) -> None:
    assert emergency.raise_now("button")
    assert not emergency.raise_now("screen")
    assert [who for who, _at_s in emergency.heard] == ["button"]


def test_who_records_is_woken_by_what_is_news() -> None:
    woken: list[bool] = []
    stops = Emergency(lambda: woken.append(stops.event.is_set()))
    stops.raise_now("button")
    stops.raise_now("screen")
    assert woken == [True]


def test_it_is_cleared_only_when_everything_heard_is_recorded(emergency: Emergency) -> None:
    emergency.raise_now("button")
    emergency.clear()
    assert emergency.event.is_set()
    emergency.heard.popleft()
    emergency.clear()
    assert not emergency.event.is_set()
    assert emergency.raise_now("button")


def test_zero_is_broadcast_at_once_and_repeated_while_it_lasts(
    far: FarEnd, thread: EmergencyThread, emergency: Emergency
) -> None:
    emergency.raise_now("screen")
    wait_until(lambda: thread.sent_s is not None)
    wait_until(lambda: far.requests.count(FRAME) >= 3)
    assert set(far.requests) == {FRAME}


def test_a_second_stop_after_a_release_is_not_slept_through(
    far: FarEnd, thread: EmergencyThread, emergency: Emergency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.emergency.REPEAT_S", 60.0)  # whoever sleeps through it sleeps through the test
    emergency.raise_now("screen")
    wait_until(lambda: FRAME in far.requests)
    emergency.heard.clear()
    emergency.clear()
    heard = far.requests.count(FRAME)
    emergency.raise_now("screen")
    wait_until(lambda: far.requests.count(FRAME) > heard)
    assert thread.is_alive()
    monkeypatch.undo()
    emergency.heard.clear()
    emergency.clear()
    emergency.raise_now("screen")  # it wakes, and goes on at its own pace


def test_a_port_that_is_gone_does_not_end_the_watch(tmp_path: Path, emergency: Emergency) -> None:
    thread = EmergencyThread(Line(str(tmp_path / "later"), 115200, emergency.event), FRAME, emergency)
    thread.start()
    emergency.raise_now("screen")
    wait_until(emergency.event.is_set)
    with far_end(tmp_path / "later", lambda _request: b"") as far:
        wait_until(lambda: FRAME in far.requests)
    thread.stop()
    thread.join(5)
    assert not thread.is_alive()
