"""Raises wait for reductions: boards that answer late or not at all, and cars that take 5 s to follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.capability import Capability
from charging.domain.observation import Observation, Phase
from charging.domain.power import (
    FOLLOWS_WITHIN_AC_S,
    SILENT_HOLDS_S,
    Demand,
    Draw,
    Held,
    draw_of,
    granted,
    held_after,
    shares_of,
)

WATCHDOG_S: Final = 3.0
HARDWARE_W: Final = 22_080
MINIMUM_W: Final = 4140


@dataclass(slots=True)
class Place:
    """A connector, its board and its car as they really are. The car may follow any limit of the last 5 s."""

    grant_w: int
    held: Held
    active: bool = False
    silent: bool = False
    written_s: float = 0.0
    lost_s: float | None = None
    limits: list[tuple[float, int]] = field(default_factory=list)  # the board's, and until when each was applied
    applied_w: int = 0
    draw: Draw | None = None

    def may_draw_w(self, now_s: float) -> int:
        """The most that the car may draw now."""
        if not self.active or now_s - self.written_s > WATCHDOG_S:
            return 0
        return max([self.applied_w, *(w for until_s, w in self.limits if now_s - until_s < FOLLOWS_WITHIN_AC_S)])

    def line_turn(self, now_s: float, share_drawn: float) -> None:
        """A frame is read, then the setpoint is written, unless the board is silent."""
        if self.silent:
            if now_s - self.written_s >= WATCHDOG_S and self.lost_s is None:
                self.lost_s = now_s
            return
        if now_s - self.written_s > WATCHDOG_S or not self.active:  # the contactor was open: the car begins anew
            self.limits, self.applied_w = [], 0
        self.lost_s = None
        drawn_w = int(self.may_draw_w(now_s) * share_drawn)
        self.draw = Draw(at_s=now_s, applied_w=self.applied_w, drawn_w=drawn_w, contactor_open=not self.active)
        wanted_w = self.grant_w if self.active and self.grant_w >= MINIMUM_W else 0
        if wanted_w != self.applied_w:
            self.limits.append((now_s, self.applied_w))
            self.applied_w = wanted_w
        self.written_s = now_s


def station_turn(places: dict[int, Place], budget_w: int, now_s: float) -> None:
    gone = {n for n, p in places.items() if p.lost_s is not None and now_s - p.lost_s >= SILENT_HOLDS_S}
    for number, place in places.items():
        if number in gone:
            place.held = Held(watts=place.grant_w, grant_w=place.grant_w, since_s=now_s)
        place.held = held_after(place.held, place.grant_w, place.draw, now_s, FOLLOWS_WITHIN_AC_S)
    demands = [
        Demand(number=n, minimum_w=MINIMUM_W, maximum_w=HARDWARE_W)
        for n, p in places.items()
        if p.active and n not in gone
    ]
    targets = dict.fromkeys(places, 0) | shares_of(budget_w, demands)
    present = {n: p.grant_w for n, p in places.items()}
    for number, watts in granted(targets, present, {n: p.held.watts for n, p in places.items()}, budget_w).items():
        places[number].grant_w = watts


def unknown(grant_w: int, now_s: float) -> Held:
    """What was not seen yet counts as the most."""
    return Held(watts=HARDWARE_W, grant_w=grant_w, since_s=now_s)


def fleet(count: int) -> dict[int, Place]:
    return {n: Place(0, unknown(0, 0.0)) for n in range(1, count + 1)}


changes = st.tuples(
    st.sampled_from(["plug", "plug", "leave", "silence", "answer", "restart", "nothing"]),
    st.integers(1, 4),
    st.floats(0.0, 1.0),  # the share of what it may draw that each car draws
    st.integers(1, 40),  # for how many line turns it stays so
)


def changed(place: Place, what: str) -> None:
    match what:
        case "plug":
            place.active = True
        case "leave" if not place.silent:
            place.active, place.limits = False, []
        case "silence":
            place.silent = True
        case "answer":
            place.silent = False


def seconds(places: dict[int, Place], budget_w: int, script: list[tuple[str, int, float, int]]) -> Iterator[float]:
    """Each instant at which something may have changed: line turns every 200 ms, a station turn every second."""
    now_s, turns = 10.0, 0
    for what, number, share_drawn, count in script:
        changed(places[number], what)
        if what == "restart":  # of the software: what was held is not known any more
            for place in places.values():
                place.held = unknown(place.grant_w, now_s)
        for _ in range(count):
            now_s += 0.2
            for place in places.values():
                place.line_turn(now_s, share_drawn)
            yield now_s
            turns += 1
            if turns % 5 == 0:
                station_turn(places, budget_w, now_s)
                yield now_s


@given(st.integers(MINIMUM_W, 4 * HARDWARE_W), st.lists(changes, max_size=14))
def test_what_cars_may_really_draw_never_exceeds_the_budget(
    budget_w: int, script: list[tuple[str, int, float, int]]
) -> None:
    places = fleet(4)
    for now_s in seconds(places, budget_w, script):
        held_w = sum(max(p.grant_w, p.may_draw_w(now_s)) for p in places.values())
        assert held_w <= budget_w


@given(st.integers(4 * MINIMUM_W, 4 * HARDWARE_W), st.lists(changes, max_size=6))
def test_when_nothing_changes_any_more_everybody_gets_the_whole_share(
    budget_w: int, script: list[tuple[str, int, float, int]]
) -> None:
    places = fleet(4)
    for _now_s in seconds(places, budget_w, [*script, ("nothing", 1, 1.0, 150)]):
        pass
    served = [p for p in places.values() if p.active and not p.silent]
    assert all(p.grant_w == places_share(budget_w, len(served)) for p in served)


def places_share(budget_w: int, count: int) -> int:
    return min(budget_w // count, HARDWARE_W)


LOW, HIGH = 11_000, 22_000


def followed(*frames: tuple[float, int, int, bool], grant_w: int = LOW) -> int:
    """What is held after frames of (second, applied W, drawn W, contactor open); the grant was lowered at 10 s."""
    held = held_after(Held(watts=HIGH, grant_w=HIGH, since_s=0.0), grant_w, None, 10.0, 5.0)
    for at_s, applied_w, drawn_w, contactor_open in frames:
        draw = Draw(at_s=at_s, applied_w=applied_w, drawn_w=drawn_w, contactor_open=contactor_open)
        held = held_after(held, grant_w, draw, at_s, 5.0)
    return held.watts


@pytest.mark.parametrize(
    ("frames", "held_w"),
    [
        pytest.param([], HIGH, id="no frame since says anything"),
        pytest.param([(9.9, LOW, LOW, False), (30.0, HIGH, HIGH, False)], HIGH, id="the board was not told"),
        pytest.param([(11.0, LOW, HIGH, False), (30.0, LOW, HIGH, False)], HIGH, id="the car does not come down"),
        pytest.param([(11.0, LOW, 0, False), (15.9, LOW, 0, False)], HIGH, id="the car may still rise"),
        pytest.param([(11.0, LOW, 0, False), (16.0, LOW, 0, False)], LOW, id="it had its 5 s"),
        pytest.param([(11.0, LOW, HIGH, False), (16.0, LOW, LOW, False)], HIGH, id="5 s count from the first low one"),
        pytest.param(
            [(11.0, LOW, 0, False), (13.0, HIGH, 0, False), (17.0, LOW, 0, False)], HIGH, id="a higher one begins anew"
        ),
        pytest.param([(10.0, LOW, 0, True)], HIGH, id="that frame is as old as the grant"),
        pytest.param([(10.1, LOW, 0, True)], LOW, id="an open contactor needs no time"),
        pytest.param([(10.1, HIGH, 0, True)], HIGH, id="it would close on the old limit"),
        pytest.param([(11.0, LOW, 25_000, False)], 25_000, id="who draws more than was ever granted holds that"),
        pytest.param([(11.0, LOW, LOW + 200, False), (16.0, LOW, LOW + 200, False)], LOW, id="a meter is not exact"),
    ],
)
def test_a_reduction_counts_when_frames_have_shown_it(frames: list[tuple[float, int, int, bool]], held_w: int) -> None:
    assert followed(*frames) == held_w


def test_a_raise_of_a_grant_that_is_still_being_followed_keeps_what_is_held_and_the_wait() -> None:
    held = held_after(Held(watts=HIGH, grant_w=HIGH, since_s=0.0), LOW, None, 10.0, 5.0)
    low = Draw(at_s=11.0, applied_w=LOW, drawn_w=0, contactor_open=False)
    held = held_after(held, LOW, low, 11.0, 5.0)
    held = held_after(held, LOW + 1000, low, 12.0, 5.0)
    assert (held.watts, held.grant_w, held.applied_s) == (HIGH, LOW + 1000, 11.0)
    assert held_after(held, LOW, low, 13.0, 5.0).applied_s is None


def test_one_phase_counts_as_three_and_direct_current_as_it_is() -> None:
    frame = Observation(
        plugged=True,
        ev_ready=True,
        delivering=True,
        phase=Phase.CHARGING,
        power_w=3680,
        currents_a=(16.0, 0.0, 0.0),
        limit_a=20.0,
        limit_w=30_000,
    )
    alternating = draw_of(Capability(), frame, 1.0)
    assert (alternating.applied_w, alternating.drawn_w, alternating.contactor_open) == (13_800, 11_040, False)
    direct = draw_of(Capability(direct_current=True), frame, 1.0)
    assert (direct.applied_w, direct.drawn_w) == (30_000, 3680)
