"""Who may say what now? Message ids, one CALL at a time, and what a station may send before it is accepted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .frames import UNREADABLE_ID, Frame, Kind
from .violations import Breach, Rule

PUNCTUAL_S: Final = 0.05  # two computers' clocks
TRIGGERS: Final = {
    "SignChargePointCertificate": ("SignCertificate",),
    "FirmwareStatusNotification": ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"),
}


@dataclass(slots=True)
class Told:
    """A CALL of the station."""

    text: str
    link: int
    at_s: float
    answered: bool = False


@dataclass(slots=True)
class Asked:
    """A CALL of the central system; sent twice, it may be answered twice."""

    action: str
    payload: dict[str, Any]
    link: int
    times: int = 1
    answers: int = 0
    answer: Frame | None = None


class Conversation:
    """All links of one station. `give_up_s`: how soon a station may regard a CALL without answer as timed out."""

    def __init__(self, give_up_s: float) -> None:
        self.give_up_s = give_up_s
        self.registration = ""  # the status of the last BootNotification.conf
        self.boot_due_s = 0.0
        self.asked: dict[str, Asked] = {}
        self._told: dict[str, Told] = {}
        self._waiting: dict[str, Told] = {}  # those without an answer
        self._triggered: set[str] = set()

    def hear_call(self, frame: Frame) -> Iterator[Breach]:
        """Take a CALL of the station; every rule that it breaks."""
        known = self._told.get(frame.message_id)
        if known and (known.answered or known.text != frame.text):
            yield Breach(Rule.MESSAGE_ID_TWICE, frame.message_id)
        for message_id, told in self._waiting.items():
            if told.link == frame.link and frame.at_s < told.at_s + self.give_up_s:
                waited_s = frame.at_s - told.at_s
                yield Breach(Rule.SECOND_CALL, f"{frame.action} {waited_s:.3f} s after {message_id}, not yet answered")
        told = Told(frame.text, frame.link, frame.at_s)
        self._told[frame.message_id] = self._waiting[frame.message_id] = told
        yield from self._registered_for(frame)

    def _registered_for(self, frame: Frame) -> Iterator[Breach]:
        is_triggered = frame.action in self._triggered
        if frame.action != "BootNotification":
            if self.registration != "Accepted" and not (is_triggered and self.registration == "Pending"):
                yield Breach(Rule.BEFORE_ACCEPTED, f"{frame.action} while {self.registration or 'not registered'}")
        elif not is_triggered:
            if frame.at_s < self.boot_due_s - PUNCTUAL_S:
                yield Breach(Rule.BOOT_TOO_SOON, f"{self.boot_due_s - frame.at_s:.2f} s before its time")
            self.registration = ""  # it booted: nothing else until the answer

    def answered(self, frame: Frame, answer: Frame) -> None:
        """The station was sent this answer to its CALL."""
        self._told[frame.message_id].answered = True
        self._waiting.pop(frame.message_id, None)
        if frame.action == "BootNotification" and answer.kind is Kind.RESULT:
            self.registration = str(answer.payload.get("status", ""))
            is_accepted = self.registration == "Accepted"
            interval_s = answer.payload.get("interval", 0)
            self.boot_due_s = 0.0 if is_accepted or not isinstance(interval_s, int) else answer.at_s + interval_s
            self._triggered.clear()

    def ask(self, message_id: str, action: str, payload: dict[str, Any], link: int) -> None:
        """The central system sends a CALL."""
        if message_id in self.asked:
            self.asked[message_id].times += 1
            self.asked[message_id].link = link
        else:
            self.asked[message_id] = Asked(action, payload, link)

    def hear_answer(self, frame: Frame) -> Iterator[Breach]:
        """Take an answer of the station; every rule that it breaks."""
        asked = self.asked.get(frame.message_id)
        if asked is None or asked.link != frame.link:
            yield Breach(Rule.UNASKED, f"{frame.kind} {frame.message_id}")
            return
        asked.answers += 1
        asked.answer = asked.answer or frame
        if asked.answers > asked.times and frame.message_id != UNREADABLE_ID:
            yield Breach(Rule.ANSWERED_TWICE, frame.message_id)
        if self.registration == "Rejected" and time.monotonic() < self.boot_due_s:
            yield Breach(Rule.WHILE_REJECTED, f"{frame.kind} to {asked.action}")
        if asked.action in {"TriggerMessage", "ExtendedTriggerMessage"} and frame.payload.get("status") == "Accepted":
            wanted = asked.payload["requestedMessage"]
            self._triggered |= {*TRIGGERS.get(wanted, (wanted,))}

    def action_of(self, message_id: str) -> str:
        """What the answer with this id answers; empty when nothing was asked."""
        return self.asked[message_id].action if message_id in self.asked else ""
