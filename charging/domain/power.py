"""How the site's power is shared: equally, nobody below the connector's minimum, earlier sessions first.

The rule is here and nowhere else; it will grow phases, measured demand and rotation without changing its callers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .capability import Capability
from .observation import Observation

FOLLOWS_WITHIN_AC_S = 5.0  # an EV adapts its current to a new duty cycle within 5 s, IEC 61851-1 annex A
FOLLOWS_WITHIN_DC_S = 0.0  # the board controls the current itself
METER_SHARE = 1.05  # what a meter may show above a limit that is kept
# After contact was lost: by then the watchdog has expired, and a car that does not let go was cut off (6 s).
SILENT_HOLDS_S = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One connector that wants power. Watts. `rank`: lower is served first when there is not enough for all."""

    number: int
    minimum_w: int
    maximum_w: int
    rank: float = 0.0


def shares_of(budget_w: int, demands: Sequence[Demand]) -> dict[int, int]:
    """Watts per connector: 0 or at least its minimum, never more than its maximum, in all never more than *budget_w*.

    1. Admit connectors by rank while everybody's minimum fits. 2. Give the admitted their minimum.
    3. Fill equally (progressive filling) until each is at its maximum or the budget is used.
    """
    admitted: list[Demand] = []
    left_w = max(budget_w, 0)
    for demand in sorted(demands, key=lambda each: (each.rank, each.number)):
        if demand.minimum_w <= left_w and demand.maximum_w >= demand.minimum_w:
            admitted.append(demand)
            left_w -= demand.minimum_w
    shares = {demand.number: 0 for demand in demands}
    shares.update(_filled(max(budget_w, 0), admitted))
    return shares


def _filled(budget_w: int, admitted: Sequence[Demand]) -> dict[int, int]:
    """Equal shares, except where a minimum is higher or a maximum is lower (max-min fair)."""
    fits_w, too_much_w = 0, budget_w + 1
    while too_much_w - fits_w > 1:
        level_w = (fits_w + too_much_w) // 2
        if sum(_at_level(level_w, each) for each in admitted) <= budget_w:
            fits_w = level_w
        else:
            too_much_w = level_w
    return {each.number: _at_level(fits_w, each) for each in admitted}


def _at_level(level_w: int, demand: Demand) -> int:
    return min(max(level_w, demand.minimum_w), demand.maximum_w)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What one healthy frame says of a connector's power. Watts, AC at nominal voltage and as if on all phases."""

    at_s: float
    applied_w: int  # the limit that the board applies now
    drawn_w: int
    contactor_open: bool


def draw_of(capability: Capability, frame: Observation, at_s: float) -> Draw:
    """The power side of *frame*, which was read at *at_s*. AC is limited in amperes, so it is compared in amperes."""
    if capability.direct_current:
        applied_w, drawn_w = frame.limit_w, max(frame.power_w, 0)
    else:
        applied_w = capability.watts_of(frame.limit_a)
        drawn_w = capability.watts_of(max(frame.currents_a, default=0.0))
    return Draw(at_s=at_s, applied_w=applied_w, drawn_w=drawn_w, contactor_open=not frame.delivering)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The most that one connector may be drawing: its grant, or an older and higher one that it still has to follow."""

    watts: int
    grant_w: int  # what it has to come down to
    since_s: float  # monotonic; a frame that is older says nothing of this grant
    applied_s: float | None = None  # since when frames show the limit and the current at the grant or below


def held_after(held: Held, grant_w: int, draw: Draw | None, now_s: float, follows_within_s: float) -> Held:
    """*held* one turn later, with *grant_w* in the row and *draw* as the latest frame.

    A lower grant counts only after frames newer than it show the board's limit and the measured current at it
    or below: at once with the contactor open, else after *follows_within_s*, in which an EV that draws little
    may still rise to the limit it was told before. Without frames nothing changes.
    """
    held = _told(held, grant_w, now_s)
    if draw is None or draw.at_s <= held.since_s:
        return held
    if not draw.contactor_open and draw.drawn_w > held.watts * METER_SHARE:
        held = replace(held, watts=draw.drawn_w)
    if held.watts <= grant_w:
        return held
    kept = draw.drawn_w <= grant_w * METER_SHARE or draw.contactor_open
    if draw.applied_w > grant_w or not kept:
        return replace(held, applied_s=None)
    applied_s = draw.at_s if held.applied_s is None else held.applied_s
    if draw.contactor_open or draw.at_s - applied_s >= follows_within_s:
        return Held(watts=grant_w, grant_w=grant_w, since_s=now_s)
    return replace(held, applied_s=applied_s)


def _told(held: Held, grant_w: int, now_s: float) -> Held:
    """A grant above what is held is held at once; a lower one begins the wait anew."""
    if grant_w < held.grant_w:
        return Held(watts=held.watts, grant_w=grant_w, since_s=now_s)
    return replace(held, watts=max(held.watts, grant_w), grant_w=grant_w)


def granted(
    targets: Mapping[int, int], present: Mapping[int, int], held_w: Mapping[int, int], budget_w: int
) -> dict[int, int]:
    """The step from *present* grants to *targets*: reductions at once, raises only into what nobody holds.

    *held_w*: the most that each may draw, at least its present grant. While its sum exceeds the budget nobody is
    raised; else the sum of max(grant, held) stays in the budget. Who comes first in *targets* is raised first.
    """
    free_w = budget_w - sum(held_w.values())
    after: dict[int, int] = {}
    for number, target_w in targets.items():
        most_w = held_w[number] + free_w if free_w >= 0 else present[number]
        after[number] = min(target_w, max(most_w, present[number]))
        free_w -= max(after[number] - held_w[number], 0)
    return after


def fair_fallback_w(budget_w: int, connectors: int) -> int:
    """What each connector may take when the sharing is silent: an equal part that is safe if everybody takes it."""
    return budget_w // connectors if connectors else 0
