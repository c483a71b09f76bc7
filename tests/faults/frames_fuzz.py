"""N6: injured frames against a whole client of `links`, over a real WebSocket and a real database.

The bars: the process never dies and its link never breaks, whatever can be answered is answered (OCPP-J 1.6 section
4.2.3), and memory does not grow by 10 MB. The seed chooses every frame.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.faults.links_runner import Links
from tests.faults.links_station import links_at
from tests.ocpp_client.far_end import ACCEPTED, NOW
from tests.ocpp_client.mutated_frames import check, due_to, mutated, valid_frames

WITHIN_S: Final = 30.0
MOST_GROWTH_MB: Final = 10.0
WARM_FRAMES: Final = 1_000  # what a client keeps of answered calls is full by then, and so are its caches
SIGN_EVERY: Final = 100
CALL: Final = 2
REMEMBERED: Final = 12  # frames before a wrong answer, both ways: one answer too many is seen at the next one only
ANSWERS: Final[dict[str, Any]] = {
    "BootNotification": {"status": "Accepted", "interval": 300, **NOW},
    "Heartbeat": NOW,
    "Authorize": {"idTagInfo": ACCEPTED},
    "StartTransaction": {"idTagInfo": ACCEPTED, "transactionId": 1},
    "DataTransfer": ACCEPTED,
    "SignCertificate": ACCEPTED,
}


@dataclass
class Judge:
    """The central system: lets the station in, sends what is injured, and counts what comes of it."""

    seed: int
    seconds: float
    links: Links | None = None
    frames: int = 0
    answered: int = 0
    ignored: int = 0
    unanswered: int = 0
    openings: int = 0
    unreadable: int = 0  # frames in a row, as the station counts them
    wrong: list[str] = field(default_factory=list)
    before: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    resident_mb: list[float] = field(default_factory=list)
    _answers: asyncio.Queue[list[Any]] = field(default_factory=asyncio.Queue)
    _link: asyncio.Queue[ServerConnection] = field(default_factory=asyncio.Queue)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, link: ServerConnection) -> None:
        """One link of the station, from its opening to its end."""
        self.openings += 1
        self._link.put_nowait(link)
        try:
            async for text in link:
                frame = json.loads(text)
                if frame[0] == CALL:
                    self.unreadable = 0  # what we answer is readable
                    await link.send(json.dumps([3, frame[1], ANSWERS.get(frame[2], {})]))
                    self._settled.set()
                else:
                    self.before.append(f"< {text!r}")
                    self._answers.put_nowait(frame)
        except ConnectionClosed:
            return

    async def run(self) -> None:
        """Frame after frame until the time is over, or an answer is wrong: the answers after it prove nothing."""
        link = await asyncio.wait_for(self._link.get(), WITHIN_S)
        await asyncio.wait_for(self._settled.wait(), WITHIN_S)
        chance = random.Random(self.seed)
        source, end_s = valid_frames(chance), time.monotonic() + self.seconds
        while not self.wrong and (time.monotonic() < end_s or self.frames < WARM_FRAMES):
            received = mutated(next(source), chance)
            due, self.unreadable = due_to(received, self.unreadable)
            self.frames += 1
            self.before.append(f"> {received!r}")
            await link.send(received)
            await self._judge(due, received)
            if self.frames % SIGN_EVERY == 0:
                self.unreadable = 0
                await self._sign_of_life(link)

    async def _judge(self, due: str | None, received: str | bytes) -> None:
        if due is None:
            self.ignored += 1
            return
        try:
            answer = await asyncio.wait_for(self._answers.get(), WITHIN_S)
            check(answer, due)
            self.answered += 1
        except TimeoutError:
            self.unanswered += 1
            self.wrong.append(f"no answer to {received!r}")
        except AssertionError as error:
            self.wrong.append(f"{answer} {error} to {received!r}, due to {due!r}")

    async def _sign_of_life(self, link: ServerConnection) -> None:
        """What is ignored is ignored for good: the next answer is the one to this."""
        message_id = f"sign-of-life-{self.frames}"
        await link.send(json.dumps([2, message_id, "Nonsense", {}]))
        answer = await asyncio.wait_for(self._answers.get(), WITHIN_S)
        if answer[1:3] != [message_id, "NotImplemented"]:
            self.wrong.append(f"{answer} for a sign of life")
        if self.links and self.frames >= WARM_FRAMES:
            self.resident_mb.append(self.links.resident_mb())

    def found(self, deaths: int) -> dict[str, Any]:
        """What is written down."""
        resident_mb = self.resident_mb or [0.0]  # an answer was wrong before it counted
        growth_mb = max(resident_mb[-20:]) - resident_mb[0]
        ok = not (self.wrong or self.unanswered or deaths) and self.openings == 1 and growth_mb < MOST_GROWTH_MB
        return {
            "ok": ok,
            "seed": self.seed,
            "frames": self.frames,
            "answered": self.answered,
            "ignored_by_rule": self.ignored,
            "unanswered": self.unanswered,
            "loop_deaths": deaths,
            "links_lost": self.openings - 1,
            "growth_mb": round(growth_mb, 2),
            "resident_mb": [round(resident_mb[0], 1), round(resident_mb[-1], 1)],
            "mb_by_frames": resident_mb[:: max(1, len(resident_mb) // 20)],
            "wrong": self.wrong,
            "before": list(self.before) if self.wrong else [],
        }


async def run(seconds: float, seed: int) -> dict[str, Any]:
    """So long against a client of its own; at least WARM_FRAMES frames."""
    judge = Judge(seed, seconds)
    async with serve(judge.serve, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")], ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        station = links_at(f"ws://127.0.0.1:{port}/ocpp")
        judge.links = await asyncio.to_thread(station.__enter__)
        try:
            judge.links.start()
            await judge.run()
            return judge.found(judge.links.deaths)
        finally:
            await asyncio.to_thread(station.__exit__, None, None, None)
