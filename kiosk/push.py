"""One task for all pages: builds the snapshot once and hands it to every consumer of this process.

No channel layer and no broker is needed for the page to live: Redis only makes it faster (docs/decisions/0005).
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import redis.asyncio
from django.conf import settings
from django.db import close_old_connections

from charging.live import CHANGED
from charging.snapshot import Snapshot

from .edition import edition
from .face import FaceShown, shown
from .models import Face

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
CLOSEST_S: Final = 0.1  # between two snapshots, however often the station is said to have changed
SUBSCRIBE_AGAIN_S: Final = 1.0
OFFERS_KNOWN: Final = 600  # a minute of the closest ones

reader: Final = ThreadPoolExecutor(1, thread_name_prefix="kiosk snapshot")


async def redis_wake_ups(woken: asyncio.Event) -> None:
    """Set `woken` whenever the station says that it changed. Never ends, never raises for an absent Redis."""
    while True:
        with suppress(redis.RedisError, OSError):
            await _listen(woken)
        await asyncio.sleep(SUBSCRIBE_AGAIN_S)


async def _listen(woken: asyncio.Event) -> None:
    # socket_timeout None: redis-py 8 would end an idle subscription after 5 s.
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=1.0)
    async with client, client.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(CHANGED)
        woken.set()  # what was said while nobody listened
        async for _ in subscription.listen():
            woken.set()


def text_of(envelope: dict[str, Any]) -> str:
    """JSON that every browser reads: a number that is not finite becomes null."""
    try:
        return json.dumps(envelope, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(envelope), separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plain_face() -> FaceShown:
    """The face that a station has while its owner has set nothing."""
    return shown(Face())


class Push:
    """Runs while at least one page is open. Subscribers get texts in a queue of one: the newest wins."""

    def __init__(
        self,
        read: Callable[[], Snapshot],
        wake_ups: Callable[[asyncio.Event], Awaitable[object]] = redis_wake_ups,
        face: Callable[[], FaceShown] = plain_face,
    ) -> None:
        self._read = read
        self._read_face = face
        self._wake_ups = wake_ups
        self._subscribers: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._reading: asyncio.Future[tuple[Snapshot, FaceShown]] | None = None
        self._asked_s = 0.0
        self._snapshot: Snapshot | None = None
        self._face: FaceShown | None = None
        self._made_s = 0.0
        self._made_at = ""
        self._sequence = 0
        self._offered_s: deque[float] = deque(maxlen=OFFERS_KNOWN)  # when each of the last sequences was offered
        self._problem = ""

    def subscribe(self) -> asyncio.Queue[str]:
        """A queue that soon holds a snapshot, then the newest one at least once per second."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=1)
        self._subscribers.add(queue)
        if self._task is None or self._task.done():
            self._woken = asyncio.Event()
            self._task = asyncio.create_task(self._run())
        self._woken.set()
        return queue

    def unsubscribe(self, queue: asyncio.Queue[str]) -> None:
        """Forget `queue`; without a page nothing is read."""
        self._subscribers.discard(queue)
        if not self._subscribers and self._task:
            self._task.cancel()
            self._task = None

    def behind_s(self, sequence: int) -> float:
        """For how long there has been a newer snapshot than `sequence`: 0 for the newest, infinite for one unknown."""
        newer = self._sequence - sequence
        if newer == 0 and sequence:
            return 0.0
        return time.monotonic() - self._offered_s[-newer] if 0 < newer <= len(self._offered_s) else math.inf

    async def _run(self) -> None:
        listening = asyncio.ensure_future(self._wake_ups(self._woken))
        self._reading = None
        try:
            while True:
                self._woken.clear()
                await self._renew()
                self._offer()
                await self._rest()
        finally:
            listening.cancel()

    async def _renew(self) -> None:
        """Read the station; a read that takes longer than a tick goes on while the old picture ages."""
        if self._reading is None:
            self._asked_s = time.monotonic()
            self._reading = asyncio.get_running_loop().run_in_executor(reader, self._read_now)
        await asyncio.wait({self._reading}, timeout=TICK_S)
        if not self._reading.done():
            return
        done, self._reading = self._reading, None
        try:
            self._snapshot, self._face = done.result()
        except Exception as problem:  # the one loop of this task: a page that grows stale is better than none
            if str(problem) != self._problem:
                log.exception("The station cannot be read for the screen; it shows that it has no contact.")
            self._problem = str(problem)
            return
        self._problem = ""
        # Rows are as old as the moment the question was asked, not as the answer.
        self._made_s, self._made_at = self._asked_s, datetime.now(UTC).isoformat(timespec="milliseconds")

    def _read_now(self) -> tuple[Snapshot, FaceShown]:
        close_old_connections()
        try:
            return self._read(), self._read_face()
        finally:
            close_old_connections()

    def _offer(self) -> None:
        self._sequence += 1
        self._offered_s.append(time.monotonic())
        text = text_of(
            {
                "kind": "snapshot",
                "edition": edition(),
                "sequence": self._sequence,
                "made_at": self._made_at,
                "age_s": round(time.monotonic() - self._made_s, 3) if self._snapshot else None,
                "snapshot": self._snapshot,
                "face": self._face,
            }
        )
        for queue in self._subscribers:
            with suppress(asyncio.QueueEmpty):
                queue.get_nowait()
            queue.put_nowait(text)

    async def _rest(self) -> None:
        """Until woken or a tick has passed, but never busier than one snapshot in CLOSEST_S."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await self._woken.wait()
        await asyncio.sleep(max(self._asked_s + CLOSEST_S - time.monotonic(), 0.0))
