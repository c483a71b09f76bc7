"""What was said? One exchange is a request and its answer; the newest few hundred of a station are kept in memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

MOST_KEPT: Final = 300
LONGEST_SHOWN: Final = 40_000  # characters of JSON; a page with more would crawl


@dataclass(slots=True)
class Exchange:
    """`is_ours`: the central system asked. `took_ms` is the round trip; None until the answer is there."""

    number: int
    is_ours: bool
    action: str
    request: Any
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    asked_s: float = field(default_factory=time.monotonic)
    answer: Any = None
    error_code: str = ""
    took_ms: float | None = None
    faults: list[str] = field(default_factory=list)

    def answered(self, payload: Any, error_code: str = "", faults: list[str] | None = None) -> None:
        """The answer is there."""
        self.answer = payload
        self.error_code = error_code
        self.took_ms = round((time.monotonic() - self.asked_s) * 1000, 1)
        self.faults += faults or []

    def gave_up(self, why: str) -> None:
        """No answer will come."""
        self.error_code = "NoAnswer"
        self.faults.append(why)

    def as_shown(self) -> dict[str, Any]:
        """For the page."""
        return {
            "number": self.number,
            "ours": self.is_ours,
            "action": self.action[:60],
            "request": self.request,
            "at": self.at.isoformat(),
            "answer": self.answer,
            "error": self.error_code,
            "ms": self.took_ms,
            "faults": self.faults,
        }


class Exchanges:
    """The newest of one station."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Exchange] = OrderedDict()
        self._count = 0

    def add(self, action: str, request: Any, *, is_ours: bool = False) -> Exchange:
        """A request was sent or has come."""
        self._count += 1
        exchange = Exchange(self._count, is_ours, action, request)
        self._kept[exchange.number] = exchange
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return exchange

    def kept(self) -> list[Exchange]:
        """The oldest first."""
        return list(self._kept.values())
