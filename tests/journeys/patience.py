"""How a test waits from outside: for a fact, with an end, and it says in words what never came true."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LOOK_EVERY_S: Final = 0.05


class NeverTrueError(AssertionError):
    """What was waited for did not come true in its time."""


def until(look: Callable[[], T | None], timeout_s: float, what: str) -> T:
    """The first true answer of `look()`; NeverTrueError with `what` after *timeout_s*."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline_s:
            raise NeverTrueError(f"Within {timeout_s:g} s this did not come true: {what}. Last seen: {found!r}.")
        rest()


def throughout(look: Callable[[], object], time_s: float, what: str) -> None:
    """`look()` stays true for *time_s*; AssertionError with `what` when it does not."""
    end_s = time.monotonic() + time_s
    while time.monotonic() < end_s:
        assert look(), f"This did not stay true for {time_s:g} s: {what}."
        rest()


def rest(time_s: float = LOOK_EVERY_S) -> None:
    """Let time pass between two looks."""
    threading.Event().wait(time_s)
