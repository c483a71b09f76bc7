"""One socket's calls and answers, both ways (OCPP-J 1.6, section 4). It knows no socket, only what sends a text.

Rule 1: one CALL of ours is outstanding at a time (4.1.1); the others wait their turn.
Rule 2: receiving never waits: not for our own call, not for whoever answers, not for the far end to read.
Rule 3: whatever is received is answered, ignored by the text or counted; `received` raises nothing.
Rule 4: a message id is carried out once (4.1.4): a repetition gets the same answer again.
Rule 5: everything in memory has a bound.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from .errors import (
    AnswerUnusable,
    CallRefused,
    CallTimedOut,
    ErrorCode,
    Invalid,
    LinkLost,
    Malformed,
    Refuse,
    Unanswered,
)
from .frames import UNREADABLE_ID, Call, CallError, CallResult, Frame, Payload, encode, parse
from .schemas import Kind, check_confirmation, check_own, check_request

MOST_IN_WORK: Final = 32  # calls of the central system that are being answered at the same time
MOST_REMEMBERED: Final = 256  # answers kept for repetitions ...
MOST_REMEMBERED_CHARACTERS: Final = 512 * 1024  # ... and their length together
REUSED_ID: Final = "The message id was used before for another call"
MOST_REPETITIONS: Final = 8  # of a call that is still in work, each to be answered
MOST_UNSENT: Final = 64  # short answers that the far end does not read
MOST_UNADDRESSED: Final = 10  # answers to "-1" in a row: two systems must not quarrel about garbage for ever
ANSWER_TIMEOUT_S: Final = 30.0  # after it nobody over there waits any more

_logger = logging.getLogger(__name__)


class Direction(StrEnum):
    """Which way a frame went, as the trace marks it."""

    SENT = ">"
    RECEIVED = "<"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with something to do once it is on its way: a restart, a new password, a triggered message.

    `then` is not called when the link ended before the answer could leave.
    """

    payload: Payload
    then: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Counters:
    """What happened on the links of one central system, for the console; survives the single link."""

    malformed: int = 0  # received and not readable
    invalid: int = 0  # calls received that break their schema
    repeated: int = 0  # calls received with the id of an earlier one
    busy: int = 0  # calls refused because too many were in work
    failed: int = 0  # calls that our own program could not answer
    unanswered: int = 0  # answers that could not leave, or were not to
    late: int = 0  # answers received to a call that was given up or already answered
    unknown: int = 0  # answers received to no call of ours
    own_invalid: int = 0  # frames of our own that break their schema


@dataclass(slots=True)
class _Asked:
    """One call of the central system: what it said and, once there is one, its answer."""

    fingerprint: int
    reply: str | None = None
    repetitions: int = 0


@dataclass(frozen=True, slots=True)
class _Pending:
    """Our outstanding call."""

    message_id: str
    outcome: asyncio.Future[CallResult | CallError | LinkLost] = field(repr=False)


Send = Callable[[str], Awaitable[None]]
Answering = Callable[[str, Payload], Awaitable[Payload | Answer]]


class Rpc:
    """The calls and answers of one socket, from the moment it is open until `close`.

    `send` puts one text on the socket and raises LinkLost; `answer` gets action and valid payload of a call and
    returns the payload or an Answer, or raises Refuse or Unanswered. `on_invalid` hears of every frame that broke the
    rules and `trace` of every frame; both return at once and raise nothing. `strict` is for tests: a frame of our own
    that breaks its schema is then an error, not only counted.
    """

    def __init__(
        self,
        send: Send,
        answer: Answering,
        *,
        on_invalid: Callable[[Malformed, str], None],
        trace: Callable[[Direction, str], None],
        counters: Counters | None = None,
        strict: bool = False,
    ) -> None:
        self.counters = counters or Counters()
        self._send = send
        self._answer = answer
        self._on_invalid = on_invalid
        self._trace = trace
        self._strict = strict
        self._lost: str | None = None
        self._turn = asyncio.Lock()
        self._pending: _Pending | None = None
        self._done: deque[str] = deque(maxlen=32)  # ids of our last calls
        self._in_work: dict[str, _Asked] = {}
        self._remembered: OrderedDict[str, _Asked] = OrderedDict()
        self._characters = 0
        self._unsent = 0
        self._unaddressed = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, action: str, payload: Payload, timeout_s: float) -> Payload:
        """Send a CALL when it is its turn and return the usable part of the answer.

        `timeout_s` counts from the sending (4.1.1). Raises CallTimedOut, CallRefused, AnswerUnusable or LinkLost.
        """
        if self._strict:
            self._check_own(action, payload, Kind.REQUEST)
        call = Call(str(uuid.uuid4()), action, payload)
        text = encode(call)
        async with self._turn:
            outcome = await self._outcome_of(call, text, timeout_s)
        match outcome:
            case LinkLost():
                raise outcome
            case CallError(_, code, description, details):
                raise CallRefused(code, description, details)
        try:
            return check_confirmation(action, outcome.payload)
        except Invalid as why:
            self._on_invalid(Malformed(call.message_id, why.code, why.description, answerable=False), encode(outcome))
            raise AnswerUnusable(f"The answer to {action} cannot be used: {why.description}") from why

    def received(self, text: str | bytes) -> None:
        """Take what came from the socket. Returns at once and raises nothing."""
        readable = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        self._trace(Direction.RECEIVED, readable)
        try:
            frame = parse(text)
        except Malformed as why:
            self.counters.malformed += 1
            self._on_invalid(why, readable)
            self._refuse_malformed(why)
            return
        self._unaddressed = 0
        if isinstance(frame, Call):
            self._asked(frame, readable)
        else:
            self._settle(frame)

    def close(self, cause: str) -> None:
        """The link is gone: every call of ours fails at once. What the station was answering is finished."""
        self._lost = self._lost or cause
        if self._pending is not None and not self._pending.outcome.done():
            self._pending.outcome.set_result(LinkLost(self._lost))

    # Our calls

    async def _outcome_of(self, call: Call, text: str, timeout_s: float) -> CallResult | CallError | LinkLost:
        if self._lost is not None:
            return LinkLost(self._lost)
        pending = _Pending(call.message_id, asyncio.get_running_loop().create_future())
        self._pending = pending
        # A task of its own, so that a far end that does not read cannot hold this call beyond its time.
        sending = self._spawn(self._transmit_call(call, text, pending))
        try:
            async with asyncio.timeout(timeout_s):
                return await pending.outcome
        except TimeoutError:
            raise CallTimedOut(f"{call.action} was not answered within {timeout_s:g} s") from None
        finally:
            sending.cancel()
            self._pending = None
            self._done.append(call.message_id)

    async def _transmit_call(self, call: Call, text: str, pending: _Pending) -> None:
        try:
            await self._transmit(text)
        except LinkLost as lost:
            if not pending.outcome.done():
                pending.outcome.set_result(lost)
        else:
            if not self._strict:  # counted while the far end thinks: it costs a long queue no time
                self._check_own(call.action, call.payload, Kind.REQUEST)

    def _settle(self, frame: CallResult | CallError) -> None:
        """Give an answer to the call that waits for it; an answer that nobody waits for is dropped (4.1.1)."""
        pending = self._pending
        if pending is not None and pending.message_id == frame.message_id and not pending.outcome.done():
            pending.outcome.set_result(frame)
        elif frame.message_id in self._done or (pending is not None and pending.message_id == frame.message_id):
            self.counters.late += 1
        else:
            self.counters.unknown += 1

    # Their calls

    def _asked(self, call: Call, text: str) -> None:
        known = self._in_work.get(call.message_id) or self._remembered.get(call.message_id)
        if known is not None:
            self.counters.repeated += 1
            self._repeat(call, known, text)
        elif len(self._in_work) >= MOST_IN_WORK:
            self.counters.busy += 1
            self._reply(CallError(call.message_id, ErrorCode.INTERNAL_ERROR, "The station is busy; ask again later"))
        else:
            asked = self._in_work[call.message_id] = _Asked(hash(text))
            self._spawn(self._work(call, asked, text))

    def _repeat(self, call: Call, known: _Asked, text: str) -> None:
        if known.fingerprint != hash(text):
            self._on_invalid(Malformed(call.message_id, ErrorCode.GENERIC_ERROR, REUSED_ID, answerable=True), text)
            self._reply(CallError(call.message_id, ErrorCode.GENERIC_ERROR, REUSED_ID))
        elif known.reply is not None:
            self._reply(known.reply)
        else:
            known.repetitions = min(known.repetitions + 1, MOST_REPETITIONS)

    async def _work(self, call: Call, asked: _Asked, text: str) -> None:
        """Answer one call. It holds its place until the answer has left and what follows it is done."""
        try:
            asked.reply, then = await self._reply_to(call, text)
            self._remember(call.message_id, asked)
            for _ in range(1 + asked.repetitions):
                await self._transmit(asked.reply)
            if then is not None:
                await then()
        except (LinkLost, Unanswered):
            self.counters.unanswered += 1
        finally:
            del self._in_work[call.message_id]

    async def _reply_to(self, call: Call, text: str) -> tuple[str, Callable[[], Awaitable[None]] | None]:
        """The answer as it travels, and what to do after it."""
        try:
            payload = check_request(call.action, call.payload)
        except Invalid as why:
            self.counters.invalid += 1
            self._on_invalid(Malformed(call.message_id, why.code, why.description, answerable=True), text)
            return encode(CallError(call.message_id, why.code, why.description)), None
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer = await self._answer(call.action, payload)
            then = answer.then if isinstance(answer, Answer) else None
            confirmed = answer.payload if isinstance(answer, Answer) else answer
            self._check_own(call.action, confirmed, Kind.CONFIRMATION)
            return encode(CallResult(call.message_id, confirmed)), then
        except Refuse as refusal:
            return encode(CallError(call.message_id, refusal.code, refusal.description)), None
        except Unanswered:
            raise
        except Exception:
            self.counters.failed += 1
            _logger.exception("%s of the central system could not be answered", call.action)
            failed = CallError(call.message_id, ErrorCode.INTERNAL_ERROR, "The station could not do this")
            return encode(failed), None

    def _remember(self, message_id: str, asked: _Asked) -> None:
        self._remembered[message_id] = asked
        self._characters += len(asked.reply or "")
        while len(self._remembered) > MOST_REMEMBERED or self._characters > MOST_REMEMBERED_CHARACTERS:
            _, oldest = self._remembered.popitem(last=False)
            self._characters -= len(oldest.reply or "")

    # Both

    def _refuse_malformed(self, why: Malformed) -> None:
        if not why.answerable:
            return
        if why.message_id == UNREADABLE_ID:
            self._unaddressed += 1
            if self._unaddressed > MOST_UNADDRESSED:
                return
        self._reply(CallError(why.message_id, why.code, why.description))

    def _reply(self, reply: Frame | str) -> None:
        """Send an answer that is ready. When the far end reads none of them, it gets no more of them."""
        if self._unsent >= MOST_UNSENT:
            self.counters.unanswered += 1
            return
        self._unsent += 1
        self._spawn(self._transmit_reply(reply if isinstance(reply, str) else encode(reply)))

    async def _transmit_reply(self, text: str) -> None:
        try:
            await self._transmit(text)
        except LinkLost:
            self.counters.unanswered += 1
        finally:
            self._unsent -= 1

    async def _transmit(self, text: str) -> None:
        if self._lost is not None:
            raise LinkLost(self._lost)
        self._trace(Direction.SENT, text)
        await self._send(text)

    def _check_own(self, action: str, payload: Payload, kind: Kind) -> None:
        """A frame of ours that breaks its schema is our mistake; better sent and counted than silence."""
        try:
            check_own(action, payload, kind)
        except Invalid:
            self.counters.own_invalid += 1
            _logger.exception("Our own %s breaks its schema", action)
            if self._strict:
                raise

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.counters.failed += 1
            _logger.error("An answer, or what follows it, failed", exc_info=error)
