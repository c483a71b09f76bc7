"""Wrong passwords make the next attempt wait: per name and address, so that nobody can lock out everybody.

Kept in memory: one process serves the console, and a restart is nothing that an attacker can cause.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

FREE_ATTEMPTS: Final = 5
FIRST_WAIT_S: Final = 15.0
LONGEST_WAIT_S: Final = 300.0
FORGOTTEN_AFTER_S: Final = 3600.0
MOST_KEPT: Final = 10_000  # each attempt costs the attacker one password hash, so pushing others out is slow

Key = tuple[str, str]  # name in lower case, address


class Throttle:
    """Counts failures of each (name, address); thread-safe, bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[Key, tuple[int, float]] = OrderedDict()

    def wait_s(self, key: Key) -> float:
        """Seconds until *key* may try again, 0 when at once."""
        with self._lock:
            count, at_s = self._failures.get(key, (0, 0.0))
            if count < FREE_ATTEMPTS:
                return 0.0
            pause_s = min(FIRST_WAIT_S * 2.0 ** min(count - FREE_ATTEMPTS, 10), LONGEST_WAIT_S)
            return max(at_s + pause_s - self._clock(), 0.0)

    def failed(self, key: Key) -> bool:
        """Count one failure; True when from now on *key* has to wait for the first time."""
        now_s = self._clock()
        with self._lock:
            count, at_s = self._failures.pop(key, (0, now_s))
            count = 1 if now_s - at_s > FORGOTTEN_AFTER_S else count + 1
            self._failures[key] = (count, now_s)
            while len(self._failures) > MOST_KEPT:
                self._failures.popitem(last=False)
            return count == FREE_ATTEMPTS

    def succeeded(self, key: Key) -> None:
        """Forget the failures of *key*."""
        with self._lock:
            self._failures.pop(key, None)


THROTTLE: Final = Throttle()
