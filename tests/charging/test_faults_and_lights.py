"""The catalogue of faults, and the light, the situation and the status that say the same."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import pytest

from charging.domain.connector import Connector, Policy
from charging.domain.faults import FAULTS, blocks
from charging.domain.lights import LIGHTS, Pattern, light_after, light_of
from charging.domain.situation import SITUATIONS, situation_of
from charging.domain.status import Status, status_of
from charging.words import FAULT_WORDS
from charging.words import SITUATIONS as SITUATION_WORDS
from hardware.native_map import FAULT_BITS
from tests.charging.worlds import every_world, reached

NOT_OF_A_CONNECTOR: Final = {"CX009", "CX013"}  # AuthorizationTimeout and NoInternet are no faults of a connector

# Which situations a status may show (a fault, silence and a wanted stop say more than the status).
AGREEING: Final[dict[Status, set[str]]] = {
    Status.AVAILABLE: {"free"},
    Status.PREPARING: {"plug_in", "authorize", "connecting", "waiting_turn"},
    Status.CHARGING: {"charging"},
    Status.SUSPENDED_EV: {"paused_by_car"},
    Status.SUSPENDED_EVSE: {"paused_by_station"},
    Status.FINISHING: {"unplug"},
    Status.RESERVED: {"reserved"},
    Status.UNAVAILABLE: {"out_of_service"},
    Status.FAULTED: {"fault", "fault_user", "emergency"},
}


def test_every_fault_bit_of_a_native_board_is_in_the_catalogue() -> None:
    assert set(FAULT_BITS) <= set(FAULTS)


def test_every_mrec_code_that_a_connector_can_have_is_in_the_catalogue() -> None:
    every = {f"CX{number:03}" for number in range(1, 27)}
    assert {fault.mrec for fault in FAULTS.values()} - {""} == every - NOT_OF_A_CONNECTOR


def test_every_fault_has_words_for_the_technician() -> None:
    assert set(FAULT_WORDS) == set(FAULTS)
    assert all(fault.text_key == f"fault.{name}" for name, fault in FAULTS.items())


@pytest.mark.parametrize(
    ("names", "blocked"),
    [
        (set(), False),
        ({"HighTemperature", "CableOverTempDerate", "WeakSignal"}, False),
        ({"HighTemperature", "GroundFailure"}, True),
        ({"a fault of a later version"}, True),
    ],
)
def test_a_fault_blocks_unless_the_catalogue_says_otherwise(names: set[str], blocked: bool) -> None:
    assert blocks(frozenset(names)) is blocked


def test_an_unknown_fault_stops_the_connector_and_is_not_the_ev_drivers() -> None:
    c = Connector(board_faults=frozenset({"X"}))
    assert (status_of(c), situation_of(c)) == (Status.FAULTED, "fault")


def test_a_fault_that_the_ev_driver_can_clear_is_his_only_while_no_other_blocks() -> None:
    his = Connector(board_faults=frozenset({"ProximityFault", "HighTemperature"}))
    both = Connector(board_faults=frozenset({"ProximityFault", "GroundFailure"}))
    assert (situation_of(his), situation_of(both)) == ("fault_user", "fault")


def test_every_situation_has_a_light_and_a_word() -> None:
    assert tuple(LIGHTS) == SITUATIONS
    assert set(SITUATIONS) <= set(SITUATION_WORDS)


@pytest.mark.parametrize(("one", "other"), list(combinations(LIGHTS, 2)))
def test_any_two_lights_are_told_apart_without_colour(one: str, other: str) -> None:
    a, b = LIGHTS[one], LIGHTS[other]
    if a.pattern is b.pattern and a.brightness_percent == b.brightness_percent:
        assert max(a.period_ms, b.period_ms) >= 1.3 * min(a.period_ms, b.period_ms) > 0


@every_world
def test_the_situation_agrees_with_the_status(world: str) -> None:
    for c in reached(world)[0]:
        situation, status = situation_of(c), status_of(c)
        if situation == "no_contact":
            assert c.lost_s is not None
        elif situation == "stopping":
            assert c.transaction
        else:
            assert situation in AGREEING[status], c
        assert light_of(c) == LIGHTS[situation]


@pytest.mark.parametrize(
    ("own", "intensity", "shown"), [(100, 100, 100), (100, 50, 50), (30, 50, 15), (30, 1, 1), (30, 0, 0)]
)
def test_a_light_is_dimmed_but_dark_only_where_that_is_wanted(own: int, intensity: int, shown: int) -> None:
    name = {100: "authorize", 30: "free"}[own]
    c = Connector(plugged=own == 100, policy=Policy(light_intensity_percent=intensity))
    assert situation_of(c) == name
    assert light_of(c).brightness_percent == shown


def test_a_light_blinks_as_often_as_was_set_and_is_steady_then() -> None:
    light = light_of(Connector(plugged=True, policy=Policy(blink_repeat=3)))
    assert (light.pattern, light.period_ms) == (Pattern.BLINK, 1000)
    assert light_after(light, 2.9) == light
    after = light_after(light, 3.0)
    assert (after.pattern, after.brightness_percent) == (Pattern.STEADY, light.brightness_percent)
    forever = light_of(Connector(plugged=True))
    assert light_after(forever, 1e9) == forever


def test_an_emergency_is_never_dimmed_and_never_steady() -> None:
    quiet = Policy(light_intensity_percent=0, blink_repeat=1)
    light = light_of(Connector(own_faults=frozenset({"EmergencyStop"}), policy=quiet))
    assert light_after(light, 3600.0) == LIGHTS["emergency"]
