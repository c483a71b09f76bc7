"""What one unit on a line has cost so far, and whether it is worth asking. Plain values, no I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from .errors import Corrupted, Implausible, LineError, NoReply, Truncated

SILENCES_UNTIL_OFFLINE: Final = 3
PROBE_EVERY_S: Final = 5.0
_LATENCIES: Final = 512


@dataclass(slots=True)
class UnitCounters:
    """Counters of one unit since the line was made; latencies from the request's first byte to the reply's last."""

    ok: int = 0  # intact and believed
    no_reply: int = 0
    truncated: int = 0
    corrupted: int = 0
    implausible: int = 0
    retries: int = 0
    drains: int = 0
    last_latency_s: float = 0.0
    last_ok_at_s: float = 0.0  # monotonic
    silences: int = 0  # in a row; a damaged reply ends the row, because somebody is there
    probe_due_at_s: float = 0.0  # monotonic
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES), repr=False)

    @property
    def offline(self) -> bool:
        """True after three unanswered exchanges in a row; asked again every 5 s."""
        return self.silences >= SILENCES_UNTIL_OFFLINE

    def latency_s(self, share: float) -> float | None:
        """The latency that *share* (0.5, 0.99) of the last 512 replies did not exceed; None without any."""
        ranked = sorted(self.latencies_s.copy())  # another thread may be adding
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else None

    def succeeded(self, latency_s: float, now_s: float) -> None:
        """One exchange ended well."""
        self.ok += 1
        self.silences = 0
        self.last_latency_s = latency_s
        self.last_ok_at_s = now_s
        self.latencies_s.append(latency_s)

    def failed(self, error: LineError) -> None:
        """One attempt ended with *error*."""
        match error:
            case NoReply():
                self.no_reply += 1
            case Truncated():
                self.truncated += 1
            case Corrupted():
                self.corrupted += 1
            case Implausible():
                self.implausible += 1

    def disbelieved(self, error: LineError) -> None:
        """A reply that had ended well cannot be true."""
        self.ok -= 1
        self.failed(error)

    def gave_up(self, error: LineError, now_s: float) -> None:
        """The whole exchange failed, retries included."""
        self.silences = self.silences + 1 if isinstance(error, NoReply) else 0
        if self.offline:
            self.probe_due_at_s = now_s + PROBE_EVERY_S
