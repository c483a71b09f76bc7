"""How a transaction ends: a wanted stop, outputs off, then the first frame whose contactor is open.

Without such a frame in time it ends with the last register, flagged (architecture.md is the source of the numbers).
"""

from __future__ import annotations

from dataclasses import replace

from . import events as e
from .connector import CableOwner, Connector, Stop, Transaction, latched, stop_within_s
from .observation import Observation, Phase

Step = tuple[Connector, tuple[e.Fact, ...]]


def stop_wanted(c: Connector, reason: str, now_s: float, id_tag: str = "") -> Step:
    """The stop is recorded; nothing ends yet."""
    return with_stop(c, reason, now_s, id_tag), (e.StopWanted(reason=reason),)


def with_stop(c: Connector, reason: str, now_s: float, id_tag: str = "") -> Connector:
    """*c* with a wanted stop; one that is wanted already keeps its reason and its deadline."""
    return c if c.stop else replace(c, stop=Stop(reason=reason, due_s=now_s + stop_within_s(c), id_tag=id_tag))


def judged(event: e.IdTagJudged, c: Connector) -> Step:
    """Not accepted after the start: stop, or let no more energy flow than the owner grants (sections 3.5.4, 4.8)."""
    if c.transaction is None:
        return c, ()
    transaction = replace(c.transaction, parent_id_tag=event.parent_id_tag or c.transaction.parent_id_tag)
    known = replace(c, transaction=transaction)
    if event.valid or c.stop:
        return known, ()
    if c.policy.stop_on_invalid_id:
        after, facts = stop_wanted(known, "DeAuthorized", event.now_s)
        return after, (e.TransactionInvalidated(ends_at_wh=None), *facts)
    granted_wh = c.policy.max_energy_on_invalid_id_wh
    ends_at_wh = transaction.meter_start_wh + granted_wh
    limited = replace(transaction, ends_at_wh=ends_at_wh, spent=transaction.spent or granted_wh <= 0)
    return replace(c, transaction=limited), (e.TransactionInvalidated(ends_at_wh=ends_at_wh),)


def ended_by_vehicle(c: Connector, frame: Observation) -> bool:
    """A DC session that was cut, or that the vehicle has finished, cannot go on; an AC one can at any time."""
    if not c.capability.direct_current:
        return False
    cut = (frame.watchdog_tripped or frame.rebooted) and not c.capability.can_resume
    energised = c.transaction is not None and c.transaction.energised
    return cut or (energised and frame.phase is Phase.FINISHED and not frame.delivering)


def stopping(before: Connector, c: Connector, stop: Stop, event: e.Observed) -> Step:
    """Outputs off, then the first frame with the contactor's feedback open ends the transaction.

    A contactor that is already open while the plug is out needs no second frame: nothing can close it.
    """
    off_since_a_turn = before.stop is not None and before.stop.sent
    if not event.frame.delivering and (off_since_a_turn or not c.plugged):
        return stopped(c, event.frame.register_wh, flagged=False)
    if stop.sent:
        return overdue(c, event.now_s, event.frame.register_wh)
    return replace(c, stop=replace(stop, sent=True)), ()


def overdue(c: Connector, now_s: float, register_wh: int | None) -> Step:
    """No frame with an open contactor within the time: the last register, flagged.

    It is a contactor fault only where frames say so, not where the controller is silent or not yet asked.
    """
    if c.stop is None or now_s < c.stop.due_s:
        return c, ()
    if c.lost_s is None and c.returning is None:
        c = latched(replace(c, own_faults=c.own_faults | {"ContactorNotOpening"}))
    return stopped(c, register_wh, flagged=True)


def stopped(c: Connector, meter_stop_wh: int | None, *, flagged: bool) -> Step:
    """The transaction is over; the plug may still be in."""
    reason, id_tag = (c.stop.reason, c.stop.id_tag) if c.stop else ("Other", "")
    over = e.TransactionStopped(reason=reason, meter_stop_wh=meter_stop_wh, flagged=flagged, id_tag=id_tag)
    facts: list[e.Fact] = [over]
    owner = _owner_of_cable(c, c.transaction, reason) if c.transaction else None
    if owner:
        facts.append(e.CableKept(id_tag=owner.id_tag))
    finishing = c.plugged or owner is not None
    after = replace(c, transaction=None, stop=None, finishing=finishing, returning=None, cable_owner=owner)
    return after, tuple(facts)


def _owner_of_cable(c: Connector, transaction: Transaction, reason: str) -> CableOwner | None:
    """For whom the lock keeps the cable: who unplugged at the vehicle (section 4.10), who was refused (3.5.4)."""
    unplugged = reason == "EVDisconnected" and not c.policy.unlock_on_ev_side_disconnect
    kept = c.policy.keeps_cables and (unplugged or reason == "DeAuthorized")
    if not (kept and c.capability.has_lock and c.locked):
        return None
    return CableOwner(id_tag=transaction.id_tag, parent_id_tag=transaction.parent_id_tag)


def released(c: Connector) -> Step:
    """The lock may open: its owner asked, a technician did, or the lock has let go by itself."""
    facts = (e.CableReleased(id_tag=c.cable_owner.id_tag),) if c.cable_owner else ()
    return replace(c, cable_owner=None, finishing=c.finishing and c.plugged), facts
