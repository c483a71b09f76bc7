"""How much may this connector deliver now, and who says so? Computed from facts, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hardware.native_map import LimitSource

from .car import MAINS_V

if TYPE_CHECKING:
    from .station_file import UnitSpec

DERATING: Final = frozenset({"HighTemperature", "CableOverTempDerate"})
DERATED_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The last setpoint that the board obeys; amperes per phase, watts for the connector."""

    enable: int = 2  # Enable.AVAILABLE: a board that was never told anything shows itself in order
    limit_a: float = 0.0
    limit_w: int = 0
    voltage_cap_v: float = 0.0
    watchdog_s: float = 0.0
    fallback_a: float = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """Applied now: amperes per phase, watts for the connector."""

    amperes: float
    watts: int
    source: LimitSource


def limit_of(spec: UnitSpec, wanted: Wanted, *, tripped: bool, cable_a: float | None, faults: set[str]) -> Limit:
    """The smallest of what hardware, setpoint, watchdog fallback, cable and temperature allow."""
    watts = min(spec.maximum_w, wanted.limit_w)
    rows = [(spec.maximum_a, LimitSource.HARDWARE)]
    if tripped:
        watts = spec.maximum_w if wanted.fallback_a > 0 else 0
        rows.append((wanted.fallback_a, LimitSource.WATCHDOG))
    else:
        rows.append((min(wanted.limit_a, _amperes(spec, wanted.limit_w)), LimitSource.SETPOINT))
    if cable_a is not None:
        rows.append((cable_a, LimitSource.CABLE))
    if faults & DERATING:
        rows.append((spec.maximum_a * DERATED_SHARE, LimitSource.TEMPERATURE))
    amperes, source = min(rows, key=lambda row: row[0])
    return Limit(amperes, watts, source)


def _amperes(spec: UnitSpec, watts: int) -> float:
    # A DC supply divides its power by the voltage of the moment, see Unit._supply_a.
    return spec.maximum_a if spec.direct_current and watts > 0 else watts / (MAINS_V * spec.phases)


def is_enough(spec: UnitSpec, limit: Limit) -> bool:
    """True when *limit* reaches the least that this connector can offer (AC: 6 A, IEC 61851-1 table A.8)."""
    least_w = spec.minimum_w if spec.direct_current else 0
    return limit.amperes >= spec.minimum_a and limit.amperes > 0 and limit.watts >= least_w
