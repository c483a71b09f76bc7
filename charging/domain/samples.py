"""What one frame says for a server that is owed meter values (OCPP 1.6 section 3.16), as a plain body.

Only what was measured is in it: a missing key means that this controller does not know, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from math import floor
from typing import Any, Final

from .observation import Observation

KIND: Final = "MeterValuesTaken"  # in the journal
DAY_S: Final = 86_400
LISTS: Final = ("currents_a", "voltages_v", "temperatures_c")
READ: Final = ("power_w", "limit_a", "limit_w", "soc_percent", *LISTS)


class Context(StrEnum):
    """ReadingContext, OCPP 1.6 section 7.35."""

    BEGIN = "Transaction.Begin"
    END = "Transaction.End"
    PERIODIC = "Sample.Periodic"
    CLOCK = "Sample.Clock"
    TRIGGER = "Trigger"  # somebody wants to know it now: section 5.17


def sampled(context: Context, frame: Observation | None, register_wh: int) -> dict[str, Any]:
    """The body of a MeterValuesTaken; *frame* None: nothing but the register is known.

    register_wh; power_w; currents_a and voltages_v per phase, one for DC; offered_a per phase and offered_w, what the
    board offers the vehicle now; temperatures_c as in Observation; soc_percent. A state of charge of exactly 0 is what
    vehicles say before they know it, and is left out.
    """
    if frame is None:
        return {"context": context.value, "register_wh": register_wh}
    return sampled_of(context, {name: getattr(frame, name) for name in READ} | {"register_wh": register_wh})


def sampled_of(context: Context, reading: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a live reading, which has a frame's values under their names (READ, and register_wh)."""
    body: dict[str, Any] = {"context": context.value, "register_wh": reading["register_wh"]}
    body |= {"power_w": reading["power_w"], "offered_a": round(reading["limit_a"], 1), "offered_w": reading["limit_w"]}
    body |= {name: [round(value, 1) for value in reading[name]] for name in LISTS if reading[name]}
    if reading["soc_percent"]:
        body["soc_percent"] = round(reading["soc_percent"], 1)
    return body


def beat_of(now_s: float, interval_s: float) -> int:
    """The number of the beat at which every transaction is sampled (section 9.1.19).

    Counted on the monotonic clock, so that nothing is to be remembered: a transaction's first sample comes within the
    interval after its start, the next ones at the interval.
    """
    return floor(now_s / interval_s)


def clock_period(at: datetime, interval_s: float) -> tuple[int, int]:
    """Which of the day's intervals *at* is in, counted from midnight UTC (section 9.1.5)."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at.toordinal(), floor((at - midnight).total_seconds() / interval_s)
