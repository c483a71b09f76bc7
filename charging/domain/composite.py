"""The composite schedule: what profiles and hardware allow over the next seconds (OCPP 1.6 sections 3.13.3, 5.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import Final

from .capability import NOMINAL_VOLTAGE_V, Capability
from .limits import Lease, Limit, limit_of
from .profiles import (
    GRID_PHASES,
    MOST_PERIODS,
    Profile,
    Purpose,
    Slot,
    Unit,
    ceiling_of,
    limiting,
    prevailing,
    station_watts,
)

STEP: Final = timedelta(milliseconds=1)
MOST_STEPS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """The time that a composite schedule is asked for, at most LONGEST_S, and its unit."""

    start: datetime
    duration_s: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Composite:
    """From *start* on: (seconds after it, limit in *unit*), each until the next one, the last until *duration_s*."""

    start: datetime
    duration_s: int
    unit: Unit
    periods: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All outlets, by number, and what they may draw together without any profile, W."""

    limit_w: int
    capabilities: dict[int, Capability]


def of_connector(number: int, profiles: Sequence[Profile], site: Site, began_at: datetime, asked: Asked) -> Composite:
    """The most that connector *number* may draw, were it the only one in use."""
    capability = site.capabilities[number]

    def allowed(at: datetime) -> tuple[float, datetime | None]:
        own, station = limiting(profiles, number, at, began_at), _station(profiles, at)
        ceiling = ceiling_of(own, capability)
        most_w = _least(site.limit_w, station_watts(station, site.capabilities.values()))
        leases = (
            Lease(source="profile", limit_a=ceiling.limit_a, limit_w=ceiling.limit_w),
            Lease(source="site", limit_w=most_w),
        )
        return _in_unit(limit_of(capability, leases), capability, asked.unit), _earlier(own.until, station.until)

    return _composed(allowed, asked)


def of_station(profiles: Sequence[Profile], site: Site, asked: Asked) -> Composite:
    """The most that all connectors may draw from the grid together."""
    hardware_w = sum(each.maximum_w for each in site.capabilities.values())

    def allowed(at: datetime) -> tuple[float, datetime | None]:
        station = _station(profiles, at)
        watts = min(_least(site.limit_w, station_watts(station, site.capabilities.values())), hardware_w)
        return float(watts) if asked.unit is Unit.WATTS else _grid_amperes(watts), station.until

    return _composed(allowed, asked)


def _station(profiles: Sequence[Profile], at: datetime) -> Slot:
    return prevailing((each for each in profiles if each.purpose is Purpose.STATION), at, at)


def _in_unit(limit: Limit, capability: Capability, unit: Unit) -> float:
    if unit is Unit.WATTS:
        return float(limit.power_w)
    return _grid_amperes(limit.power_w) if capability.direct_current else limit.current_a


def _grid_amperes(watts: int) -> float:
    return floor(watts * 10 / (NOMINAL_VOLTAGE_V * GRID_PHASES)) / 10


def _composed(allowed: Callable[[datetime], tuple[float, datetime | None]], asked: Asked) -> Composite:
    """No more periods than a profile may have, and no longer walk than MOST_STEPS: the rest is asked for later."""
    periods: list[tuple[int, float]] = []
    end_s = asked.duration_s
    for steps, (at, limit) in enumerate(_walked(allowed, asked), 1):
        offset_s = floor((at - asked.start).total_seconds())
        if steps > MOST_STEPS or (len(periods) == MOST_PERIODS and periods[-1][1] != limit):
            end_s = max(offset_s, 1)
            break
        if periods and periods[-1][0] == offset_s:
            periods[-1] = (offset_s, min(limit, periods[-1][1]))
        elif not periods or periods[-1][1] != limit:
            periods.append((offset_s, limit))
    return Composite(asked.start, end_s, asked.unit, tuple(periods))


def _walked(
    allowed: Callable[[datetime], tuple[float, datetime | None]], asked: Asked
) -> Iterator[tuple[datetime, float]]:
    at, end = asked.start, asked.start + timedelta(seconds=asked.duration_s)
    while at < end:
        limit, until = allowed(at)
        yield at, limit
        if until is None:
            return
        at = max(until, at + STEP)


def _least(limit_w: int, other_w: int | None) -> int:
    return limit_w if other_w is None else min(limit_w, other_w)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
