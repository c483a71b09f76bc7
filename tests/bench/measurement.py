"""What is one result, and what is it judged by? Pure values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Effort(StrEnum):
    """How long a measurement may take: seconds in CI, minutes in a normal run, hours in a campaign."""

    SHORT = "short"
    NORMAL = "normal"
    SOAK = "soak"

    def of(self, short: T, normal: T, soak: T) -> T:
        """The choice for this effort."""
        return {Effort.SHORT: short, Effort.NORMAL: normal, Effort.SOAK: soak}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row of the table. `bar` is the promise in words; `details` is everything that explains the number."""

    name: str
    value: float | None  # None: could not be measured, and the details say why
    unit: str
    bar: str
    ok: bool
    details: dict[str, Any]

    def line(self) -> str:
        """One JSON object on one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


def share_of(values: Sequence[float], share: float) -> float:
    """The value that *share* (0.5, 0.99) of *values* did not exceed; p99 of few is their largest."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def spread_ms(seconds: Sequence[float]) -> dict[str, float]:
    """n, p50, p99 and max in milliseconds; only n when there is nothing."""
    if not seconds:
        return {"n": 0}
    return {
        "n": len(seconds),
        "p50_ms": round(share_of(seconds, 0.5) * 1000, 2),
        "p99_ms": round(share_of(seconds, 0.99) * 1000, 2),
        "max_ms": round(max(seconds) * 1000, 2),
    }
