"""advance(connector, event) -> steps: one small rule per event, then follow-ups to a fixed point.

Every step is returned, so that the central system sees Preparing before Charging (OCPP 1.6 section 4.9).
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch

from . import events as e
from .connector import (
    LOST_FAULT_AFTER_S,
    Authorization,
    Connector,
    Reservation,
    Transaction,
    handshake_s,
    latched,
    may_start,
    plug_of,
)
from .faults import FAULTS
from .limits import with_lease, without_lease
from .observation import Observation, Pilot
from .returning import power_returned, returned
from .stopping import Step, ended_by_vehicle, judged, overdue, released, stop_wanted, stopped, stopping, with_stop

EMERGENCY = frozenset({"EmergencyStop"})
CONTROLLER_FAULTS = frozenset({"ControllerLost", "ControllerMismatch"})
MAINS_LOST = "PowerLoss"  # the fault and the reason: a board on a buffer sees it before the computer goes down
PILOT_FAULTS = frozenset({Pilot.E, Pilot.F})


def advance(connector: Connector, event: e.Event) -> list[Step]:
    """Return every step that *event* causes, in order; the last one is at rest."""
    steps: list[Step] = []
    at, facts = _on(event, connector)
    steps.append(_told(connector, at, facts))
    while follow_up := _follow_up(at, event):
        before = at
        at, facts = follow_up
        steps.append(_told(before, at, facts))
    return steps


def _told(before: Connector, after: Connector, facts: tuple[e.Fact, ...]) -> Step:
    """The step with the facts that follow from comparing its two ends."""
    compared: list[e.Fact] = []
    if before.plugged != after.plugged:
        compared.append(e.PluggedIn() if after.plugged else e.PluggedOut())
    if before.faults != after.faults:
        raised, cleared = after.faults - before.faults, before.faults - after.faults
        compared.append(e.FaultsChanged(raised=tuple(sorted(raised)), cleared=tuple(sorted(cleared))))
    if (before.lost_s is None) != (after.lost_s is None):
        compared.append(e.ContactChanged(lost=after.lost_s is not None))
    if before.inoperative != after.inoperative:
        compared.append(
            e.AvailabilityChanged(operative=not after.inoperative, sources=tuple(sorted(after.inoperative)))
        )
    if after.transaction and before.limit != after.limit:
        limit = after.limit
        compared.append(e.LimitChanged(current_a=limit.current_a, power_w=limit.power_w, source=limit.source))
    return after, (*compared, *facts)


# --- follow-ups ----------------------------------------------------------------------------------------


def _follow_up(c: Connector, event: e.Event) -> Step | None:
    """The step that the connector takes by itself, or None when it is at rest."""
    frame = event.frame if isinstance(event, e.Observed) else None
    if not c.session and not c.idle:
        return replace(c, session=True), (e.SessionOpened(),)
    if _starts_by_plug(c, frame):
        return _authorized(c, e.Authorized(now_s=event.now_s, id_tag=c.policy.plug_starts_as, by="plug"))
    if c.transaction and not c.stop and (reason := _reason_to_stop(c)):
        return stop_wanted(c, reason, event.now_s)
    if c.transaction and c.transaction.handshake_due_s is not None and c.limit.power_w <= 0:
        return replace(c, transaction=replace(c.transaction, handshake_due_s=None)), ()  # paused, not preparing
    if frame and c.authorization and may_start(c):
        return _started(c, c.authorization, frame, event.now_s)
    return _settled(c)


def _settled(c: Connector) -> Step | None:
    """What ends when nobody uses the connector, or nobody can."""
    if c.becomes_inoperative and c.idle:
        return _out_of_service(c)
    if c.reservation and c.blocked:  # OCPP 1.6 section 5.13
        ended = e.ReservationEnded(reservation_id=c.reservation.reservation_id, why="faulted")
        return replace(c, reservation=None), (ended,)
    if c.session and c.idle:
        return replace(c, session=False), (e.SessionClosed(),)
    return None


def _starts_by_plug(c: Connector, frame: Observation | None) -> bool:
    waiting = c.plugged and not (c.loose or c.authorization or c.transaction or c.finishing)
    return bool(frame and c.policy.plug_starts_as and waiting and _accepts(c))


def _accepts(c: Connector) -> bool:
    return not (c.inoperative or c.becomes_inoperative or c.blocked or c.reservation or c.returning)


def _reason_to_stop(c: Connector) -> str:
    """Why the running transaction cannot go on, as an OCPP 1.6 stop reason (section 7.36), or ""."""
    ends = [FAULTS[name].ends_with for name in sorted(c.faults) if name in FAULTS and FAULTS[name].ends_with]
    if ends:
        return ends[0]
    if MAINS_LOST in c.faults and (c.policy.resume_within_s <= 0 or not c.capability.can_resume):
        return MAINS_LOST
    if not c.plugged and (c.policy.stop_on_ev_side_disconnect or not c.capability.can_resume):
        return "EVDisconnected"
    if c.blocked and not c.capability.can_resume:
        return "Other"
    return ""


def _started(c: Connector, asked: Authorization, frame: Observation, now_s: float) -> Step:
    transaction = Transaction(
        id_tag=asked.id_tag,
        parent_id_tag=asked.parent_id_tag,
        meter_start_wh=frame.register_wh,
        energised=c.delivering,
        handshake_due_s=None if c.delivering else now_s + handshake_s(c),
    )
    fact = e.TransactionStarted(
        id_tag=asked.id_tag,
        parent_id_tag=asked.parent_id_tag,
        meter_start_wh=frame.register_wh,
        reservation_id=asked.reservation_id,
    )
    return replace(c, transaction=transaction, authorization=None, finishing=False), (fact,)


def _out_of_service(c: Connector) -> Step:
    facts: tuple[e.Fact, ...] = ()
    if c.reservation:
        facts = (e.ReservationEnded(reservation_id=c.reservation.reservation_id, why="out_of_service"),)
    after = replace(
        c, inoperative=c.inoperative | c.becomes_inoperative, becomes_inoperative=frozenset(), reservation=None
    )
    return after, facts


# --- one rule per event ----------------------------------------------------------------------------------


@singledispatch
def _on(event: e.Event, c: Connector) -> Step:
    raise NotImplementedError(f"{type(event).__name__} has no rule in {__name__}")


@_on.register
def _(event: e.Observed, c: Connector) -> Step:
    """A fresh frame: what time has ended, what is physically true, then the end of a stop whose contactor is open."""
    timed, before = _timed(c, event.now_s)
    after, facts = _framed(timed, event)
    return after, (*before, *facts)


def _framed(c: Connector, event: e.Observed) -> Step:
    seen = _seen(c, event.frame)
    if seen.returning:
        return returned(seen, seen.returning, event.frame, event.now_s)
    if seen.transaction and ended_by_vehicle(seen, event.frame):
        seen = with_stop(seen, "Other", event.now_s)
    if seen.transaction and seen.stop:
        return stopping(c, seen, seen.stop, event)
    if seen.cable_owner and seen.locked is False:
        return released(seen)
    return (seen if seen.plugged or seen.cable_owner else replace(seen, finishing=False)), ()


def _seen(c: Connector, frame: Observation) -> Connector:
    plugged, loose = plug_of(c, frame)
    transaction = c.transaction and _transaction_seen(c.transaction, frame, plugged=plugged)
    own = c.own_faults - CONTROLLER_FAULTS  # the right board has just answered
    pilot_wrong = c.pilot in PILOT_FAULTS and frame.pilot in PILOT_FAULTS and not c.inoperative
    own = own | {"PilotFault"} if pilot_wrong else own - {"PilotFault"}
    seen = replace(
        c,
        plugged=plugged,
        loose=loose,
        ev_ready=frame.ev_ready,
        delivering=frame.delivering,
        locked=frame.locked,
        pilot=frame.pilot,
        phase=frame.phase,
        board_faults=frame.faults | EMERGENCY if frame.emergency_stop else frame.faults,
        own_faults=own,
        lost_s=None,
        transaction=transaction,
    )
    return latched(seen)


def _transaction_seen(transaction: Transaction, frame: Observation, *, plugged: bool) -> Transaction:
    """What a frame says of the running transaction. Who unplugs is not being prepared any more."""
    if frame.delivering and not transaction.energised:
        transaction = replace(transaction, energised=True, handshake_due_s=None)
    if not plugged and transaction.handshake_due_s is not None:
        transaction = replace(transaction, handshake_due_s=None)
    spent = transaction.ends_at_wh is not None and frame.register_wh >= transaction.ends_at_wh
    return replace(transaction, spent=True) if spent else transaction


@_on.register
def _(event: e.ContactLost, c: Connector) -> Step:
    return (c if c.lost_s is not None else replace(c, lost_s=event.now_s, loose=False)), ()


@_on.register
def _(event: e.TimePassed, c: Connector) -> Step:
    """Every deadline that has come. The one of a stop last: without a frame nobody knows better."""
    after, facts = _timed(c, event.now_s)
    after, ended = overdue(after, event.now_s, event.register_wh)
    return after, (*facts, *ended)


def _timed(c: Connector, now_s: float) -> Step:
    """Deadlines that need no frame, each on its own: authorization, handshake, reservation, leases, silence."""
    facts = list[e.Fact]()
    after = replace(c, leases=tuple(lease.at(now_s) for lease in c.leases))
    asked = after.authorization
    if asked and asked.due_s <= now_s and not after.waits_for_turn:
        after = replace(after, authorization=None)
        facts.append(e.AuthorizationDropped(id_tag=asked.id_tag, why="timeout"))
    if after.reservation and after.reservation.expires_s <= now_s:
        facts.append(e.ReservationEnded(reservation_id=after.reservation.reservation_id, why="expired"))
        after = replace(after, reservation=None)
    transaction = after.transaction
    if transaction and transaction.handshake_due_s is not None and transaction.handshake_due_s <= now_s:
        after = replace(after, transaction=replace(transaction, handshake_due_s=None))
    if after.lost_s is not None and after.lost_s + LOST_FAULT_AFTER_S <= now_s:
        after = replace(after, own_faults=after.own_faults | {"ControllerLost"})
    return after, tuple(facts)


_on.register(e.PowerReturned)(power_returned)
_on.register(e.IdTagJudged)(judged)


@_on.register
def _(_event: e.BoardReplaced, c: Connector) -> Step:
    """What ran on the old board ends with the last register that is known of it."""
    after = replace(c, own_faults=c.own_faults - CONTROLLER_FAULTS, returning=None)
    return stopped(after, None, flagged=True) if after.transaction else (after, ())


@_on.register
def _(event: e.FaultRaised, c: Connector) -> Step:
    return latched(replace(c, own_faults=c.own_faults | {event.name})), ()


@_on.register
def _(event: e.FaultsAcknowledged, c: Connector) -> Step:
    """Latches go; what a board still reports stays, and so does what only time can clear."""
    named = event.names or c.faults
    ours = frozenset(name for name in c.own_faults if not (name in named and name in FAULTS and FAULTS[name].latched))
    return latched(replace(c, latches=c.latches - named, own_faults=ours)), ()


@_on.register
def _(event: e.ClaimChanged, c: Connector) -> Step:
    holder = None if event.holder == c.number else event.holder
    waited = c.waits_for_turn and holder is None
    after = replace(c, claimed_by=holder)
    if waited and after.authorization:  # the wait for its turn does not count against the EV driver
        due_s = max(after.authorization.due_s, event.now_s + c.policy.connection_timeout_s)
        after = replace(after, authorization=replace(after.authorization, due_s=due_s))
    return after, ()


@_on.register
def _authorized_rule(event: e.Authorized, c: Connector) -> Step:
    return _authorized(c, event)


def _authorized(c: Connector, event: e.Authorized) -> Step:
    """An accepted idTag waits for the plug, or for its frame. From Finishing it prepares again without unplugging."""
    if c.transaction or c.inoperative or c.becomes_inoperative:
        return c, ()
    facts: list[e.Fact] = [e.AuthorizationKept(id_tag=event.id_tag, by=event.by)]
    reservation = c.reservation
    if reservation:
        facts.append(e.ReservationEnded(reservation_id=reservation.reservation_id, why="used"))
    asked = Authorization(
        id_tag=event.id_tag,
        parent_id_tag=event.parent_id_tag,
        by=event.by,
        due_s=event.now_s + c.policy.connection_timeout_s,
        reservation_id=reservation.reservation_id if reservation else event.reservation_id,
    )
    if c.cable_owner:
        facts.append(e.CableReleased(id_tag=c.cable_owner.id_tag))
    after = replace(c, authorization=asked, finishing=False, reservation=None, cable_owner=None)
    return after, tuple(facts)


@_on.register
def _(event: e.StopRequested, c: Connector) -> Step:
    """A stop is recorded; the turn with a fresh frame ends the transaction. Without one it cancels what was asked."""
    if c.transaction:
        return (c, ()) if c.stop else stop_wanted(c, event.reason, event.now_s, event.id_tag)
    if c.cable_owner:
        return released(c)
    if c.authorization is None:
        return c, ()
    dropped = e.AuthorizationDropped(id_tag=c.authorization.id_tag, why="stopped")
    return replace(c, authorization=None, finishing=c.plugged), (dropped,)


@_on.register
def _(event: e.AvailabilityRequested, c: Connector) -> Step:
    """One entry per source: "out of service" by the technician is not undone by the central system."""
    if event.operative:
        after = replace(
            c,
            inoperative=c.inoperative - {event.source},
            becomes_inoperative=c.becomes_inoperative - {event.source},
            pilot=None,  # the board needs one turn to leave state F
        )
        return (after if c.inoperative | c.becomes_inoperative else c), ()
    if event.source in c.inoperative:
        return c, ()
    return replace(c, becomes_inoperative=c.becomes_inoperative | {event.source}), ()


@_on.register
def _(event: e.ReservationRequested, c: Connector) -> Step:
    reservation = Reservation(
        reservation_id=event.reservation_id,
        id_tag=event.id_tag,
        parent_id_tag=event.parent_id_tag,
        expires_s=event.expires_s,
    )
    return replace(c, reservation=reservation), ()


@_on.register
def _(event: e.ReservationCancelled, c: Connector) -> Step:
    if c.reservation is None or c.reservation.reservation_id != event.reservation_id:
        return c, ()
    return replace(c, reservation=None), (e.ReservationEnded(reservation_id=event.reservation_id, why="cancelled"),)


@_on.register
def _(event: e.Leased, c: Connector) -> Step:
    return replace(c, leases=with_lease(c.leases, event.lease.at(event.now_s))), ()


@_on.register
def _(event: e.LeaseEnded, c: Connector) -> Step:
    return replace(c, leases=without_lease(c.leases, event.source)), ()
