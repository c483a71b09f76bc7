"""When a new process is worth its price: a line hangs and nobody uses another one."""

from __future__ import annotations

import time

import pytest

from charging import services
from hardware.emergency import Emergency
from hardware.hung_lines import HELPS_AGAIN_AFTER_S, HUNG_AFTER_S, HungLines
from hardware.line import Line
from hardware.registry import driver_named
from hardware.turning import LineTurns, Unit
from tests.charging.rows import AC, Driven, add_connectors

pytestmark = pytest.mark.django_db


def line_of(number: int, *, age_s: float, now_s: float) -> LineTurns:
    """A line with one connector whose last turn was *age_s* ago."""
    unit = Unit(number, driver_named("native")(number), answered_s=now_s)
    turns = LineTurns(Line(f"/nowhere/{number}", 115_200), [unit], Emergency())
    turns._turns.refresh()
    turns.state.begun_s = now_s - 1000.0
    turns.state.turned_s = now_s - age_s
    return turns


@pytest.mark.parametrize(
    ("ages_s", "run_s", "charges", "restarts"),
    [
        ((0.2, 0.2), HELPS_AGAIN_AFTER_S, None, []),
        ((HUNG_AFTER_S, 0.2), HELPS_AGAIN_AFTER_S, None, ["1"]),
        ((HUNG_AFTER_S, 0.2), HELPS_AGAIN_AFTER_S, 1, ["1"]),  # who charged at the hung line is cut off anyway
        ((HUNG_AFTER_S, 0.2), HELPS_AGAIN_AFTER_S, 2, []),
        ((HUNG_AFTER_S, 0.2), HELPS_AGAIN_AFTER_S - 1, None, []),  # has perhaps just been started for it
        ((HUNG_AFTER_S, HUNG_AFTER_S), HELPS_AGAIN_AFTER_S, None, []),  # nobody is polled: the parent's affair
    ],
)
def test_a_restart_must_cost_nobody_a_session(
    ages_s: tuple[float, float], run_s: float, charges: int | None, restarts: list[str]
) -> None:
    add_connectors(AC, AC)
    if charges:
        services.start(charges, by="screen", who="touch")
        Driven(charges).charge(charges)
    hung_lines, now_s = HungLines(), time.monotonic()
    lines = {str(number): line_of(number, age_s=age_s, now_s=now_s) for number, age_s in enumerate(ages_s, 1)}
    hung_lines._begun_s = now_s - run_s
    assert hung_lines.worth_a_restart(lines, now_s) == restarts
