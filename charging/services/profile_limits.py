"""Charging profiles as limits: in every turn of the station they become a lease on the row of each connector.

A lease ends where its period ends, and falls to the next limit where that is lower: so it holds even when nobody is
there to renew it. ChargePointMaxProfiles bound what SitePower shares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from charging import journal, record
from charging.clock import Moment
from charging.domain import events as e
from charging.domain.connector import Connector
from charging.domain.limits import Lease
from charging.domain.profiles import (
    Ceiling,
    Profile,
    Purpose,
    ceiling_of,
    limiting,
    lowest,
    lowest_station_watts,
    prevailing,
    station_watts,
)
from charging.models import ChargingProfile, Transaction
from charging.services.profiles import began_at, counts, profile_of

SOURCE: Final = "profile"
AWAITED_FOR: Final = timedelta(minutes=2)  # a remote start that is checked first has its answer or none by then
AN_INSTANT: Final = timedelta(milliseconds=1)
SAME_S: Final = 2.0  # the two clocks drift: that is no other lease


@dataclass(frozen=True, slots=True)
class Limits:
    """What one turn found: leases written, and what all connectors may draw together (None: no profile says)."""

    moved: int
    station_w: int | None = None


def profile_limits(connectors: list[Connector], moment: Moment) -> Limits:
    """Put every profile into force as it stands at *moment*. Raises django.db.DatabaseError."""
    rows = list(ChargingProfile.objects.all())
    held = {c.number: lease for c in connectors for lease in c.leases if lease.source == SOURCE}
    if not rows and not held:
        return Limits(0)
    open_rows = Transaction.objects.filter(stopped_at__isnull=True)
    running = {row.connector_id: row for row in open_rows}
    with journal.one_commit():
        rows, moved = _still_there(rows, running, connectors, moment)
        for c in connectors:
            event = _event(held.get(c.number), _lease(c, rows, running.get(c.number), moment), moment)
            if event is not None:
                record.happen(c.number, [event], moment=moment)
                moved += 1
    return Limits(moved, _station_w(rows, connectors, moment))


def _still_there(
    rows: list[ChargingProfile], running: dict[int, Transaction], connectors: list[Connector], moment: Moment
) -> tuple[list[ChargingProfile], int]:
    """A TxProfile ends with its transaction; one that was awaited belongs to it as soon as it is there."""
    authorized = {c.number for c in connectors if c.authorization}
    kept, moved = [], 0
    for row in rows:
        at = running.get(row.connector_number)
        if row.purpose != Purpose.TRANSACTION or (at and row.transaction_id == at.pk):
            kept.append(row)
        elif row.id_tag and at and counts(row, at):
            row.transaction_id, row.id_tag = at.pk, ""
            row.save(update_fields=["transaction_id", "id_tag"])
            kept.append(row)
            moved += 1
        elif row.id_tag and not at and (row.connector_number in authorized or _young(row, moment)):
            kept.append(row)
        else:
            row.delete()
            moved += 1
    return kept, moved


def _young(row: ChargingProfile, moment: Moment) -> bool:
    return abs(moment.at - row.received_at) < AWAITED_FOR


def _lease(c: Connector, rows: list[ChargingProfile], running: Transaction | None, moment: Moment) -> Lease | None:
    """What the profiles say to this connector now, or None."""
    profiles = [profile_of(row) for row in rows if counts(row, running)]
    if not moment.clock_known:
        return _leased(lowest(profiles, c.number, c.capability))
    begin = began_at(running, moment)
    slot = limiting(profiles, c.number, moment.at, begin)
    lease = _leased(ceiling_of(slot, c.capability))
    if lease is None or slot.until is None:
        return lease
    following = ceiling_of(limiting(profiles, c.number, slot.until + AN_INSTANT, begin), c.capability)
    return replace(
        lease,
        expires_s=moment.mono_s + (slot.until - moment.at).total_seconds(),
        fallback_a=_lower(lease.limit_a, following.limit_a),
        fallback_w=_whole(_lower(lease.limit_w, following.limit_w)),
    )


def _leased(ceiling: Ceiling) -> Lease | None:
    if ceiling == Ceiling():
        return None
    return Lease(source=SOURCE, limit_a=ceiling.limit_a, limit_w=ceiling.limit_w)


def _lower(limit: float | None, following: float | None) -> float | None:
    if limit is None or following is None:
        return following
    return min(limit, following)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _event(before: Lease | None, after: Lease | None, moment: Moment) -> e.Event | None:
    """None while the lease on the row says the same."""
    if after is None:
        return e.LeaseEnded(now_s=moment.mono_s, source=SOURCE) if before else None
    if before and replace(before, expires_s=None) == replace(after, expires_s=None) and _as_long(before, after):
        return None
    return e.Leased(now_s=moment.mono_s, lease=after)


def _as_long(before: Lease, after: Lease) -> bool:
    if before.expires_s is None or after.expires_s is None:
        return before.expires_s == after.expires_s
    return abs(before.expires_s - after.expires_s) < SAME_S


def _station_w(rows: list[ChargingProfile], connectors: list[Connector], moment: Moment) -> int | None:
    profiles: list[Profile] = [profile_of(row) for row in rows if row.purpose == Purpose.STATION]
    capabilities = [c.capability for c in connectors]
    if not moment.clock_known:
        return lowest_station_watts(profiles, capabilities)
    return station_watts(prevailing(profiles, moment.at, moment.at), capabilities)
