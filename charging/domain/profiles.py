"""Charging profiles: which limit holds at an instant, and until when (OCPP 1.6 sections 3.13 and 7.8 to 7.14). Pure.

A profile is a calendar of limits. Of one purpose the highest stack level whose schedule runs prevails; a connector's
own TxDefaultProfile takes the place of the station's on the same level; a TxProfile goes before both. Where the text
leaves a choice, the lower limit is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import floor
from typing import Final

from .capability import NOMINAL_VOLTAGE_V, Capability

MOST_STACK_LEVEL: Final = 99
MOST_PERIODS: Final = 100
MOST_PROFILES: Final = 100
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
LONGEST_S: Final = 10 * 366 * 86_400
GRID_PHASES: Final = 3


class Purpose(StrEnum):
    """ChargingProfilePurposeType, section 7.10."""

    STATION = "ChargePointMaxProfile"
    DEFAULT = "TxDefaultProfile"
    TRANSACTION = "TxProfile"


class Kind(StrEnum):
    """ChargingProfileKindType, section 7.9."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrence(StrEnum):
    """RecurrencyKindType, section 7.39."""

    DAILY = "Daily"
    WEEKLY = "Weekly"

    @property
    def length(self) -> timedelta:
        """From one beginning to the next, in UTC."""
        return timedelta(days=1 if self is Recurrence.DAILY else 7)


class Unit(StrEnum):
    """ChargingRateUnitType, section 7.12: amperes per phase, or watts in all."""

    AMPERES = "A"
    WATTS = "W"


@dataclass(frozen=True, slots=True)
class Period:
    """From *start_s* seconds after the beginning of its schedule: at most *limit*, in the schedule's unit."""

    start_s: int
    limit: float
    phases: int = GRID_PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One charging profile. Times are aware UTC; `received_at` is where a Relative one of the station begins."""

    profile_id: int
    connector_number: int  # 0: the station, or every connector
    stack_level: int
    purpose: Purpose
    kind: Kind
    unit: Unit
    periods: tuple[Period, ...]
    received_at: datetime = EARLIEST
    recurrence: Recurrence | None = None
    starts_at: datetime | None = None
    duration_s: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    minimum: float = 0.0  # minChargingRate: below it charging is not worth it


class Flaw(StrEnum):
    """Why a profile is not taken."""

    STATION_ONLY = "A ChargePointMaxProfile is for connector 0 only."
    CONNECTOR_ONLY = "A TxProfile is for one connector, not for connector 0."
    STACK_LEVEL = "The stackLevel is above ChargeProfileMaxStackLevel."
    PERIODS = "The schedule has more periods than ChargingScheduleMaxPeriods, or none."
    FIRST_PERIOD = "The first period must begin at 0 and each of the others later than the one before it."
    LIMIT = "A limit must be a number that is not negative."
    PHASES = "numberPhases must be 1, 2 or 3."
    RECURRENCE = "A Recurring profile needs recurrencyKind and startSchedule."
    DURATION = "The duration must be longer than 0, and everything in it begins within ten years."
    VALIDITY = "validTo must be later than validFrom, and every time between the years 1970 and 2200."


def flaw_of(profile: Profile) -> Flaw | None:
    """The first rule of the text that *profile* breaks, or a value that nobody means."""
    starts = [period.start_s for period in profile.periods]
    limits = [profile.minimum, *(period.limit for period in profile.periods)]
    moments = [each for each in (profile.starts_at, profile.valid_from, profile.valid_to) if each]
    lasts = [*starts, 1 if profile.duration_s is None else profile.duration_s]
    rules = (
        (Flaw.STATION_ONLY, profile.purpose is Purpose.STATION and profile.connector_number != 0),
        (Flaw.CONNECTOR_ONLY, profile.purpose is Purpose.TRANSACTION and profile.connector_number == 0),
        (Flaw.STACK_LEVEL, not 0 <= profile.stack_level <= MOST_STACK_LEVEL),
        (Flaw.PERIODS, not 1 <= len(starts) <= MOST_PERIODS),
        (Flaw.FIRST_PERIOD, starts[:1] != [0] or any(later <= earlier for earlier, later in pairwise(starts))),
        (Flaw.LIMIT, not all(0.0 <= limit < float("inf") for limit in limits)),
        (Flaw.PHASES, not all(1 <= period.phases <= GRID_PHASES for period in profile.periods)),
        (Flaw.RECURRENCE, profile.kind is Kind.RECURRING and not (profile.recurrence and profile.starts_at)),
        (Flaw.DURATION, lasts[-1] <= 0 or max(lasts) > LONGEST_S),
        (Flaw.VALIDITY, not all(EARLIEST <= each <= LATEST for each in moments)),
        (Flaw.VALIDITY, bool(profile.valid_from and profile.valid_to and profile.valid_to <= profile.valid_from)),
    )
    return next((flaw for flaw, broken in rules if broken), None)


@dataclass(frozen=True, slots=True)
class Slot:
    """What a calendar says at an instant: a period or none, and when this may change at the earliest (None: never)."""

    period: Period | None
    until: datetime | None
    profile: Profile | None = None


def slot_of(profile: Profile, at: datetime, began_at: datetime) -> Slot:
    """What *profile* says at *at*; *began_at* is where a schedule without a time of its own begins."""
    if profile.valid_from and at < profile.valid_from:
        return Slot(None, profile.valid_from)
    if profile.valid_to and at >= profile.valid_to:
        return Slot(None, None)
    origin, again = _origin(profile, at, began_at)
    passed_s = (at - origin).total_seconds()
    if passed_s < 0:
        return Slot(None, _earliest(origin, profile.valid_to))
    if profile.duration_s is not None and passed_s >= profile.duration_s:
        return Slot(None, _earliest(again, profile.valid_to))
    period = [each for each in profile.periods if each.start_s <= passed_s][-1]
    following = next((each.start_s for each in profile.periods if each.start_s > passed_s), None)
    ends = (_after(origin, following), _after(origin, profile.duration_s), again, profile.valid_to)
    return Slot(period, _earliest(*ends), profile)


def _origin(profile: Profile, at: datetime, began_at: datetime) -> tuple[datetime, datetime | None]:
    """Where the schedule begins that counts at *at*, and where it begins anew."""
    if profile.kind is Kind.RECURRING and profile.recurrence and profile.starts_at:
        length = profile.recurrence.length
        rounds = max((at - profile.starts_at) // length, 0)
        origin = profile.starts_at + rounds * length
        return origin, origin + length
    if profile.kind is Kind.ABSOLUTE and profile.starts_at:
        return profile.starts_at, None
    return profile.received_at if profile.purpose is Purpose.STATION else began_at, None


def _after(origin: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else origin + timedelta(seconds=seconds)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((each for each in moments if each is not None), default=None)


def prevailing(profiles: Iterable[Profile], at: datetime, began_at: datetime) -> Slot:
    """The slot of the highest stack level whose schedule runs at *at* (section 3.13.2, errata v4.0 3.43).

    Of two on the same level the first one.
    """
    until: datetime | None = None
    for profile in sorted(profiles, key=lambda each: -each.stack_level):
        slot = slot_of(profile, at, began_at)
        until = _earliest(until, slot.until)
        if slot.period is not None:
            return Slot(slot.period, until, profile)
    return Slot(None, until)


def limiting(profiles: Iterable[Profile], connector_number: int, at: datetime, began_at: datetime) -> Slot:
    """What limits the transaction of a connector: its TxProfiles, else the default ones (section 3.13.1).

    *profiles*: without TxProfiles of other transactions. A TxProfile whose schedule is over gives way to the default.
    """
    here = [each for each in profiles if each.connector_number in {0, connector_number}]
    own = prevailing((each for each in here if each.purpose is Purpose.TRANSACTION), at, began_at)
    if own.period is not None:
        return own
    defaults = [each for each in here if each.purpose is Purpose.DEFAULT]
    default = prevailing(sorted(defaults, key=lambda each: -each.connector_number), at, began_at)
    return Slot(default.period, _earliest(own.until, default.until), default.profile)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a slot allows at a connector; None: this quantity is not limited."""

    limit_a: float | None = None
    limit_w: int | None = None


def ceiling_of(slot: Slot, capability: Capability) -> Ceiling:
    """Watts are the total. Amperes are per phase of the grid; a DC outlet keeps them as its own current as well.

    More phases in the profile than are here change nothing (errata v4.0, 3.34). Fewer phases limit the power, too,
    because nothing here keeps a vehicle from using all of them. Below minChargingRate: 0.
    """
    if slot.period is None or slot.profile is None:
        return Ceiling()
    limit = slot.period.limit if slot.period.limit >= slot.profile.minimum else 0.0
    if slot.profile.unit is Unit.WATTS:
        return Ceiling(limit_w=floor(limit))
    if capability.direct_current or slot.period.phases < capability.phases:
        return Ceiling(limit_a=limit, limit_w=floor(limit * NOMINAL_VOLTAGE_V * slot.period.phases))
    return Ceiling(limit_a=limit)


def lowest(profiles: Iterable[Profile], connector_number: int, capability: Capability) -> Ceiling:
    """What holds while the station does not know the time: the lowest limit of every calendar that may count."""
    here = [p for p in profiles if p.connector_number in {0, connector_number} and p.purpose is not Purpose.STATION]
    ceilings = [ceiling_of(Slot(period, None, p), capability) for p in here for period in p.periods]
    amperes = [each.limit_a for each in ceilings if each.limit_a is not None]
    watts = [each.limit_w for each in ceilings if each.limit_w is not None]
    return Ceiling(min(amperes, default=None), min(watts, default=None))


def station_watts(slot: Slot, capabilities: Iterable[Capability]) -> int | None:
    """What a ChargePointMaxProfile allows all connectors together, or None.

    Amperes are per phase of the grid, and all single-phase outlets may hang on the same one: the fewest phases count.
    """
    if slot.period is None or slot.profile is None:
        return None
    if slot.profile.unit is Unit.WATTS:
        return floor(slot.period.limit)
    here = [GRID_PHASES if each.direct_current else each.phases for each in capabilities]
    return floor(slot.period.limit * NOMINAL_VOLTAGE_V * min([slot.period.phases, *here]))


def lowest_station_watts(profiles: Iterable[Profile], capabilities: Iterable[Capability]) -> int | None:
    """As `lowest`, of the whole station."""
    known = list(capabilities)
    ours = [each for each in profiles if each.purpose is Purpose.STATION]
    watts = [station_watts(Slot(period, None, each), known) for each in ours for period in each.periods]
    return min((each for each in watts if each is not None), default=None)
