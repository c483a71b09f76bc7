"""The configuration keys that the rules of a connector read, each with its effect (OCPP 1.6 sections 3.5.4 to 4.10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from charging.domain import events as e
from charging.domain.advance import advance
from charging.domain.capability import Capability
from charging.domain.connector import Authorization, CableOwner, Connector, Policy, Transaction
from charging.domain.limits import Lease
from charging.domain.observation import Observation, Pilot
from charging.domain.outputs import outputs_of
from charging.domain.requests import Refusal, refusal_of
from charging.domain.status import Status, status_of
from tests.charging.worlds import DC, frame

AC: Final = Connector()
SOCKET: Final = Connector(capability=Capability(has_lock=True))


def charging(c: Connector = AC, policy: Policy | None = None, **more: Any) -> Connector:
    """*c* with a vehicle that charges since the register was at 1000 Wh."""
    transaction = Transaction(id_tag="T", parent_id_tag="P", meter_start_wh=1000, energised=True)
    known = {"plugged": True, "ev_ready": True, "delivering": True, "session": True, "locked": c.capability.has_lock}
    return replace(c, policy=policy or c.policy, transaction=transaction, **{**known, **more})


def after(c: Connector, *happened: e.Event | Observation) -> tuple[Connector, list[e.Fact]]:
    facts: list[e.Fact] = []
    for each in happened:
        event = e.Observed(now_s=10.0, frame=each) if isinstance(each, Observation) else each
        for step, told in advance(c, event):
            c = step
            facts += told
    return c, facts


def out(**more: Any) -> Observation:
    return frame(Pilot.A, register_wh=1500, **more)


def back(**more: Any) -> Observation:
    return frame(Pilot.C, register_wh=1500, **more)


def reasons(facts: list[e.Fact]) -> list[str]:
    return [fact.reason for fact in facts if isinstance(fact, e.TransactionStopped)]


GOES_ON: Final = Policy(stop_on_ev_side_disconnect=False)


def test_unplugged_at_the_vehicle_stops_where_it_is_to_stop() -> None:
    c, facts = after(charging(), out(), out(), out())
    assert reasons(facts) == ["EVDisconnected"]
    assert status_of(c) is Status.AVAILABLE


def test_unplugged_at_the_vehicle_suspends_and_goes_on_with_the_plug() -> None:
    c, facts = after(charging(policy=GOES_ON), out(), out(), out())
    assert (reasons(facts), status_of(c)) == ([], Status.SUSPENDED_EV)
    assert c.transaction
    assert not outputs_of(c).enable
    c, facts = after(c, back(), back(delivering=True))
    assert (reasons(facts), status_of(c), outputs_of(c).enable) == ([], Status.CHARGING, True)
    assert c.transaction
    assert c.transaction.meter_start_wh == 1000
    c, facts = after(c, out(), out(), e.StopRequested(reason="Local"), out(), out())
    assert (reasons(facts), status_of(c)) == (["Local"], Status.AVAILABLE)


def test_a_vehicle_that_is_unplugged_before_it_charged_is_suspended_too() -> None:
    preparing = charging(policy=GOES_ON, delivering=False)
    preparing = replace(preparing, transaction=Transaction(id_tag="T", meter_start_wh=1000, handshake_due_s=40.0))
    assert status_of(preparing) is Status.PREPARING
    c, _ = after(preparing, out(), out())
    assert status_of(c) is Status.SUSPENDED_EV
    c, _ = after(c, frame(Pilot.B))
    assert status_of(c) is Status.SUSPENDED_EV


def test_a_board_that_forgets_that_the_vehicle_asked_does_not_make_the_station_the_one_who_pauses() -> None:
    goes_on = replace(DC, capability=replace(DC.capability, can_resume=True))
    still_asks = frame(None, plugged=False, ev_ready=True, register_wh=1500)
    c, _ = after(charging(goes_on, GOES_ON), still_asks, still_asks)
    assert status_of(c) is Status.SUSPENDED_EV


def test_a_limit_of_zero_says_suspended_by_the_station_even_when_unplugged() -> None:
    lease = Lease(source="site", limit_w=0)
    c, _ = after(charging(policy=GOES_ON), e.Leased(lease=lease), out(), out())
    assert status_of(c) is Status.SUSPENDED_EVSE


def test_a_dc_session_that_cannot_be_resumed_ends_with_the_plug_whatever_is_set() -> None:
    unplugged = frame(None, plugged=False, register_wh=1500)
    _c, facts = after(charging(DC, GOES_ON), unplugged, unplugged, unplugged)
    assert reasons(facts) == ["EVDisconnected"]


@pytest.mark.parametrize(
    ("stops", "unlocks", "while_out", "then"),
    [
        (True, True, False, False),
        (True, False, True, True),
        (False, False, True, True),
        (False, True, True, True),  # section 4.10: not stopping has priority, the cable stays locked
    ],
)
def test_the_cable_is_unlocked_or_kept_as_section_4_10_says(
    *, stops: bool, unlocks: bool, while_out: bool, then: bool
) -> None:
    policy = Policy(stop_on_ev_side_disconnect=stops, unlock_on_ev_side_disconnect=unlocks)
    started = charging(SOCKET, policy)
    assert outputs_of(started).lock
    first, _ = after(started, out(locked=True, delivering=True), out(locked=True, delivering=True))
    assert outputs_of(first).lock is while_out
    c, _ = after(first, out(locked=True), out(locked=True))
    assert outputs_of(c).lock is then
    assert (c.transaction is None) is stops


KEEPS: Final = Policy(unlock_on_ev_side_disconnect=False)
KEPT: Final = replace(
    SOCKET,
    policy=KEEPS,
    locked=True,
    session=True,
    finishing=True,
    cable_owner=CableOwner(id_tag="T", parent_id_tag="P"),
)


def test_a_kept_cable_is_finishing_until_its_owner_comes() -> None:
    c, facts = after(charging(SOCKET, KEEPS), out(locked=True), out(locked=True), out(locked=True))
    assert reasons(facts) == ["EVDisconnected"]
    assert (c, status_of(c)) == (replace(KEPT, pilot=Pilot.A), Status.FINISHING)
    released, facts = after(c, e.StopRequested(reason="Local"))
    assert facts == [e.CableReleased(id_tag="T"), e.SessionClosed()]
    assert (status_of(released), outputs_of(released).lock) == (Status.AVAILABLE, False)


@pytest.mark.parametrize(
    ("id_tag", "parent", "refusal"),
    [("t", "", None), ("X", "p", None), ("X", "", Refusal.BUSY), ("X", "Q", Refusal.BUSY)],
)
def test_nobody_else_charges_where_a_cable_is_kept(id_tag: str, parent: str, refusal: Refusal | None) -> None:
    assert refusal_of(KEPT, e.Authorized(id_tag=id_tag, parent_id_tag=parent)) is refusal
    assert refusal_of(KEPT, e.StopRequested(reason="Local")) is None


def test_a_kept_cable_that_is_plugged_again_starts_only_when_its_owner_asks() -> None:
    c, _ = after(KEPT, back(locked=True))
    assert (status_of(c), c.transaction) == (Status.FINISHING, None)
    c, facts = after(c, e.Authorized(id_tag="T"), back(locked=True))
    assert e.CableReleased(id_tag="T") in facts
    assert c.transaction
    assert outputs_of(c).lock


def test_a_lock_that_has_let_go_keeps_nobody_waiting() -> None:
    c, facts = after(KEPT, out(locked=False))
    assert e.CableReleased(id_tag="T") in facts
    assert status_of(c) is Status.AVAILABLE


@pytest.mark.parametrize("c", [AC, replace(SOCKET, policy=replace(KEEPS, keeps_cables=False))])
def test_no_cable_is_kept_without_a_lock_or_without_cards(c: Connector) -> None:
    ended, _ = after(charging(c, replace(c.policy, unlock_on_ev_side_disconnect=False)), out(locked=True), out())
    assert ended.cable_owner is None


# --- StopTransactionOnInvalidId and MaxEnergyOnInvalidId --------------------------------------------------

INVALID: Final = e.IdTagJudged(now_s=10.0, valid=False)


def limited(granted_wh: int) -> Policy:
    return Policy(stop_on_invalid_id=False, max_energy_on_invalid_id_wh=granted_wh)


def test_a_valid_id_tag_goes_on_and_brings_its_parent() -> None:
    c, facts = after(charging(), e.IdTagJudged(valid=True, parent_id_tag="NEW"))
    assert facts == []
    assert c.transaction
    assert (c.transaction.parent_id_tag, outputs_of(c).enable) == ("NEW", True)
    c, _ = after(c, e.IdTagJudged(valid=True))
    assert c.transaction
    assert c.transaction.parent_id_tag == "NEW"


def test_an_invalid_id_tag_stops_and_the_lock_keeps_the_cable() -> None:
    c, facts = after(charging(SOCKET), INVALID)
    assert facts == [e.TransactionInvalidated(ends_at_wh=None), e.StopWanted(reason="DeAuthorized")]
    assert not outputs_of(c).enable
    c, facts = after(c, back(locked=True, delivering=True), back(locked=True))
    assert reasons(facts) == ["DeAuthorized"]
    assert (c.cable_owner, outputs_of(c).lock) == (CableOwner(id_tag="T", parent_id_tag="P"), True)


def test_an_invalid_id_tag_gets_no_energy_where_none_is_granted() -> None:
    c, facts = after(charging(policy=limited(0)), INVALID)
    assert e.TransactionInvalidated(ends_at_wh=1000) in facts
    assert e.LimitChanged(current_a=0.0, power_w=0, source="authorization") in facts
    assert (status_of(c), outputs_of(c).enable, c.transaction is None) == (Status.SUSPENDED_EVSE, False, False)


def test_an_invalid_id_tag_gets_what_is_granted_since_the_start_and_not_more() -> None:
    c, _ = after(charging(policy=limited(500)), INVALID, frame(Pilot.C, delivering=True, register_wh=1499))
    assert (status_of(c), outputs_of(c).enable) == (Status.CHARGING, True)
    c, _ = after(c, frame(Pilot.C, delivering=True, register_wh=1500))
    assert (status_of(c), outputs_of(c).enable) == (Status.SUSPENDED_EVSE, False)
    c, facts = after(c, e.StopRequested(reason="Local"), back(), back())
    assert reasons(facts) == ["Local"]


def test_what_was_drawn_offline_before_counts() -> None:
    c, _ = after(charging(policy=limited(500)), INVALID, frame(Pilot.C, delivering=True, register_wh=9000))
    assert not outputs_of(c).enable


@pytest.mark.parametrize(
    "c",
    [AC, replace(AC, authorization=Authorization(id_tag="T", due_s=60.0)), replace(AC, plugged=True, finishing=True)],
)
def test_a_judgement_after_the_end_changes_nothing(c: Connector) -> None:
    assert advance(c, INVALID)[0] == (c, ())


def test_a_wanted_stop_keeps_its_reason() -> None:
    c, facts = after(charging(), e.StopRequested(reason="Remote"), INVALID)
    assert facts == [e.StopWanted(reason="Remote")]
    assert c.stop
    assert c.stop.reason == "Remote"
