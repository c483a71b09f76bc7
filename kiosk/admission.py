"""How many pages may be open, and how fast one of them may talk."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from charging.cabinet import is_at_cabinet

SOCKETS_PER_ADDRESS: Final = 20
SOCKETS_IN_ALL: Final = 60
MESSAGES_PER_S: Final = 10


class Admission:
    """Counts open websockets of one web process by address."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def admit(self, address: str) -> bool:
        """Count one more page of `address`; False without room. Strangers never take the cabinet's own place."""
        full = self._open.total() >= SOCKETS_IN_ALL and not is_at_cabinet(address)
        if full or self._open[address] >= SOCKETS_PER_ADDRESS:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One admitted page of `address` is gone."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]

    @property
    def by_address(self) -> dict[str, int]:
        """Open pages of each address, now."""
        return dict(self._open)

    @property
    def total(self) -> int:
        """Open pages."""
        return self._open.total()


class Pace:
    """At most MESSAGES_PER_S in any second; says once a second that more are ignored."""

    def __init__(self) -> None:
        self._heard_s: deque[float] = deque(maxlen=MESSAGES_PER_S)
        self._told_s = float("-inf")

    def allows(self, now_s: float) -> bool:
        """True when a message at `now_s` (monotonic) may be heard; it is then counted."""
        if len(self._heard_s) == MESSAGES_PER_S and now_s - self._heard_s[0] < 1.0:
            return False
        self._heard_s.append(now_s)
        return True

    def is_worth_telling(self, now_s: float) -> bool:
        """True once a second: an answer to each ignored message would be a flood of our own."""
        if now_s - self._told_s < 1.0:
            return False
        self._told_s = now_s
        return True
