"""How bright it is: edges with a gap between them, and a level that holds for several readings before it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.brightness import READINGS, Brightness, Light, read

DARK, LIGHT, SUNLIGHT = Brightness


def level_after(before: Brightness | None, *lux: float) -> Brightness | None:
    light = Light(before)
    for each in lux:
        light = read(light, each)
    return light.level


@pytest.mark.parametrize(
    ("before", "lux", "after"),
    [
        (None, 0.0, DARK),
        (None, 15.0, DARK),
        (None, 15.1, LIGHT),
        (None, 14_999.0, LIGHT),
        (None, 15_000.0, SUNLIGHT),
        (DARK, 40.0, DARK),  # a screen that lights up its own sensor stays dark
        (DARK, 40.1, LIGHT),
        (LIGHT, 15.1, LIGHT),
        (LIGHT, 15.0, DARK),
        (LIGHT, 14_999.0, LIGHT),
        (LIGHT, 15_000.0, SUNLIGHT),
        (SUNLIGHT, 8_000.0, SUNLIGHT),
        (SUNLIGHT, 7_999.0, LIGHT),
        (SUNLIGHT, 5.0, DARK),
        (DARK, 60_000.0, SUNLIGHT),
    ],
)
def test_a_level_is_left_at_its_far_edge(before: Brightness | None, lux: float, after: Brightness) -> None:
    assert level_after(before, *[lux] * READINGS) is after


@pytest.mark.parametrize(
    ("lux", "after"),
    [
        ([100.0] * (READINGS - 1), DARK),
        ([100.0] * READINGS, LIGHT),
        ([20_000.0, 1.0] * READINGS, DARK),  # headlights come and go
        ([100.0] * (READINGS - 1) + [20_000.0], DARK),  # another level counts anew
        ([100.0] * (READINGS - 1) + [1.0] + [100.0] * (READINGS - 1), DARK),
    ],
)
def test_a_level_that_does_not_hold_is_not_told(lux: list[float], after: Brightness) -> None:
    assert level_after(DARK, *lux) is after


@given(st.lists(st.floats(0, 120_000), max_size=60))
def test_it_changes_at_most_once_in_so_many_readings(lux: list[float]) -> None:
    light, changed_at = Light(LIGHT), -READINGS
    for at, each in enumerate(lux):
        before, light = light, read(light, each)
        if light.level is not before.level:
            assert at - changed_at >= READINGS
            changed_at = at
