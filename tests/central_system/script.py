"""What does this central system do wrong, and when? Steps that a test adds, each for the CALLs it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from .frames import Frame

Always = None


class Effect(Enum):
    """What happens to a CALL of the station."""

    ANSWER = auto()  # it is taken; the answer is the test's
    DELAY = auto()  # the answer comes late; other steps apply too
    REFUSE = auto()  # it is not taken; a CALLERROR comes
    SILENT = auto()  # it is not taken; no answer comes
    SWALLOW = auto()  # it is taken; no answer comes
    GARBLE = auto()  # it is taken; rubbish comes
    CUT_BEFORE = auto()  # the link is gone before it is taken
    CUT_INSTEAD = auto()  # it is taken; the link is gone instead of an answer
    CUT_AFTER = auto()  # it is taken and answered; the link is gone right behind the answer


@dataclass(slots=True)
class Step:
    """One effect on the CALLs of `action` (None: of all) whose payload has `fields`; skip some, then so many times."""

    effect: Effect
    action: str | None
    times: int | None = Always
    skip: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | Callable[[Frame], dict[str, Any]] = field(default_factory=dict)
    delay_s: float = 0.0
    text: str = ""
    error: tuple[str, str, dict[str, Any]] = ("InternalError", "", {})

    def applies(self, frame: Frame) -> bool:
        """Is this CALL meant? Counts it when so."""
        if self.times == 0 or self.action not in {None, frame.action}:
            return False
        if any(frame.payload.get(name) != value for name, value in self.fields.items()):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not Always:
            self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class CutAt:
    """Drop the link at a numbered frame, in whichever direction it goes; before it gets through, or right behind it."""

    frame: int
    gets_through: bool


class Script:
    """The steps in the order in which the test added them; used under the record's lock."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.cut_at: CutAt | None = None

    def delay_and_effect(self, frame: Frame) -> tuple[float, Step | None]:
        """Seconds to wait before the answer, and the first other step that applies."""
        delays = [step for step in self.steps if step.effect is Effect.DELAY and step.applies(frame)]
        others = (step for step in self.steps if step.effect is not Effect.DELAY and step.applies(frame))
        return max((step.delay_s for step in delays), default=0.0), next(others, None)

    def cut_due(self, frame: int) -> CutAt | None:
        """The cut that a test asked for at this frame, once."""
        due, self.cut_at = (self.cut_at, None) if self.cut_at and self.cut_at.frame == frame else (None, self.cut_at)
        return due
