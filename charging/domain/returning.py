"""The software was gone and is back: what goes on, what is closed, and on which clock deadlines count now."""

from __future__ import annotations

from dataclasses import replace

from . import events as e
from .connector import FIRST_FRAME_WITHIN_S, Connector, Returning, Stop, stop_within_s
from .observation import Observation
from .stopping import Step


def power_returned(event: e.PowerReturned, c: Connector) -> Step:
    """Nothing is enabled until the first frame has been read; what was only asked for is asked for again."""
    after = _rebased(c, event)
    facts: tuple[e.Fact, ...] = ()
    if after.authorization:
        facts = (e.AuthorizationDropped(id_tag=after.authorization.id_tag, why="power_loss"),)
    returning = Returning(away_s=event.away_s, same_board=event.same_board)
    return replace(after, authorization=None, loose=False, lost_s=None, returning=returning), facts


def _rebased(c: Connector, event: e.PowerReturned) -> Connector:
    """Deadlines on the clock that began anew. A stop waits until its board has had the time to answer again."""
    by_s = event.rebase_s
    stop = c.stop and replace(c.stop, due_s=event.now_s + FIRST_FRAME_WITHIN_S, sent=False)
    reservation = c.reservation and replace(c.reservation, expires_s=c.reservation.expires_s + by_s)
    transaction = c.transaction
    if transaction and transaction.handshake_due_s is not None:
        transaction = replace(transaction, handshake_due_s=transaction.handshake_due_s + by_s)
    leases = tuple(
        replace(lease, expires_s=None if lease.expires_s is None else lease.expires_s + by_s) for lease in c.leases
    )
    return replace(c, stop=stop, reservation=reservation, transaction=transaction, leases=leases)


def returned(c: Connector, returning: Returning, frame: Observation, now_s: float) -> Step:
    """The first frame after the software was gone: go on, or close with PowerLoss."""
    after = replace(c, returning=None, finishing=c.finishing and (c.plugged or c.cable_owner is not None))
    if not after.transaction:
        return after, ()
    away_s = returning.away_s
    known = away_s is not None and away_s <= c.policy.resume_within_s
    replugged = away_s is not None and frame.uptime_s > away_s and frame.session_s < away_s
    same = after.stop is None and known and returning.same_board and frame.plugged and not replugged
    if same and (c.capability.can_resume or frame.delivering):
        return after, (e.TransactionResumed(away_s=away_s or 0.0),)
    wanted = after.stop or Stop(reason="PowerLoss", due_s=now_s + stop_within_s(c))
    return replace(after, stop=replace(wanted, due_s=now_s + stop_within_s(c))), (e.StopWanted(reason=wanted.reason),)
