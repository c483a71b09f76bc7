"""What becomes of one row, whatever happens in it? A result: with how long it took, or with why there is none."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from .ending import within
from .machine import surroundings
from .measurement import Effort, Measurement

ROW_WITHIN_S: Final = 1_500.0  # the longest takes sixteen minutes; more is a row that hangs
SOAK_WITHIN_S: Final = 12 * 3_600.0
LAST_CALLS: Final = 4


def measured(name: str, measure: Callable[[Effort], Measurement], effort: Effort) -> Measurement:
    """One row. A measurement that breaks off or hangs is a row that is not met, with the reason; the others run."""
    begun_s = time.monotonic()
    try:
        with within(effort.of(ROW_WITHIN_S, ROW_WITHIN_S, SOAK_WITHIN_S)):
            found = measure(effort)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is the result of this row and of no other
        where = [f"{each.name}:{each.lineno}" for each in traceback.extract_tb(error.__traceback__)[-LAST_CALLS:]]
        found = broken_off(name, f"{type(error).__name__}: {error}", where=where)
    return replace(found, details={**found.details, "took_s": round(time.monotonic() - begun_s, 1)})


def broken_off(name: str, why: str, **details: Any) -> Measurement:
    """A row without a number, and why."""
    told = {"broke_off": why, **details, **surroundings()}
    return Measurement(name=name, value=None, unit="", bar="see the row", ok=False, details=told)
