"""How long is a fact awaited?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LOOK_EVERY_S: Final = 0.01


class NotInTimeError(RuntimeError):
    """A fact did not become true; the text says which."""


def wait_for(what: str, look: Callable[[], T | None], within_s: float, every_s: float = LOOK_EVERY_S) -> T:
    """The first answer of *look* that is neither None nor false. Raises NotInTimeError."""
    deadline_s = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline_s:
            raise NotInTimeError(f"{what}: not within {within_s:g} s")
        time.sleep(every_s)
