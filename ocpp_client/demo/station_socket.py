"""One station on its WebSocket: its calls are answered, ours are sent one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from .answers import Answers
from .exchange import Exchange
from .messages import Answer, Call, Unreadable, parse, text_of
from .schemas import FROM_STATION, faults_of
from .station import Station

ANSWER_TIMEOUT_S: Final = 30.0
MOST_WAITING: Final = 20  # commands that a page may pile up
Tell = Callable[[Station, Exchange | None], None]


class StationSocket:
    """`tell(station, exchange)` is called after every change."""

    def __init__(
        self,
        connection: ServerConnection,
        station: Station,
        answers: Answers,
        *,
        tell: Tell,
        next_id: Callable[[], int],
    ) -> None:
        self.station = station
        self._connection = connection
        self._answers = answers
        self._tell = tell
        self._next_id = next_id
        self._asked: dict[str, tuple[Exchange, asyncio.Event]] = {}
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def serve(self) -> None:
        """Until the link ends."""
        try:
            async for message in self._connection:
                await self._react(parse(message))
        except ConnectionClosed:
            return
        finally:
            for exchange, done in self._asked.values():
                exchange.gave_up("The link was lost.")
                done.set()
                self._tell(self.station, exchange)

    async def ask(self, action: str, payload: dict[str, Any]) -> None:
        """Send a CALL when those before it are over (OCPP-J 4.1.1), and see to it that the answer is shown."""
        if self._waiting >= MOST_WAITING:
            return
        self._waiting += 1
        try:
            async with self._turn:
                await self._sent(Call(str(uuid4()), action, payload))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Another socket of this station has come."""
        await self._connection.close(1000, "replaced by a newer connection")

    async def _sent(self, call: Call) -> None:
        exchange = self.station.exchanges.add(call.action, call.payload, is_ours=True)
        exchange.faults = faults_of(call.action, call.payload, is_answer=False)
        done = asyncio.Event()
        self._asked[call.message_id] = exchange, done
        self._tell(self.station, exchange)
        try:
            await self._connection.send(text_of(call))
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await done.wait()
        except TimeoutError:
            exchange.gave_up(f"No answer within {ANSWER_TIMEOUT_S:.0f} s.")
        except ConnectionClosed:
            exchange.gave_up("The link was lost.")
        self._asked.pop(call.message_id, None)
        self._tell(self.station, exchange)

    async def _react(self, message: Call | Answer | Unreadable) -> None:
        if isinstance(message, Call):
            await self._connection.send(text_of(self._answer_to(message)))
        elif isinstance(message, Answer):
            self._heard(message)
        else:
            exchange = self.station.exchanges.add("unreadable", message.text[:2000])
            exchange.gave_up(message.why)
            self._tell(self.station, exchange)

    def _answer_to(self, call: Call) -> Answer:
        exchange = self.station.exchanges.add(call.action, call.payload)
        if call.action not in FROM_STATION:
            answer = Answer(call.message_id, {}, "NotImplemented")
        elif faults := faults_of(call.action, call.payload, is_answer=False):
            exchange.faults = faults
            answer = Answer(call.message_id, {"errorDescription": faults[0][:255]}, "FormationViolation")
        else:
            started = self.station.take(call.action, call.payload, self._next_id())
            answer = Answer(call.message_id, self._answers.to(call.action, call.payload, started))
            if call.action == "BootNotification":
                self.station.registration = answer.payload["status"]
        exchange.answered(answer.payload, answer.error_code)
        self._tell(self.station, exchange)
        return answer

    def _heard(self, answer: Answer) -> None:
        exchange, done = self._asked.get(answer.message_id, (None, None))
        if exchange is None or done is None:
            exchange = self.station.exchanges.add("unasked", answer.payload)
            exchange.gave_up("This answers nothing that was asked, or comes too late.")
            self._tell(self.station, exchange)
            return
        faults = [] if answer.error_code else faults_of(exchange.action, answer.payload, is_answer=True)
        exchange.answered(answer.payload, answer.error_code, faults)
        done.set()
