"""Every reachable connector, against OCPP 1.6 section 4.9 and the invariants."""

from __future__ import annotations

from charging.domain import events as e
from charging.domain.advance import advance
from charging.domain.connector import next_due_of
from charging.domain.observation import Pilot
from charging.domain.outputs import outputs_of
from charging.domain.situation import SITUATIONS, situation_of
from charging.domain.status import Status as S  # noqa: N817 - a table of nine rows reads best so
from charging.domain.status import status_of
from tests.charging.worlds import LATER_S, WORLDS, Edge, every_world, reached, seen

# OCPP 1.6 edition 2, section 4.9: which transitions are possible.
MATRIX = {
    S.AVAILABLE: {S.PREPARING, S.CHARGING, S.SUSPENDED_EV, S.SUSPENDED_EVSE, S.RESERVED, S.UNAVAILABLE, S.FAULTED},
    S.PREPARING: {S.AVAILABLE, S.CHARGING, S.SUSPENDED_EV, S.SUSPENDED_EVSE, S.FINISHING, S.FAULTED},
    S.CHARGING: {S.AVAILABLE, S.SUSPENDED_EV, S.SUSPENDED_EVSE, S.FINISHING, S.UNAVAILABLE, S.FAULTED},
    S.SUSPENDED_EV: {S.AVAILABLE, S.CHARGING, S.SUSPENDED_EVSE, S.FINISHING, S.UNAVAILABLE, S.FAULTED},
    S.SUSPENDED_EVSE: {S.AVAILABLE, S.CHARGING, S.SUSPENDED_EV, S.FINISHING, S.UNAVAILABLE, S.FAULTED},
    S.FINISHING: {S.AVAILABLE, S.PREPARING, S.UNAVAILABLE, S.FAULTED},
    S.RESERVED: {S.AVAILABLE, S.PREPARING, S.UNAVAILABLE, S.FAULTED},
    S.UNAVAILABLE: {S.AVAILABLE, S.PREPARING, S.CHARGING, S.SUSPENDED_EV, S.SUSPENDED_EVSE, S.FAULTED},
    S.FAULTED: set(S),
}


def has(edge: Edge, kind: type[e.Fact]) -> bool:
    return any(isinstance(fact, kind) for fact in edge.facts)


def test_every_kind_of_event_happens_in_some_world() -> None:
    happening = {type(event).__name__ for _start, alphabet in WORLDS.values() for event in alphabet}
    assert happening == {kind.__name__ for kind in e.Event.__subclasses__()}


@every_world
def test_it_moves_only_as_the_specification_allows(world: str) -> None:
    connectors, edges = reached(world)
    wrong = {
        (status_of(edge.before), status_of(edge.after)): edge
        for edge in edges
        if status_of(edge.before) != status_of(edge.after)
        and status_of(edge.after) not in MATRIX[status_of(edge.before)]
    }
    assert not wrong
    assert len(connectors) > 50


@every_world
def test_it_gives_no_power_without_a_transaction_a_plug_and_a_clean_bill(world: str) -> None:
    for c in reached(world)[0]:
        if outputs_of(c).enable:
            assert c.transaction
            assert c.plugged
            assert not any((c.blocked, c.stop, c.returning, c.claimed_by, c.lost_s is not None))
            assert outputs_of(c).limit_a >= c.capability.minimum_a or c.capability.direct_current


@every_world
def test_it_starts_and_stops_each_transaction_exactly_once(world: str) -> None:
    for edge in reached(world)[1]:
        started = edge.after.transaction is not None and edge.before.transaction is None
        stopped = edge.before.transaction is not None and edge.after.transaction is None
        assert has(edge, e.TransactionStarted) == started
        assert has(edge, e.TransactionStopped) == stopped


@every_world
def test_only_a_fresh_frame_starts_a_transaction_and_only_a_frame_or_the_deadline_ends_it(world: str) -> None:
    for edge in reached(world)[1]:
        if has(edge, e.TransactionStarted):
            assert isinstance(edge.event, e.Observed)
        if has(edge, e.TransactionStopped):
            # The board that would have to say it is no longer there.
            assert isinstance(edge.event, (e.Observed, e.TimePassed, e.BoardReplaced))


@every_world
def test_it_starts_nothing_while_blocked_or_out_of_service(world: str) -> None:
    for edge in reached(world)[1]:
        if has(edge, e.TransactionStarted):
            assert not edge.after.blocked
            assert not edge.after.inoperative


@every_world
def test_a_transaction_keeps_its_id_tag_and_its_first_register(world: str) -> None:
    for edge in reached(world)[1]:
        before, after = edge.before.transaction, edge.after.transaction
        if before and after:
            assert (before.id_tag, before.meter_start_wh) == (after.id_tag, after.meter_start_wh)


@every_world
def test_a_stop_that_is_not_flagged_saw_the_contactor_open(world: str) -> None:
    for edge in reached(world)[1]:
        for fact in edge.facts:
            if isinstance(fact, e.TransactionStopped) and not fact.flagged:
                assert isinstance(edge.event, e.Observed)
                assert not edge.event.frame.delivering


@every_world
def test_sessions_open_and_close_in_turn_and_hold_every_transaction(world: str) -> None:
    for edge in reached(world)[1]:
        assert has(edge, e.SessionOpened) == (edge.after.session and not edge.before.session)
        assert has(edge, e.SessionClosed) == (edge.before.session and not edge.after.session)
    assert all(c.session for c in reached(world)[0] if c.transaction)


@every_world
def test_every_connector_finds_its_way_home(world: str) -> None:
    out = (
        seen(Pilot.A, locked=False)
        if WORLDS[world][0].capability.direct_current is False
        else seen(None, plugged=False)
    )
    # Who does not stop by unplugging says so.
    stop = () if WORLDS[world][0].policy.stop_on_ev_side_disconnect else (e.StopRequested(reason="Local"),)
    way_home: tuple[e.Event, ...] = (
        *stop,
        out,
        out,
        out,
        e.TimePassed(now_s=LATER_S),
        e.FaultsAcknowledged(),
        e.AvailabilityRequested(operative=True, source="technician"),
        e.ClaimChanged(holder=None),
        out,
    )
    for start in reached(world)[0]:
        c = start
        for event in way_home:
            c = advance(c, event)[-1][0]
        assert status_of(c) is S.AVAILABLE, start


@every_world
def test_a_wanted_stop_has_a_deadline_and_ends_with_it_even_in_silence(world: str) -> None:
    for c in reached(world)[0]:
        if c.stop:
            assert c.transaction
            assert next_due_of(c) is not None
            ended = advance(c, e.TimePassed(now_s=2 * LATER_S, register_wh=5))[-1][0]
            assert ended.transaction is None


@every_world
def test_nothing_moves_when_the_same_frame_comes_again_and_again(world: str) -> None:
    """At rest means at rest: after four equal frames the fifth writes nothing."""
    for c in reached(world)[0]:
        for event in WORLDS[world][1]:
            if isinstance(event, e.Observed):
                at = c
                for _ in range(4):
                    at = advance(at, event)[-1][0]
                assert advance(at, event)[-1][0] == at


@every_world
def test_every_connector_has_a_situation_and_a_light(world: str) -> None:
    for c in reached(world)[0]:
        assert situation_of(c) in SITUATIONS
        assert outputs_of(c).light


@every_world
def test_a_refused_id_tag_gets_no_more_than_what_is_granted(world: str) -> None:
    for c in reached(world)[0]:
        if c.transaction and c.transaction.spent:
            assert not outputs_of(c).enable
            assert status_of(c) in {S.SUSPENDED_EVSE, S.FAULTED}


@every_world
def test_a_cable_is_kept_only_after_a_transaction_and_is_locked_then(world: str) -> None:
    for c in reached(world)[0]:
        if c.cable_owner:
            assert c.transaction is None
            assert c.finishing
            assert outputs_of(c).lock or "EmergencyStop" in c.faults
        if c.transaction and not c.plugged and not c.policy.stop_on_ev_side_disconnect:
            assert outputs_of(c).lock == (c.capability.has_lock and "EmergencyStop" not in c.faults)


@every_world
def test_a_claimed_connector_never_delivers_and_is_never_faulted_for_it(world: str) -> None:
    for c in reached(world)[0]:
        if c.claimed_by and not c.transaction:
            assert not outputs_of(c).enable
            assert c.blocked or status_of(c) is not S.FAULTED
