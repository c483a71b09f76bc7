"""Charging profiles as calendars: which limit holds at which instant (OCPP 1.6 sections 3.13 and 7.8 to 7.14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.capability import Capability
from charging.domain.composite import MOST_STEPS, Asked, Site, of_connector, of_station
from charging.domain.profiles import (
    LONGEST_S,
    Ceiling,
    Flaw,
    Kind,
    Period,
    Profile,
    Purpose,
    Recurrence,
    Slot,
    Unit,
    ceiling_of,
    flaw_of,
    limiting,
    lowest,
    prevailing,
    slot_of,
    station_watts,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday
AC = Capability()
DC = Capability(direct_current=True, minimum_w=1000, maximum_w=50_000, maximum_a=125.0)


def profile(*limits: float, every_s: int = 3600, **more: Any) -> Profile:
    """16 A for ever from NOON, or these limits one after the other, an hour each."""
    known: dict[str, Any] = {
        "profile_id": 1,
        "connector_number": 0,
        "stack_level": 0,
        "purpose": Purpose.DEFAULT,
        "kind": Kind.ABSOLUTE,
        "unit": Unit.AMPERES,
        "periods": tuple(Period(n * every_s, limit) for n, limit in enumerate(limits or (16.0,))),
        "starts_at": NOON,
    }
    return Profile(**(known | more))


def hours(number: float) -> datetime:
    return NOON + timedelta(hours=number)


def limit_at(at: datetime, *profiles: Profile, began_at: datetime = NOON, number: int = 1) -> float | None:
    period = limiting(profiles, number, at, began_at).period
    return period.limit if period else None


def until(at: datetime, *profiles: Profile, began_at: datetime = NOON) -> datetime | None:
    return limiting(profiles, 1, at, began_at).until


def test_an_absolute_schedule_goes_through_its_periods_and_keeps_the_last() -> None:
    three = profile(10.0, 20.0, 8.0)
    assert [limit_at(hours(h), three) for h in (-0.1, 0, 0.9, 1, 2, 99)] == [None, 10.0, 10.0, 20.0, 8.0, 8.0]
    assert [until(hours(h), three) for h in (-1, 0, 1.5, 2)] == [NOON, hours(1), hours(2), None]


def test_its_duration_ends_it() -> None:
    short = profile(10.0, 20.0, duration_s=5400)
    assert [limit_at(hours(h), short) for h in (1.4, 1.5)] == [20.0, None]
    assert until(hours(1), short) == hours(1.5)


@pytest.mark.parametrize(("recurrence", "later"), [(Recurrence.DAILY, 24), (Recurrence.WEEKLY, 7 * 24)])
def test_a_recurring_schedule_begins_anew(recurrence: Recurrence, later: int) -> None:
    again = profile(10.0, 20.0, kind=Kind.RECURRING, recurrence=recurrence, duration_s=7200)
    for rounds in (0, 1, 5):
        at = [hours(rounds * later + h) for h in (0, 1, 2)]
        assert [limit_at(each, again) for each in at] == [10.0, 20.0, None]
        assert until(at[2], again) == hours((rounds + 1) * later)
    assert limit_at(hours(-1), again) is None


def test_what_is_longer_than_the_recurrence_is_not_executed() -> None:
    long = profile(10.0, 20.0, every_s=30 * 3600, kind=Kind.RECURRING, recurrence=Recurrence.DAILY)
    assert {limit_at(hours(h), long) for h in range(100)} == {10.0}


def test_a_relative_schedule_begins_with_the_transaction_and_a_relative_one_of_the_station_when_it_came() -> None:
    relative = profile(10.0, 20.0, kind=Kind.RELATIVE, starts_at=None)
    assert [limit_at(hours(h), relative, began_at=hours(5)) for h in (5, 5.9, 6)] == [10.0, 10.0, 20.0]
    station = replace(relative, purpose=Purpose.STATION, received_at=hours(2))
    assert slot_of(station, hours(3), hours(9)).period == Period(3600, 20.0)


def test_validity_is_looked_at_first() -> None:
    some_day = profile(valid_from=hours(2), valid_to=hours(4))
    assert [limit_at(hours(h), some_day) for h in (1, 2, 3.9, 4)] == [None, 16.0, 16.0, None]
    assert [until(hours(h), some_day) for h in (1, 2, 4)] == [hours(2), hours(4), None]


def test_the_highest_level_that_runs_prevails_and_the_lower_one_fills_its_gaps() -> None:
    low, high = profile(10.0), profile(20.0, stack_level=5, starts_at=hours(1), duration_s=3600)
    assert [limit_at(hours(h), low, high) for h in (0, 1, 2)] == [10.0, 20.0, 10.0]
    assert [until(hours(h), low, high) for h in (0, 1, 2)] == [hours(1), hours(2), None]


def test_a_connectors_own_default_takes_the_stations_place_while_it_runs() -> None:
    everywhere, here = profile(10.0), profile(20.0, connector_number=1, duration_s=3600)
    assert [limit_at(hours(h), everywhere, here) for h in (0, 1)] == [20.0, 10.0]
    assert limit_at(NOON, everywhere, here, number=2) == 10.0


def test_a_transactions_own_goes_before_the_default_and_gives_way_to_it() -> None:
    default = profile(10.0, stack_level=9)
    own = profile(20.0, connector_number=1, purpose=Purpose.TRANSACTION, duration_s=3600)
    assert [limit_at(hours(h), default, own) for h in (0, 1)] == [20.0, 10.0]


@pytest.mark.parametrize(
    ("slot", "capability", "ceiling"),
    [
        (profile(16.0), AC, Ceiling(limit_a=16.0)),
        (profile(11_000.0, unit=Unit.WATTS), AC, Ceiling(limit_w=11_000)),
        (profile(16.0), DC, Ceiling(limit_a=16.0, limit_w=11_040)),
        (profile(periods=(Period(0, 16.0, 1),)), AC, Ceiling(limit_a=16.0, limit_w=3680)),
        (profile(periods=(Period(0, 16.0, 3),)), Capability(phases=1), Ceiling(limit_a=16.0)),
        (profile(7.0, minimum=8.0), AC, Ceiling(limit_a=0.0)),
        (profile(8.0, minimum=8.0), AC, Ceiling(limit_a=8.0)),
    ],
)
def test_what_a_limit_means_at_an_outlet(slot: Profile, capability: Capability, ceiling: Ceiling) -> None:
    assert ceiling_of(slot_of(slot, NOON, NOON), capability) == ceiling


def test_what_a_limit_of_the_station_means() -> None:
    station = profile(32.0, purpose=Purpose.STATION)
    slot = prevailing([station], NOON, NOON)
    assert station_watts(slot, [AC, DC]) == 22_080
    assert station_watts(slot, [AC, Capability(phases=1)]) == 7360
    assert station_watts(Slot(None, None), [AC]) is None


def test_without_the_time_the_lowest_of_all_limits_holds() -> None:
    assert lowest([profile(10.0, 20.0), profile(32.0, 8.0, connector_number=2)], 1, AC) == Ceiling(limit_a=10.0)
    assert lowest([], 1, AC) == Ceiling()


FAR = datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "flaw"),
    [
        (profile(purpose=Purpose.STATION, connector_number=1), Flaw.STATION_ONLY),
        (profile(purpose=Purpose.TRANSACTION), Flaw.CONNECTOR_ONLY),
        (profile(stack_level=100), Flaw.STACK_LEVEL),
        (profile(stack_level=-1), Flaw.STACK_LEVEL),
        (profile(*101 * [16.0]), Flaw.PERIODS),
        (profile(periods=(Period(1, 16.0),)), Flaw.FIRST_PERIOD),
        (profile(periods=(Period(0, 16.0), Period(0, 8.0))), Flaw.FIRST_PERIOD),
        (profile(-1.0), Flaw.LIMIT),
        (profile(float("nan")), Flaw.LIMIT),
        (profile(float("inf")), Flaw.LIMIT),
        (profile(16.0, minimum=-0.1), Flaw.LIMIT),
        (profile(periods=(Period(0, 16.0, 4),)), Flaw.PHASES),
        (profile(kind=Kind.RECURRING), Flaw.RECURRENCE),
        (profile(kind=Kind.RECURRING, recurrence=Recurrence.DAILY, starts_at=None), Flaw.RECURRENCE),
        (profile(duration_s=0), Flaw.DURATION),
        (profile(duration_s=LONGEST_S + 1), Flaw.DURATION),
        (profile(periods=(Period(0, 16.0), Period(10**12, 8.0))), Flaw.DURATION),
        (profile(starts_at=FAR), Flaw.VALIDITY),
        (profile(valid_from=hours(1), valid_to=hours(1)), Flaw.VALIDITY),
    ],
)
def test_what_nobody_can_mean_is_refused(wrong: Profile, flaw: Flaw) -> None:
    assert flaw_of(wrong) == flaw


# --- the composite schedule ------------------------------------------------------------------------------

SITE = Site(limit_w=30_000, capabilities={1: AC, 2: DC})


def composed(*profiles: Profile, number: int = 1, unit: Unit = Unit.AMPERES, duration_s: int = 7200) -> object:
    asked = Asked(NOON, duration_s, unit)
    found = of_connector(number, profiles, SITE, NOON, asked) if number else of_station(profiles, SITE, asked)
    assert found.duration_s == duration_s
    return list(found.periods)


def test_the_composite_schedule_by_hand() -> None:
    station = profile(20.0, 10.0, purpose=Purpose.STATION, every_s=1800)
    default = profile(16.0, 32.0, 6.0, every_s=1200)
    assert composed() == [(0, 32.0)]
    assert composed(default) == [(0, 16.0), (1200, 32.0), (2400, 6.0)]
    assert composed(station, default) == [(0, 16.0), (1200, 20.0), (1800, 10.0), (2400, 6.0)]
    assert composed(default, unit=Unit.WATTS) == [(0, 11040.0), (1200, 22080.0), (2400, 4140.0)]
    assert composed(profile(5.0)) == [(0, 0.0)]  # less than a vehicle can draw: paused
    assert composed(number=0, unit=Unit.WATTS) == [(0, 30_000.0)]
    assert composed(station, number=0) == [(0, 20.0), (1800, 10.0)]
    assert composed(profile(20_000.0, unit=Unit.WATTS), number=2, unit=Unit.WATTS) == [(0, 20_000.0)]


def test_a_calendar_without_end_is_walked_for_a_bounded_time() -> None:
    busy = profile(*(40.0 + n for n in range(100)), every_s=60, kind=Kind.RECURRING, recurrence=Recurrence.DAILY)
    found = of_connector(1, [busy], SITE, NOON, Asked(NOON, LONGEST_S, Unit.AMPERES))
    assert found.periods == ((0, 32.0),)
    assert 0 < found.duration_s < MOST_STEPS * 86_400


PROFILES = st.builds(
    lambda limits, start, duration, level, purpose, unit, kind: profile(
        *limits,
        every_s=600,
        starts_at=NOON + timedelta(seconds=start),
        duration_s=duration,
        stack_level=level,
        purpose=purpose,
        connector_number=0 if purpose is Purpose.STATION else 1,
        unit=unit,
        kind=kind,
        recurrence=Recurrence.DAILY if kind is Kind.RECURRING else None,
    ),
    st.lists(st.floats(0, 40_000).map(lambda x: round(x, 1)), min_size=1, max_size=4),
    st.integers(-3600, 3600),
    st.none() | st.integers(1, 5000),
    st.integers(0, 3),
    st.sampled_from(Purpose),
    st.sampled_from(Unit),
    st.sampled_from(Kind),
)


@given(st.lists(PROFILES, max_size=6), st.sampled_from([1, 2]), st.integers(0, 7199))
def test_the_composite_is_what_holds_at_every_instant_and_never_more(
    profiles: list[Profile], number: int, offset_s: int
) -> None:
    found = of_connector(number, profiles, SITE, NOON, Asked(NOON, 7200, Unit.WATTS))
    told = [limit for at_s, limit in found.periods if at_s <= offset_s][-1]
    at = NOON + timedelta(seconds=offset_s)
    ceiling = ceiling_of(limiting(profiles, number, at, NOON), SITE.capabilities[number])
    assert told <= SITE.capabilities[number].maximum_w
    if ceiling.limit_w is not None:
        assert told <= ceiling.limit_w
    station = prevailing((each for each in profiles if each.purpose is Purpose.STATION), at, at)
    most_w = station_watts(station, SITE.capabilities.values())
    assert most_w is None or told <= most_w
