"""The curve of a transaction as few points: power over the time since its start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

Sample = TypeVar("Sample")
Point = tuple[float, int]  # seconds since the start, W


def thinned(samples: Sequence[Sample], most: int) -> Sequence[Sample]:
    """At most *most* of *samples* (and one), evenly chosen, the last one always."""
    step = -(-len(samples) // most) or 1
    chosen = list(samples[::step])
    return chosen if not samples or chosen[-1] is samples[-1] else [*chosen, samples[-1]]


def points_of(samples: Iterable[tuple[datetime, int]], began: datetime) -> list[Point]:
    """Time and power in W of each sample, as seconds since *began*. A clock that was set back never turns the line."""
    points: list[Point] = []
    for at, power_w in samples:
        earliest_s = points[-1][0] if points else 0.0
        points.append((max((at - began).total_seconds(), earliest_s), power_w))
    return points
