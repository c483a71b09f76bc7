"""What is done with a message of the station? It is recorded, judged, taken, and answered as the script says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from .answers import Answers
from .conversation import Conversation
from .frames import UNREADABLE_ID, Direction, Frame, Kind, Message, parse, with_floats
from .ledger import Book
from .record import Record
from .schemas import FROM_STATION, check_from_station, known_actions
from .script import Effect, Script, Step
from .violations import Breach, Rule


class Cut(Enum):
    """When the link is dropped."""

    NEVER = auto()
    NOW = auto()
    AFTER = auto()  # right behind the answer


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the link has to do. `text` empty: send nothing."""

    call: Frame
    text: str = ""
    delay_s: float = 0.0
    cut: Cut = Cut.NEVER


class Desk:
    """Has no socket and no thread; every method holds the record's lock."""

    def __init__(self, give_up_s: float) -> None:
        self.record = Record()
        self.script = Script()
        self.book = Book()
        self.answers = Answers(self.book)
        self.conversation = Conversation(give_up_s)

    def received(self, link: int, message: str | bytes) -> Reaction:
        """One message of the station."""
        with self.record.changed:
            try:
                parsed = parse(message)
            except Breach as breach:
                frame = self.record.add(link, Direction.FROM_STATION, Kind.UNREADABLE, str(message))
                self.record.breach(breach, frame.number)
                return Reaction(frame)
            frame = self._recorded(link, str(message), parsed)
            cut = self.script.cut_due(frame.number)
            if cut and not cut.gets_through:
                self.record.lose(frame)
                return Reaction(frame, cut=Cut.NOW)
            if parsed.kind is Kind.CALL:
                reaction = self._call(frame, parsed.payload)
            else:
                self._answer(frame, parsed.payload)
                reaction = Reaction(frame)
            return Reaction(frame, cut=Cut.NOW) if cut else reaction

    def sending(self, link: int, text: str, call: Frame | None = None) -> Cut:
        """The link sends `text`, the answer to `call` when there is one; NOW: it does not get through."""
        with self.record.changed:
            frame = self._own(link, text)
            cut = self.script.cut_due(frame.number)
            if cut and not cut.gets_through:
                self.record.lose(frame)
                return Cut.NOW
            if call is not None and frame.kind is not Kind.UNREADABLE and frame.message_id == call.message_id:
                self.conversation.answered(call, frame)
            return Cut.AFTER if cut else Cut.NEVER

    def _recorded(self, link: int, text: str, parsed: Message) -> Frame:
        action = parsed.action or self.conversation.action_of(parsed.message_id)
        parts = {"message_id": parsed.message_id, "action": action, "error_code": parsed.error_code}
        return self.record.add(
            link, Direction.FROM_STATION, parsed.kind, text, payload=with_floats(parsed.payload), **parts
        )

    def _own(self, link: int, text: str) -> Frame:
        """Whatever is sent is recorded; what a CALL asks is remembered, rubbish included."""
        parts: dict[str, Any] = {"message_id": UNREADABLE_ID}
        kind = Kind.UNREADABLE
        match _loaded(text):
            case [2, str(message_id), str(action), payload]:
                kind, parts = Kind.CALL, {"message_id": message_id, "action": action, "payload": _dict(payload)}
            case [3, str(message_id), payload]:
                kind, parts = Kind.RESULT, {"message_id": message_id, "payload": _dict(payload)}
            case [4, str(message_id), code, *_]:
                kind, parts = Kind.ERROR, {"message_id": message_id, "error_code": str(code)}
            case [_, str(message_id), *_]:
                parts = {"message_id": message_id}
        if kind in {Kind.CALL, Kind.UNREADABLE}:
            self.conversation.ask(parts["message_id"], parts.get("action", ""), parts.get("payload", {}), link)
        return self.record.add(link, Direction.TO_STATION, kind, text, **parts)

    def _answer(self, frame: Frame, payload: dict[str, Any]) -> None:
        for breach in self.conversation.hear_answer(frame):
            self.record.breach(breach, frame.number)
        if frame.kind is Kind.RESULT and frame.action in known_actions():
            self._is_valid(frame, payload, is_answer=True)

    def _call(self, frame: Frame, payload: dict[str, Any]) -> Reaction:
        breaches = list(self.conversation.hear_call(frame))
        for breach in breaches:
            self.record.breach(breach, frame.number)
        if frame.action not in FROM_STATION:
            self.record.breach(Breach(Rule.ACTION, frame.action), frame.number)
            return Reaction(frame, error_text(frame, "NotImplemented"))
        if not self._is_valid(frame, payload, is_answer=False):
            return Reaction(frame, error_text(frame, "FormationViolation"))
        if any(breach.rule is Rule.BEFORE_ACCEPTED for breach in breaches):
            return Reaction(frame, error_text(frame, "SecurityError"))  # J errata 3.10
        return self._as_scripted(frame)

    def _is_valid(self, frame: Frame, payload: dict[str, Any], *, is_answer: bool) -> bool:
        try:
            check_from_station(frame.action, payload, is_answer=is_answer)
        except Breach as breach:
            self.record.breach(breach, frame.number)
            return False
        return True

    def _as_scripted(self, frame: Frame) -> Reaction:
        delay_s, step = self.script.delay_and_effect(frame)
        effect = step.effect if step else Effect.ANSWER
        if effect is Effect.CUT_BEFORE:
            self.record.lose(frame)
            return Reaction(frame, cut=Cut.NOW)
        if effect is Effect.SILENT:
            return Reaction(frame)
        if step and effect is Effect.REFUSE:
            return Reaction(frame, error_text(frame, *step.error), delay_s)
        text = self._taken(frame, step)
        if effect is Effect.SWALLOW:
            return Reaction(frame)
        if effect is Effect.CUT_INSTEAD:
            return Reaction(frame, cut=Cut.NOW)
        return Reaction(frame, text, delay_s, Cut.AFTER if effect is Effect.CUT_AFTER else Cut.NEVER)

    def _taken(self, frame: Frame, step: Step | None) -> str:
        """Take the CALL; the text of the answer."""
        try:
            self.book.take(frame)
        except Breach as breach:
            self.record.breach(breach, frame.number)
        if step and step.effect is Effect.ANSWER:
            payload = step.answer(frame) if callable(step.answer) else step.answer
            self._renumber(frame, payload)
        else:
            payload = self.answers.to(frame)
        text = result_text(frame.message_id, payload)
        if step and step.effect is Effect.GARBLE:
            return step.text or text[: len(text) // 2]
        return text

    def _renumber(self, frame: Frame, payload: dict[str, Any]) -> None:
        """The test gave a transactionId of its own."""
        if frame.action == "StartTransaction" and isinstance(payload.get("transactionId"), int):
            self.book.renumber(self.book.of_start(frame.payload), payload["transactionId"])


def call_text(message_id: str, action: str, payload: dict[str, Any]) -> str:
    """A CALL."""
    return json.dumps([2, message_id, action, payload])


def result_text(message_id: str, payload: dict[str, Any]) -> str:
    """A CALLRESULT."""
    return json.dumps([3, message_id, payload])


def error_text(frame: Frame, code: str, description: str = "", details: dict[str, Any] | None = None) -> str:
    """A CALLERROR."""
    return json.dumps([4, frame.message_id, code, description, details or {}])


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
