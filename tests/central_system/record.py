"""What happened? Every frame, every link, every breach, in order, readable from the test while the server runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from .frames import Direction, Frame, Kind
from .violations import Breach, Rule, Violation

LONGEST_QUOTE: Final = 12


@dataclass(frozen=True, slots=True)
class Link:
    """One WebSocket. `close_code` is 1006 when it ended without a close frame."""

    number: int
    opened_at_s: float
    closed_at_s: float | None = None
    close_code: int | None = None


@dataclass(frozen=True, slots=True)
class Handshake:
    """One request to open a WebSocket, and the HTTP status that it got (0: no answer at all)."""

    at_s: float
    path: str
    headers: dict[str, str]
    status: int = 0


class Record:
    """Written by the server's thread, read by the test's; `changed` guards both and wakes who waits."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.frames: list[Frame] = []
        self.links: list[Link] = []
        self.handshakes: list[Handshake] = []
        self.pings: list[float] = []  # monotonic seconds of every WebSocket ping of the station
        self.violations: list[Violation] = []
        self._mark = 0

    def add(self, link: int, direction: Direction, kind: Kind, text: str, **parts: Any) -> Frame:
        """Note one frame with its time of arrival or sending."""
        with self.changed:
            number = len(self.frames) + 1
            frame = Frame(number, time.monotonic(), datetime.now(UTC), link, direction, kind, text, **parts)
            self.frames.append(frame)
            self.changed.notify_all()
            return frame

    def lose(self, frame: Frame) -> None:
        """Note that a script dropped this frame."""
        with self.changed:
            self.frames[frame.number - 1] = replace(frame, lost=True)

    def ping(self) -> None:
        """Note a ping of the station."""
        with self.changed:
            self.pings.append(time.monotonic())
            self.changed.notify_all()

    def breach(self, breach: Breach, frame: int = 0) -> None:
        """Note one breach."""
        with self.changed:
            self.violations.append(Violation(breach.rule, breach.seen, frame))
            self.changed.notify_all()

    def shake_hands(self, path: str, headers: dict[str, str]) -> int:
        """Note a request to open a WebSocket; its place, for `answered`."""
        with self.changed:
            self.handshakes.append(Handshake(time.monotonic(), path, headers))
            self.changed.notify_all()
            return len(self.handshakes) - 1

    def answered(self, handshake: int, status: int) -> None:
        """Note what it got."""
        with self.changed:
            self.handshakes[handshake] = replace(self.handshakes[handshake], status=status)
            self.changed.notify_all()

    def opened(self) -> int:
        """Note a link; its number."""
        with self.changed:
            self.links.append(Link(len(self.links) + 1, time.monotonic()))
            self.changed.notify_all()
            return len(self.links)

    def closed(self, number: int, code: int) -> None:
        """Note its end."""
        with self.changed:
            self.links[number - 1] = replace(self.links[number - 1], closed_at_s=time.monotonic(), close_code=code)
            self.changed.notify_all()

    def mark(self) -> None:
        """From here on `matching` and `wait` look."""
        with self.changed:
            self._mark = len(self.frames)

    def matching(self, is_wanted: Callable[[Frame], bool]) -> list[Frame]:
        """The frames since the mark that are wanted."""
        with self.changed:
            return [frame for frame in self.frames[self._mark :] if is_wanted(frame)]

    def first(self, is_wanted: Callable[[Frame], bool], timeout_s: float) -> Frame | None:
        """The first wanted frame since the mark, as soon as it is there; None when the time is over."""
        with self.changed:
            found = self._search(is_wanted)
            self.changed.wait_for(lambda: next(found), timeout_s)
            return next(found)

    def _search(self, is_wanted: Callable[[Frame], bool]) -> Iterator[Frame | None]:
        """Look at each frame once, however often it is asked: a long record must not slow the server down."""
        at = self._mark
        while True:
            if at == len(self.frames):
                yield None
            elif is_wanted(self.frames[at]):
                yield self.frames[at]
            else:
                at += 1

    def wait(self, is_so: Callable[[], Any], timeout_s: float, what: str) -> Any:
        """The first true value of `is_so()`; AssertionError with the last frames when there is none in time."""
        with self.changed:
            found = self.changed.wait_for(is_so, timeout_s)
            assert found, f"{what} did not come within {timeout_s} s.\n{self.story()}"
            return found

    def forgive(self, rule: Rule) -> list[Violation]:
        """Take out the breaches of one rule that a test provoked; AssertionError when there are none."""
        with self.changed:
            forgiven = [violation for violation in self.violations if violation.rule is rule]
            assert forgiven, f"nothing broke the rule {rule.name}\n{self.story()}"
            self.violations = [violation for violation in self.violations if violation.rule is not rule]
            return forgiven

    def story(self, last: int = LONGEST_QUOTE) -> str:
        """The last frames and all breaches, for a person."""
        with self.changed:
            return "\n".join(map(str, [*self.frames[-last:], *self.violations])) or "There was no frame at all."


def wanted(action: str | None, kind: Kind, fields: dict[str, Any]) -> Callable[[Frame], bool]:
    """Is it this frame of the station? A field may be a value or a function that judges it."""

    def is_wanted(frame: Frame) -> bool:
        return (
            frame.direction is Direction.FROM_STATION
            and frame.kind is kind
            and action in {None, frame.action}
            and all(_agrees(frame.payload.get(name), value) for name, value in fields.items())
        )

    return is_wanted


def _agrees(found: Any, value: Any) -> bool:
    return bool(value(found)) if callable(value) else bool(found == value)
