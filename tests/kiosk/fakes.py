"""A station in memory, for the consumer and the push: it answers what a test wants, as slowly as a test wants."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from django.db import OperationalError

from charging.curves import CurveShown
from charging.snapshot import Snapshot
from kiosk.face import FaceShown
from kiosk.messages import Asked
from kiosk.push import plain_face
from tests.kiosk.stations import connector, snapshot


@dataclass(frozen=True)
class FixedAnswer:
    accepted: bool
    refusal: str = ""


class StationInMemory:
    def __init__(self) -> None:
        self.shown = snapshot(connector(1))
        self.answer = FixedAnswer(accepted=True)
        self.locked = False
        self.asked: list[tuple[Asked, str, str]] = []  # with who and on which thread
        self.beats = 0
        self.seen_over_network = True
        self.painted = 0
        self.causes: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def snapshot(self) -> Snapshot:
        if self.locked:
            raise OperationalError("database is locked")
        return self.shown

    def face(self) -> FaceShown:
        return plain_face()

    def curve(self, number: int) -> CurveShown:  # noqa: ARG002 - the station's signature
        return CurveShown(transaction=None, points=[])

    def ask(self, asked: Asked, who: str) -> FixedAnswer:
        self.asked.append((asked, who, threading.current_thread().name))
        # An emergency never waits for anything else.
        if asked.action != "emergency_stop":
            self.may_answer.wait(10)
        if self.locked:
            raise OperationalError("database is locked")
        return self.answer

    def may_look(self) -> bool:
        if self.locked:
            raise OperationalError("database is locked")
        return self.seen_over_network

    def beat(self, *, painted: bool) -> None:
        self.beats += 1
        self.painted += painted

    def started_again(self, cause: str) -> None:
        self.causes.append(cause)
