"""How many pages may be open, and how fast one of them may talk."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

SOCKETS_PER_ADDRESS: Final = 20
SOCKETS_IN_ALL: Final = 60
MESSAGES_PER_S: Final = 10
FLOOD_MESSAGES: Final = 1000
REFUSAL_TOLD_EVERY_S: Final = 60.0
OWN_SCREEN: Final = "screen"  # in the place of an address


class Admission:
    """Counts open websockets of one web process by address."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._told_s = float("-inf")

    def admit(self, address: str) -> bool:
        """Count one more page of `address`; False without room. Strangers never take the place of OWN_SCREEN."""
        full = self._open.total() >= SOCKETS_IN_ALL and address != OWN_SCREEN
        if full or self._open[address] >= SOCKETS_PER_ADDRESS:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One admitted page of `address` is gone."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]

    def is_worth_telling(self, now_s: float) -> bool:
        """True once a minute: a line for each refused page would fill the log."""
        if now_s - self._told_s < REFUSAL_TOLD_EVERY_S:
            return False
        self._told_s = now_s
        return True

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
        self._ignored = 0
        self._ignored_s = float("-inf")

    def allows(self, now_s: float) -> bool:
        """True when a message at `now_s` (monotonic) may be heard; it is then counted."""
        if len(self._heard_s) == MESSAGES_PER_S and now_s - self._heard_s[0] < 1.0:
            self._ignored = self._ignored + 1 if now_s - self._ignored_s < 1.0 else 1
            self._ignored_s = now_s
            return False
        self._heard_s.append(now_s)
        return True

    @property
    def is_flood(self) -> bool:
        """Whether so many were ignored without a quiet second between that no page of ours can have sent them."""
        return self._ignored >= FLOOD_MESSAGES

    def is_worth_telling(self, now_s: float) -> bool:
        """True once a second: an answer to each ignored message would be a flood of our own."""
        if now_s - self._told_s < 1.0:
            return False
        self._told_s = now_s
        return True
