"""Plausibility of what a controller measures, with the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.capability import Capability
from charging.domain.faults import FAULTS
from charging.domain.metering import Meter, checked
from charging.domain.observation import Observation, Phase

AC: Final = Capability()
DC: Final = Capability(direct_current=True, maximum_w=50_000, maximum_a=125.0)


def frame(current_a: float = 0.0, *, delivering: bool = True, register_wh: int = 1000, **more: Any) -> Observation:
    return Observation(
        plugged=True,
        ev_ready=True,
        delivering=delivering,
        phase=Phase.CHARGING,
        currents_a=(0.1, current_a, 0.2),
        register_wh=register_wh,
        **more,
    )


def faults_after(
    frames: Sequence[tuple[float, Observation]], allowed_a: float = 16.0, capability: Capability = AC
) -> set[str]:
    """The faults that the last of (time, frame) shows."""
    meter, faults = Meter(), frozenset[str]()
    for now_s, seen in frames:
        meter, faults = checked(meter, seen, capability, allowed_a, now_s)
    return set(faults)


@pytest.mark.parametrize(
    ("current_a", "for_s", "faults"),
    [
        (16.0 * 1.1 + 0.5, 60.0, set()),  # exactly at the edge
        (18.2, 5.9, set()),
        (18.2, 6.0, {"OverDraw"}),
        (40.0, 5.9, set()),
    ],
)
def test_too_much_current_is_a_fault_after_6_s(current_a: float, for_s: float, faults: set[str]) -> None:
    assert faults_after([(0.0, frame(current_a)), (for_s, frame(current_a))]) == faults


def test_too_much_current_counts_anew_after_a_moment_within_the_limit() -> None:
    frames = [(0.0, frame(20.0)), (5.0, frame(20.0)), (5.2, frame(16.0)), (5.4, frame(20.0)), (11.3, frame(20.0))]
    assert faults_after(frames) == set()


@pytest.mark.parametrize(
    ("current_a", "for_s", "faults"),
    [(1.0, 9.0, set()), (1.1, 0.4, set()), (1.1, 0.5, {"CurrentWhileOpen"}), (32.0, 0.5, {"CurrentWhileOpen"})],
)
def test_current_through_an_open_contactor_is_a_fault(current_a: float, for_s: float, faults: set[str]) -> None:
    still_open = frame(current_a, delivering=False)
    assert faults_after([(0.0, still_open), (for_s, still_open)]) == faults


@pytest.mark.parametrize(
    ("capability", "for_s", "faults"),
    [
        (AC, 9.9, set()),
        (AC, 10.0, {"ContactorNotOpening"}),
        (DC, 19.9, set()),
        (DC, 20.0, {"ContactorNotOpening"}),
    ],
)
def test_a_contactor_that_stays_closed_when_told_to_open_is_a_fault(
    capability: Capability, for_s: float, faults: set[str]
) -> None:
    frames = [(0.0, frame(40.0)), (for_s, frame(40.0))]
    assert faults_after(frames, allowed_a=0.0, capability=capability) == faults


@pytest.mark.parametrize(
    ("registers", "after_s", "faults"),
    [
        ((1000, 1000), 1.0, set()),
        ((1000, 999), 1.0, {"MeterBackward"}),
        ((1000, 1000 + 463 + 2), 60.0, set()),  # 1.2 x 22.08 kW x (60 + 3) s = 463.7 Wh, and two roundings
        ((1000, 1000 + 463 + 3), 60.0, {"MeterJump"}),
        ((0, 10**12), 1.0, {"MeterJump"}),
    ],
)
def test_a_register_neither_goes_back_nor_jumps(registers: tuple[int, int], after_s: float, faults: set[str]) -> None:
    first, second = registers
    assert faults_after([(0.0, frame(register_wh=first)), (after_s, frame(register_wh=second))]) == faults


@pytest.mark.parametrize(
    ("power_w", "for_s", "faults"),
    [(1000, 59.9, set()), (1000, 60.0, {"MeterFrozen"}), (999, 600.0, set())],
)
def test_a_register_that_stands_still_above_1_kw_is_a_fault_after_60_s(
    power_w: int, for_s: float, faults: set[str]
) -> None:
    assert faults_after([(0.0, frame(power_w=power_w)), (for_s, frame(power_w=power_w))]) == faults


def test_a_register_that_moves_is_not_frozen() -> None:
    frames = [(30.0 * n, frame(power_w=1000, register_wh=1000 + n)) for n in range(10)]
    assert faults_after(frames) == set()


def test_an_implausible_register_is_not_taken_over() -> None:
    meter, _ = checked(Meter(), frame(register_wh=1000), AC, 16.0, 0.0)
    jumped, _ = checked(meter, frame(register_wh=10**9), AC, 16.0, 1.0)
    backward, _ = checked(jumped, frame(register_wh=5), AC, 16.0, 2.0)
    assert backward.register_wh == 1000


@given(st.lists(st.tuples(st.floats(0.05, 30.0), st.integers(0, 22_080)), max_size=30))
def test_an_honest_meter_is_never_suspected(steps: list[tuple[float, int]]) -> None:
    now_s, energy_ws, meter = 0.0, 3.6e6, Meter()
    for passed_s, power_w in steps:
        now_s += passed_s
        energy_ws += passed_s * power_w
        seen = frame(power_w / 690, register_wh=int(energy_ws / 3600), power_w=power_w)
        meter, faults = checked(meter, seen, AC, 32.0, now_s)
        assert not faults


def test_every_fault_of_the_meter_is_in_the_catalogue_and_stops_until_acknowledged() -> None:
    for name in ("OverDraw", "CurrentWhileOpen", "MeterBackward", "MeterJump", "MeterFrozen", "ContactorNotOpening"):
        assert FAULTS[name].blocks
        assert FAULTS[name].latched
        assert not FAULTS[name].ends_with
