"""Outputs: whatever is not certain is off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from charging.domain.capability import Capability
from charging.domain.connector import Authorization, Connector, Returning, Stop, Transaction
from charging.domain.lights import LIGHTS
from charging.domain.limits import Lease
from charging.domain.outputs import outputs_of, restricted
from charging.turns import more_restrictive
from tests.charging.worlds import every_world, reached

ON: Final = Connector(
    capability=Capability(has_lock=True),
    plugged=True,
    ev_ready=True,
    delivering=True,
    locked=True,
    session=True,
    transaction=Transaction(id_tag="T", meter_start_wh=0, energised=True),
)
ASKED: Final = Authorization(id_tag="T", due_s=60.0)


def test_a_running_transaction_is_enabled_at_its_limit_and_locked() -> None:
    wanted = outputs_of(ON)
    assert (wanted.enable, wanted.available, wanted.authorized, wanted.lock) == (True, True, True, True)
    assert (wanted.limit_a, wanted.limit_w, wanted.light) == (32.0, 22_080, LIGHTS["charging"])


@pytest.mark.parametrize(
    "change",
    [
        {"transaction": None},
        {"transaction": None, "authorization": ASKED},
        {"stop": Stop(reason="Local", due_s=3.0)},
        {"plugged": False},
        {"board_faults": frozenset({"GroundFailure"})},
        {"own_faults": frozenset({"OverDraw"})},
        {"latches": frozenset({"EmergencyStop"})},
        {"latches": frozenset({"a name that nobody knows"})},
        {"returning": Returning(away_s=1.0, same_board=True)},
        {"claimed_by": 2},
        {"lost_s": 0.0},
        {"leases": (Lease(source="site", limit_w=0),)},
        {"leases": (Lease(source="site", limit_a=5.9),)},
    ],
)
def test_one_doubt_is_enough_to_be_off(change: dict[str, Any]) -> None:
    wanted = outputs_of(replace(ON, **change))
    assert (wanted.enable, wanted.limit_a, wanted.limit_w) == (False, 0.0, 0)


@pytest.mark.parametrize(
    ("change", "lock"),
    [
        ({}, True),
        ({"transaction": None}, True),  # the contactor is still closed: the cable is not let go under load
        ({"transaction": None, "delivering": False}, False),
        ({"transaction": None, "delivering": False, "authorization": ASKED}, True),
        ({"plugged": False}, False),
        ({"board_faults": frozenset({"GroundFailure"})}, True),
        ({"latches": frozenset({"EmergencyStop"})}, False),
        ({"board_faults": frozenset({"EmergencyStop"}), "transaction": None}, False),
        ({"capability": Capability()}, False),
    ],
)
def test_the_lock_holds_a_cable_that_is_used_and_no_other(change: dict[str, Any], lock: bool) -> None:
    assert outputs_of(replace(ON, **change)).lock is lock


def test_out_of_service_is_told_to_the_board() -> None:
    assert not outputs_of(Connector(inoperative=frozenset({"technician"}))).available


def test_a_fault_withdraws_the_authorization_from_the_board() -> None:
    assert not outputs_of(replace(ON, board_faults=frozenset({"GroundFailure"}))).authorized


@every_world
def test_restricted_and_more_restrictive_never_allow_more(world: str) -> None:
    every = [outputs_of(c) for c in list(reached(world)[0])[:200]]
    for one in every:
        off = restricted(one, LIGHTS["fault"])
        assert (off.enable, off.authorized, off.limit_a, off.limit_w) == (False, False, 0.0, 0)
        assert off.lock == one.lock
        for other in every[:20]:
            both = more_restrictive(one, other)
            assert both.enable <= (one.enable and other.enable)
            assert both.limit_w <= min(one.limit_w, other.limit_w)
            assert both.lock >= max(one.lock, other.lock)
