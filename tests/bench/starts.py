"""How long until connectors can charge? Known boards, then a first search of everything."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

from .machine import surroundings
from .measurement import Effort, Measurement
from .stations import RunningStation, folder, started

KNOWN_BAR_S: Final = 5.0
FIRST_BAR_S: Final = 60.0
PROGRESS: Final = ("preparing", "starting", "answers at")


def _progress(station: RunningStation) -> int:
    """Lines that told somebody at the terminal how far it is."""
    return sum(any(word in line for word in PROGRESS) for _at_s, line in station.said)


def ready(effort: Effort) -> Measurement:
    """`python -m station` to `station ready`: the median of starts with known boards, and one first start."""
    with folder() as made:
        with started(made / "station") as station:
            first_s, progress = station.ready_s, _progress(station)
        known_s = []
        for _ in range(effort.of(1, 5, 20)):
            with started(made / "station") as station:
                known_s.append(station.ready_s)
    value = round(median(known_s), 2)
    details: dict[str, Any] = {
        "known_s": [round(seconds, 2) for seconds in known_s],
        "first_s": round(first_s, 2),
        "first_progress_lines": progress,
        **surroundings(),
    }
    ok = value <= KNOWN_BAR_S and first_s <= FIRST_BAR_S and progress > 0
    bar = f"<= {KNOWN_BAR_S:g} s known boards; first <= {FIRST_BAR_S:g} s with progress"
    return Measurement(name="ready", value=value, unit="s, median", bar=bar, ok=ok, details=details)
