"""Sharing the site's power: whatever is asked, the budget holds, also in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.power import Demand, fair_fallback_w, granted, shares_of

budgets = st.integers(0, 300_000)


@st.composite
def demand_lists(draw: st.DrawFn) -> list[Demand]:
    sizes = draw(st.lists(st.tuples(st.integers(1, 8000), st.integers(0, 150_000)), max_size=8))
    return [
        Demand(number=number, minimum_w=least, maximum_w=least + more, rank=draw(st.integers(0, 3)))
        for number, (least, more) in enumerate(sizes, 1)
    ]


@given(budgets, demand_lists())
def test_shares_stay_in_the_budget_and_are_0_or_what_a_connector_can_use(budget_w: int, demands: list[Demand]) -> None:
    shares = shares_of(budget_w, demands)
    assert sum(shares.values()) <= budget_w
    assert set(shares) == {each.number for each in demands}
    for each in demands:
        assert shares[each.number] == 0 or each.minimum_w <= shares[each.number] <= each.maximum_w


@given(budgets, st.integers(1, 8), st.integers(1, 4000), st.integers(4000, 150_000))
def test_equals_get_equal_shares(budget_w: int, count: int, minimum_w: int, maximum_w: int) -> None:
    demands = [Demand(number=n, minimum_w=minimum_w, maximum_w=maximum_w) for n in range(1, count + 1)]
    served = [watts for watts in shares_of(budget_w, demands).values() if watts]
    assert len(set(served)) <= 1
    assert len(served) == min(count, budget_w // minimum_w)


@given(budgets, demand_lists())
def test_nothing_is_left_over_while_somebody_served_could_take_it(budget_w: int, demands: list[Demand]) -> None:
    shares = shares_of(budget_w, demands)
    served = [each for each in demands if shares[each.number]]
    left_w = budget_w - sum(shares.values())
    assert left_w < max(len(served), 1) or all(shares[each.number] == each.maximum_w for each in served)


@st.composite
def grants(draw: st.DrawFn, demands: list[Demand]) -> tuple[dict[int, int], dict[int, int]]:
    """What each is granted now, and what it may draw at most because of older grants."""
    pairs = [(draw(st.integers(0, 100_000)), draw(st.integers(0, 50_000))) for _ in demands]
    present = {each.number: pair[0] for each, pair in zip(demands, pairs, strict=True)}
    return present, {number: present[number] + pair[1] for number, pair in zip(present, pairs, strict=True)}


@given(budgets, demand_lists(), st.data())
def test_a_step_exceeds_the_budget_neither_after_nor_in_between(
    budget_w: int, demands: list[Demand], chance: st.DataObject
) -> None:
    targets = shares_of(budget_w, demands)
    present, held_w = chance.draw(grants(demands))
    step = granted(targets, present, held_w, budget_w)
    if sum(held_w.values()) <= budget_w:
        assert sum(max(step[n], held_w[n]) for n in targets) <= budget_w
    else:
        assert all(step[n] <= present[n] for n in targets)
    assert all(step[n] <= max(targets[n], present[n]) for n in targets)
    assert all(step[n] == targets[n] for n in targets if targets[n] <= present[n])


@given(budgets, demand_lists(), st.data())
def test_when_all_have_followed_the_second_step_reaches_every_target(
    budget_w: int, demands: list[Demand], chance: st.DataObject
) -> None:
    targets = shares_of(budget_w, demands)
    present, held_w = chance.draw(grants(demands))
    first = granted(targets, present, held_w, budget_w)
    assert granted(targets, first, first, budget_w) == targets


@given(budgets, st.integers(0, 64))
def test_the_fallback_is_safe_when_everybody_takes_it(budget_w: int, connectors: int) -> None:
    assert fair_fallback_w(budget_w, connectors) * connectors <= budget_w


@pytest.mark.parametrize(
    ("budget_w", "minimum_w", "shares"),
    [
        (22_000, 4140, {1: 11_000, 2: 11_000}),
        (8_000, 4140, {1: 8_000, 2: 0}),
        (4_000, 4140, {1: 0, 2: 0}),
        (100_000, 4140, {1: 22_080, 2: 22_080}),
    ],
)
def test_who_came_first_is_served_when_it_is_not_enough_for_all(
    budget_w: int, minimum_w: int, shares: dict[int, int]
) -> None:
    demands = [Demand(number=n, minimum_w=minimum_w, maximum_w=22_080, rank=n) for n in (1, 2)]
    assert shares_of(budget_w, demands) == shares


def test_a_higher_minimum_is_served_before_the_rest_is_shared() -> None:
    demands = [Demand(number=1, minimum_w=1000, maximum_w=9000), Demand(number=2, minimum_w=7000, maximum_w=9000)]
    assert shares_of(10_000, demands) == {1: 3000, 2: 7000}
