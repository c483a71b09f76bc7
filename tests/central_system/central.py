"""A central system for tests, strict about every frame and wrong on demand. See the package for how it reads."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from .answers import Card
from .desk import Desk, call_text
from .door import Door, Shut
from .frames import UNREADABLE_ID, Frame, Kind
from .ledger import Ledger
from .link import StationLink, StationSocket
from .record import Record, wanted
from .schemas import check_to_station
from .script import CutAt, Effect, Step
from .violations import Rule, Violation

PATIENCE_S: Final = 10.0
AnswerGiven = dict[str, Any] | Callable[[Frame], dict[str, Any]]


class Refused(Exception):
    """The station answered a CALL with a CALLERROR."""

    def __init__(self, frame: Frame) -> None:
        self.code, self.frame = frame.error_code, frame
        self.description: str = json.loads(frame.text)[3]
        super().__init__(f"{frame.error_code}: {frame.text[:300]}")


class NoLink(Exception):
    """There is no open WebSocket to send on."""


class CentralSystem:
    """`with CentralSystem() as central:` serves one identity at `central.url`; breaches fail the test at the end.

    `give_up_s`: the shortest time after which the station under test may regard a CALL as timed out.
    """

    def __init__(
        self,
        identity: str = "CP1",
        *,
        password: str | bytes | None = None,
        tls: ssl.SSLContext | None = None,
        give_up_s: float = 1.0,
    ) -> None:
        self._desk = Desk(give_up_s)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="central system", daemon=True)
        self._door = Door(identity, self.record, self._enter, tls)
        self._link: StationLink | None = None
        self._scheme = "wss" if tls else "ws"
        self.identity = identity
        self.password = password

    # --- life -----------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._door.set(None))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()
        if kind is None:
            assert self.violations == [], self.story()

    @property
    def url(self) -> str:
        """The endpoint, to which the station appends its identity."""
        return f"{self._scheme}://127.0.0.1:{self._door.port}/ocpp"

    @property
    def port(self) -> int:
        """The port, the same for the whole life."""
        return self._door.port

    @property
    def password(self) -> bytes | None:
        """The password of basic authentication; None: none is asked for."""
        return self._door.password

    @password.setter
    def password(self, password: str | bytes | None) -> None:
        self._door.password = password.encode() if isinstance(password, str) else password

    # --- how it answers -------------------------------------------------------------------------------------

    def boots(self, *statuses: str, interval_s: int | None = None) -> None:
        """The status for each further BootNotification; the last one stays."""
        with self.record.changed:
            self._desk.answers.boots = list(statuses)
            if interval_s is not None:
                self._desk.answers.interval_s = interval_s

    def card(
        self, id_tag: str, status: str = "Accepted", *, parent: str | None = None, expires_at: datetime | None = None
    ) -> None:
        """What Authorize, StartTransaction and StopTransaction say of an idTag."""
        with self.record.changed:
            self._desk.answers.cards[id_tag.casefold()] = Card(status, parent, expires_at)

    def other_cards(self, status: str) -> None:
        """What they say of all others; Accepted at first."""
        with self.record.changed:
            self._desk.answers.other_cards = Card(status)

    def clock(self, offset_s: float) -> None:
        """Tell a time that is this much later."""
        with self.record.changed:
            self._desk.answers.clock_offset_s = offset_s

    def number_transactions_from(self, transaction_id: int) -> None:
        """The id of the next transaction; 1001 at first."""
        with self.record.changed:
            self._desk.book.next_id = transaction_id

    # --- what it does wrong: `times` None is always, `skip` lets some pass first, fields choose by payload ------

    def answer(
        self, action: str, payload: AnswerGiven, *, times: int | None = None, skip: int = 0, **fields: Any
    ) -> None:
        """Take it; answer this, valid or not. A function is given the frame."""
        self._add(Step(Effect.ANSWER, action, times, skip, fields, answer=payload))

    def delay(self, action: str | None, delay_s: float, *, times: int | None = None, **fields: Any) -> None:
        """Answer late. Other steps apply too."""
        self._add(Step(Effect.DELAY, action, times, fields=fields, delay_s=delay_s))

    def refuse(
        self, action: str | None, code: str = "InternalError", *, times: int | None = None, skip: int = 0, **fields: Any
    ) -> None:
        """Answer a CALLERROR; nothing is taken."""
        self._add(Step(Effect.REFUSE, action, times, skip, fields, error=(code, "as the test wants", {})))

    def silent(self, action: str | None, *, times: int | None = None, skip: int = 0, **fields: Any) -> None:
        """Take nothing, answer nothing."""
        self._add(Step(Effect.SILENT, action, times, skip, fields))

    def swallow(self, action: str | None, *, times: int | None = None, skip: int = 0, **fields: Any) -> None:
        """Take it, lose the answer."""
        self._add(Step(Effect.SWALLOW, action, times, skip, fields))

    def garble(
        self, action: str | None, text: str = "", *, times: int | None = None, skip: int = 0, **fields: Any
    ) -> None:
        """Take it, answer `text`; half of the true answer when empty."""
        self._add(Step(Effect.GARBLE, action, times, skip, fields, text=text))

    def cut_before(self, action: str | None, *, times: int | None = 1, skip: int = 0, **fields: Any) -> None:
        """Reset the link when it arrives; it is lost."""
        self._add(Step(Effect.CUT_BEFORE, action, times, skip, fields))

    def cut_instead(self, action: str | None, *, times: int | None = 1, skip: int = 0, **fields: Any) -> None:
        """Take it; reset the link instead of answering."""
        self._add(Step(Effect.CUT_INSTEAD, action, times, skip, fields))

    def cut_after(self, action: str | None, *, times: int | None = 1, skip: int = 0, **fields: Any) -> None:
        """Take it, answer it, and end the link right behind the answer."""
        self._add(Step(Effect.CUT_AFTER, action, times, skip, fields))

    def cut_at(self, frame: int, *, gets_through: bool) -> None:
        """Drop the link at the frame with this number, sent or received; its message gets through or is lost."""
        with self.record.changed:
            self._desk.script.cut_at = CutAt(frame, gets_through)

    def behave(self) -> None:
        """Forget every step above."""
        with self.record.changed:
            self._desk.script.steps.clear()
            self._desk.script.cut_at = None

    # --- the link -------------------------------------------------------------------------------------------

    def shut(self, how: Shut | int) -> None:
        """Let nobody in any more: see `Shut`, or an HTTP status such as 401. An open link stays; see `cut`."""
        self._run(self._door.set(how))

    def open(self) -> None:
        """Let the station in again."""
        self._run(self._door.set(None))

    def present(self, tls: ssl.SSLContext | None) -> None:
        """Present another certificate, or none at all, to whoever comes from now on."""
        self._door.tls = tls
        self._run(self._door.set(self._door.shut))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the link with a close frame."""
        self._run(self._open_link().connection.close(code, reason))

    def cut(self, *, reset: bool = True) -> None:
        """End the link without one: RST, or FIN."""
        self._run(self._in_loop(lambda: self._open_link().connection.drop(reset=reset)))

    def stall(self) -> None:
        """Half-open: neither read nor write, not even pongs."""
        self._run(self._in_loop(self._open_link().stall))

    def resume(self) -> None:
        """Read again, beginning with what was sent meanwhile."""
        self._run(self._in_loop(self._open_link().resume))

    @property
    def is_connected(self) -> bool:
        """Is a link open?"""
        with self.record.changed:
            return bool(self.record.links) and self.record.links[-1].closed_at_s is None

    def wait_connected(self, timeout_s: float = PATIENCE_S) -> None:
        """Until a link is open."""
        self.record.wait(lambda: self.is_connected, timeout_s, "A link")

    def wait_disconnected(self, timeout_s: float = PATIENCE_S) -> None:
        """Until no link is open."""
        self.record.wait(lambda: not self.is_connected, timeout_s, "The end of the link")

    # --- what it says ---------------------------------------------------------------------------------------

    def call(
        self, action: str, payload: dict[str, Any] | None = None, *, timeout_s: float = PATIENCE_S, checked: bool = True
    ) -> dict[str, Any]:
        """Send a CALL and wait for its CALLRESULT; Refused for a CALLERROR. `checked`: we follow the schema, too."""
        message_id = self.post(action, payload, checked=checked)
        return self.answer_to(message_id, timeout_s)

    def post(self, action: str, payload: dict[str, Any] | None = None, *, checked: bool = True) -> str:
        """Send a CALL and do not wait; its message id."""
        if checked:
            check_to_station(action, payload or {})
        message_id = str(uuid4())
        self._send(call_text(message_id, action, payload or {}))
        return message_id

    def answer_to(self, message_id: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait for the answer to a CALL; Refused for a CALLERROR."""
        frame: Frame = self.record.wait(
            lambda: self._desk.conversation.asked[message_id].answer, timeout_s, f"An answer to {message_id}"
        )
        if frame.kind is Kind.ERROR:
            raise Refused(frame)
        return frame.payload

    def has_answered(self, message_id: str) -> bool:
        """Whether the station has answered this CALL; one that met the end of its link never left."""
        with self.record.changed:
            asked = self._desk.conversation.asked.get(message_id)
            return asked is not None and asked.answer is not None

    def say(self, text: str | bytes) -> None:
        """Send any message; bytes go as a binary frame."""
        with self.record.changed:
            self._desk.conversation.ask(UNREADABLE_ID, "", {}, self._open_link().number)
        self._send(text)

    def write(self, octets: bytes) -> None:
        """Put bytes on the TCP connection, past the WebSocket protocol."""
        self._run(self._in_loop(lambda: self._open_link().connection.transport.write(octets)))

    # --- what it saw ----------------------------------------------------------------------------------------

    @property
    def record(self) -> Record:
        """Everything: frames, links, handshakes, pings, violations."""
        return self._desk.record

    def mark(self) -> None:
        """`wait`, `frames` and `quiet` look at what comes after this."""
        self.record.mark()

    def wait(self, action: str, *, kind: Kind = Kind.CALL, timeout_s: float = PATIENCE_S, **fields: Any) -> Frame:
        """The first such frame of the station since the mark. A field is a value, or a function that judges it."""
        frame = self.record.first(wanted(action, kind, fields), timeout_s)
        assert frame, f"{action} {fields or ''} did not come within {timeout_s} s.\n{self.record.story()}"
        return frame

    def frames(self, action: str | None = None, *, kind: Kind = Kind.CALL, **fields: Any) -> list[Frame]:
        """All such frames of the station since the mark."""
        return self.record.matching(wanted(action, kind, fields))

    def quiet(self, action: str | None, for_s: float, **fields: Any) -> None:
        """AssertionError when such a CALL came since the mark, or comes within this time from now."""
        unwanted = self.record.first(wanted(action, Kind.CALL, fields), for_s)
        assert unwanted is None, f"unwanted within {for_s} s: {unwanted}"

    def ledger(self) -> Ledger:
        """The transactions, each once."""
        with self.record.changed:
            return self._desk.book.snapshot()

    @property
    def violations(self) -> list[Violation]:
        """Every breach of a rule so far."""
        with self.record.changed:
            return list(self.record.violations)

    def forgive(self, rule: Rule) -> list[Violation]:
        """Take out the breaches that the test provoked; AssertionError when there are none."""
        return self.record.forgive(rule)

    def story(self) -> str:
        """All frames and breaches, for a person."""
        return self.record.story(last=1000)

    # --- inside ---------------------------------------------------------------------------------------------

    def _add(self, step: Step) -> None:
        with self.record.changed:
            self._desk.script.steps.append(step)

    async def _enter(self, connection: StationSocket) -> None:
        link = self._link = StationLink(self.record.opened(), connection, self._desk)
        code = 1006
        try:
            code = await link.serve()
        finally:
            self.record.closed(link.number, code)

    async def _end(self) -> None:
        await self._door.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    def _open_link(self) -> StationLink:
        if self._link is None or not self.is_connected:
            raise NoLink("The station is not connected.")
        return self._link

    def _send(self, text: str | bytes) -> None:
        self._run(self._open_link().send(text))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    @staticmethod
    async def _in_loop(work: Callable[[], object]) -> None:
        work()
