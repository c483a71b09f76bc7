"""One snapshot for all pages: shared, newest first, alive without Redis and with a locked record."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
import pytest_django.fixtures
from redis import Redis

from charging.live import CHANGED
from charging.snapshot import Snapshot
from kiosk.push import Push, redis_wake_ups, text_of
from tests.conftest import running_redis
from tests.kiosk.fakes import StationInMemory
from tests.kiosk.stations import connector, reading, snapshot

WITHIN_S = 5.0


async def taken(queue: asyncio.Queue[str]) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        envelope: dict[str, Any] = json.loads(await queue.get())
        return envelope


class CountedStation(StationInMemory):
    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def snapshot(self) -> Snapshot:
        self.reads += 1
        return super().snapshot()


async def test_it_reads_the_station_once_for_all_pages() -> None:
    station = CountedStation()
    push = Push(station.snapshot, asyncio.Event.wait)
    queues = [push.subscribe() for _ in range(50)]
    first = [await taken(queue) for queue in queues]
    assert station.reads <= 2
    assert len({envelope["sequence"] for envelope in first}) <= 2
    for queue in queues:
        push.unsubscribe(queue)


async def test_it_keeps_only_the_newest_for_a_slow_page() -> None:
    woken: list[asyncio.Event] = []

    async def remember(event: asyncio.Event) -> None:
        woken.append(event)

    station = CountedStation()
    push = Push(station.snapshot, remember)
    slow, quick = push.subscribe(), push.subscribe()
    for number in range(2, 6):
        await taken(quick)
        station.shown = snapshot(connector(number))
        woken[0].set()
    while (await taken(quick))["snapshot"]["connectors"][0]["number"] != 5:
        pass
    assert slow.qsize() == 1
    assert (await taken(slow))["snapshot"]["connectors"][0]["number"] == 5
    push.unsubscribe(slow)
    push.unsubscribe(quick)


async def test_it_shows_a_change_at_once_and_no_flood() -> None:
    woken: list[asyncio.Event] = []

    async def remember(event: asyncio.Event) -> None:
        woken.append(event)

    station = CountedStation()
    push = Push(station.snapshot, remember)
    queue = push.subscribe()
    await taken(queue)
    started_s = time.monotonic()
    for _ in range(5):
        woken[0].set()
        await taken(queue)
    assert 0.3 < time.monotonic() - started_s < 4.0  # without the wake-ups each would take a second
    push.unsubscribe(queue)


async def test_it_grows_stale_instead_of_crashing_when_the_record_is_locked() -> None:
    station = StationInMemory()
    push = Push(station.snapshot, asyncio.Event.wait)
    queue = push.subscribe()
    await taken(queue)
    station.locked = True
    ages = [(await taken(queue))["age_s"] for _ in range(3)]
    assert ages[-1] > ages[0]
    assert ages[-1] > 0.9
    station.locked = False
    while (await taken(queue))["age_s"] > 0.5:
        pass
    push.unsubscribe(queue)


async def test_it_says_so_when_nothing_was_ever_read() -> None:
    station = StationInMemory()
    station.locked = True
    push = Push(station.snapshot, asyncio.Event.wait)
    queue = push.subscribe()
    first = await taken(queue)
    assert (first["snapshot"], first["age_s"]) == (None, None)
    push.unsubscribe(queue)


async def test_it_reads_nothing_while_no_page_is_open() -> None:
    station = CountedStation()
    push = Push(station.snapshot, asyncio.Event.wait)
    queue = push.subscribe()
    await taken(queue)
    push.unsubscribe(queue)
    assert push._task is None
    again = push.subscribe()
    assert (await taken(again))["snapshot"] is not None
    push.unsubscribe(again)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_it_never_sends_what_a_browser_cannot_read(number: float) -> None:
    told = text_of({"snapshot": snapshot(connector(1, reading=reading(limit_a=number)))})
    assert json.loads(told)["snapshot"]["connectors"][0]["reading"]["limit_a"] is None


async def test_it_is_woken_by_redis_and_comes_back_after_redis(
    tmp_path: Path, settings: pytest_django.fixtures.Settings
) -> None:
    path = tmp_path / "redis.sock"
    settings.REDIS_URL = f"unix://{path}?db=0"
    woken = asyncio.Event()
    listening = asyncio.create_task(redis_wake_ups(woken))
    for _ in range(2):
        with running_redis(path), Redis(unix_socket_path=str(path)) as speaking:
            await asyncio.wait_for(woken.wait(), WITHIN_S)  # the subscription's own
            woken.clear()
            assert speaking.publish(CHANGED, "1") == 1
            await asyncio.wait_for(woken.wait(), WITHIN_S)
            woken.clear()
    listening.cancel()
