"""Limits are leases: the lowest holds, nothing undefined raises one, and silence never lifts one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.capability import Capability
from charging.domain.limits import Lease, Limit, limit_of, with_lease, without_lease

AC = Capability()
DC = Capability(direct_current=True, minimum_w=1000, maximum_w=50_000, maximum_a=125.0)
ODD = (math.nan, -math.inf, -1.0, 0.0)
amperes = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
watts = st.one_of(st.none(), st.integers(-10, 10**7))
leases = st.lists(
    st.builds(Lease, source=st.sampled_from(["site", "profile", "technician"]), limit_a=amperes, limit_w=watts),
    max_size=4,
).map(tuple)
capabilities = st.sampled_from([AC, DC, Capability(phases=1, maximum_w=7360), Capability(maximum_w=11_000)])


@pytest.mark.parametrize(
    ("capability", "granted", "limit"),
    [
        (AC, (), Limit(32.0, 22080, "hardware")),
        (AC, (Lease(source="site", limit_a=16.0),), Limit(16.0, 11040, "site")),
        (AC, (Lease(source="site", limit_a=8.2),), Limit(8.2, 5658, "site")),
        (AC, (Lease(source="site", limit_w=5000),), Limit(7.2, 4968, "site")),
        (AC, (Lease(source="site", limit_a=5.9),), Limit(0.0, 0, "site")),
        (AC, (Lease(source="site", limit_a=64.0),), Limit(32.0, 22080, "hardware")),
        (
            AC,
            (Lease(source="site", limit_a=16.0), Lease(source="technician", limit_a=10.0)),
            Limit(10.0, 6900, "technician"),
        ),
        (Capability(maximum_w=11_000), (Lease(source="site", limit_a=20.0),), Limit(32.0, 11_000, "hardware")),
        (DC, (), Limit(125.0, 50_000, "hardware")),
        (DC, (Lease(source="site", limit_w=20_000),), Limit(125.0, 20_000, "site")),
        (DC, (Lease(source="site", limit_w=999),), Limit(0.0, 0, "site")),
        (
            DC,
            (Lease(source="profile", limit_a=10.0), Lease(source="site", limit_w=20_000)),
            Limit(10.0, 20_000, "site"),
        ),
        (
            DC,
            (Lease(source="profile", limit_w=9_000), Lease(source="site", limit_w=20_000)),
            Limit(125.0, 9_000, "profile"),
        ),
    ],
)
def test_it_takes_the_lowest_of_all(capability: Capability, granted: tuple[Lease, ...], limit: Limit) -> None:
    assert limit_of(capability, granted) == limit


@given(capabilities, leases)
def test_no_lease_raises_a_limit_and_a_limit_is_0_or_at_least_the_minimum(
    capability: Capability, granted: tuple[Lease, ...]
) -> None:
    limit = limit_of(capability, granted)
    assert 0 <= limit.current_a <= capability.maximum_a
    assert 0 <= limit.power_w <= capability.maximum_w
    for lease in granted:
        assert limit.power_w <= (capability.maximum_w if lease.limit_w is None else max(lease.limit_w, 0))
        if lease.limit_a is not None and not math.isnan(lease.limit_a):
            assert limit.current_a <= max(lease.limit_a, 0.0) + 1e-6
    if capability.direct_current:
        assert limit.power_w == 0 or limit.power_w >= capability.minimum_w
    else:
        assert limit.current_a == 0 or limit.current_a >= capability.minimum_a
    assert (limit.power_w == 0) == (limit.current_a == 0)


@given(capabilities, leases, leases)
def test_one_source_more_never_gives_more(
    capability: Capability, granted: tuple[Lease, ...], more: tuple[Lease, ...]
) -> None:
    before, after = limit_of(capability, granted), limit_of(capability, granted + more)
    assert after.current_a <= before.current_a
    assert after.power_w <= before.power_w


@pytest.mark.parametrize("capability", [AC, DC])
@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_a_limit_pauses(capability: Capability, odd: float) -> None:
    assert limit_of(capability, (Lease(source="site", limit_a=odd),)).power_w == 0


@pytest.mark.parametrize("capability", [AC, DC])
def test_an_infinite_lease_is_the_hardware(capability: Capability) -> None:
    assert limit_of(capability, (Lease(source="site", limit_a=math.inf),)).source == "hardware"


@pytest.mark.parametrize(
    ("lease", "at_s", "after"),
    [
        (Lease(source="s", limit_w=9, expires_s=10.0, fallback_w=4), 9.9, (9, 10.0)),
        (Lease(source="s", limit_w=9, expires_s=10.0, fallback_w=4), 10.0, (4, None)),
        (Lease(source="s", limit_w=9, expires_s=10.0, fallback_w=0), 99.0, (0, None)),
        (Lease(source="s", limit_w=9, expires_s=10.0), 99.0, (9, None)),
        (Lease(source="s", limit_w=9, expires_s=math.nan, fallback_w=4), 0.0, (4, None)),
        (Lease(source="s", limit_w=9, fallback_w=4), 1e9, (9, None)),
    ],
)
def test_an_expired_lease_falls_to_its_fallback_and_never_to_no_limit(
    lease: Lease, at_s: float, after: tuple[int, float | None]
) -> None:
    held = lease.at(at_s)
    assert (held.limit_w, held.expires_s) == after
    assert held.at(at_s + 1e6) == held or held.expires_s is not None


def test_a_lease_in_amperes_keeps_them_when_only_a_fallback_in_watts_was_stated() -> None:
    expired = Lease(source="s", limit_a=10.0, expires_s=1.0, fallback_w=5000).at(2.0)
    assert (expired.limit_a, expired.limit_w) == (10.0, 5000)


def test_each_source_has_one_lease() -> None:
    one, two = Lease(source="site", limit_w=1), Lease(source="site", limit_w=2)
    other = Lease(source="profile", limit_w=3)
    assert with_lease(with_lease((one,), other), two) == (other, two)
    assert without_lease((other, two), "site") == (other,)
