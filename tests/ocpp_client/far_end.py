"""The other side of an Rpc, scripted by the test: it sees every text and answers when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from ocpp_client.errors import LinkLost, Malformed
from ocpp_client.frames import Payload
from ocpp_client.rpc import Answer, Answering, Counters, Direction, Rpc

WITHIN_S: Final = 5.0
SPINS: Final = 50
BOOT: Final = {"chargePointVendor": "V", "chargePointModel": "M"}
NOW: Final = {"currentTime": "2026-10-06T12:00:00Z"}
ACCEPTED: Final = {"status": "Accepted"}


async def no_answer(action: str, _payload: Payload) -> Payload | Answer:
    raise AssertionError(f"{action} was not expected")


async def accept(_action: str, _payload: Payload) -> Payload | Answer:
    return ACCEPTED


class Gate:
    """Someone who answers only when the test opens the gate, and counts how often it was asked."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked: list[str] = []

    async def answer(self, action: str, _payload: Payload) -> Payload | Answer:
        self.asked.append(action)
        await self.open.wait()
        return ACCEPTED


async def turns_of_the_loop(count: int = SPINS) -> None:
    """Let everything run that can run; there is no clock in it."""
    for _ in range(count):
        await asyncio.wait([asyncio.get_running_loop().create_task(_nothing())])


async def _nothing() -> None:
    return


async def eventually(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not fact():
            await turns_of_the_loop(1)


class FarEnd:
    """A central system made of two lists. `reads = False` is one that stopped reading."""

    def __init__(self, answer: Answering = no_answer, counters: Counters | None = None, *, strict: bool = True) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue()
        self.trace: list[tuple[Direction, str]] = []
        self.invalid: list[Malformed] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.lost: str | None = None
        self.rpc = Rpc(
            self._send,
            answer,
            on_invalid=lambda why, _text: self.invalid.append(why),
            trace=lambda direction, text: self.trace.append((direction, text)),
            counters=counters,
            strict=strict,
        )

    @property
    def counters(self) -> Counters:
        return self.rpc.counters

    async def _send(self, text: str) -> None:
        await self.reads.wait()
        if self.lost is not None:
            raise LinkLost(self.lost)
        self.texts.put_nowait(text)

    async def take(self) -> list[Any]:
        """The next frame that arrived here."""
        async with asyncio.timeout(WITHIN_S):
            frame: list[Any] = json.loads(await self.texts.get())
        return frame

    async def silent(self) -> bool:
        """Nothing more arrives, however long one lets everything run."""
        await turns_of_the_loop()
        return self.texts.empty()

    def says(self, *parts: Any) -> None:
        self.rpc.received(json.dumps(parts))

    def calls(self, action: str, payload: Any, message_id: str = "7") -> None:
        self.says(2, message_id, action, payload)

    def begin(self, action: str = "Heartbeat", payload: Payload | None = None, timeout_s: float = WITHIN_S) -> Any:
        """A call of the station, running."""
        return asyncio.create_task(self.rpc.call(action, payload or {}, timeout_s))
