"""The site's power, shared: computes what each connector is granted and keeps it as an expiring lease on its row.

Reductions are granted first; what they free is granted to others only after frames have shown that it is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from charging import journal, record
from charging.clock import Moment
from charging.domain import events as e
from charging.domain.connector import Connector
from charging.domain.limits import Lease
from charging.domain.observation import Observation
from charging.domain.power import (
    FOLLOWS_WITHIN_AC_S,
    FOLLOWS_WITHIN_DC_S,
    SILENT_HOLDS_S,
    Demand,
    Held,
    draw_of,
    fair_fallback_w,
    granted,
    held_after,
    shares_of,
)
from charging.models import Station, Transaction

SITE: Final = "site"
LEASE_LIVES_S: Final = 600.0  # renewed at half of it: two small writes in ten minutes while somebody charges


class SitePower:
    """The sharing of one station, with what it remembers of each connector. What it has not seen counts as the most."""

    def __init__(self) -> None:
        self._held: dict[int, Held] = {}
        self._frames: dict[int, tuple[Observation, float]] = {}

    def saw(self, frames: Mapping[int, tuple[Observation, float]]) -> None:
        """Take the latest healthy frame of each connector, with the monotonic second at which it was read."""
        self._frames.update(frames)

    def share(self, station: Station, connectors: list[Connector], moment: Moment, *, most_w: int | None = None) -> int:
        """Grant every connector its share of the site limit; how many leases were written.

        A connector without a transaction holds a part of what nobody uses, so that a start never exceeds the site
        before this ran again; so does one whose controller is silent, as soon as its watchdog must have expired.
        *most_w*: what a charging profile allows the whole station.
        """
        budget_w = station.site_limit_w if most_w is None else min(station.site_limit_w, most_w)
        if sum(c.capability.maximum_w for c in connectors) <= budget_w:
            self._held.clear()
            ended = e.LeaseEnded(now_s=moment.mono_s, source=SITE)
            return _written({c.number: ended for c in connectors if _lease_of(c)}, connectors, moment)
        fallback_w = fair_fallback_w(budget_w, len(connectors))
        active = _by_arrival([c for c in connectors if _in_use(c) and not _gone(c, moment)])
        targets = shares_of(budget_w, [_demand(c, rank) for rank, c in enumerate(active)])
        idle = [c for c in connectors if c.number not in targets]
        spare_w = fair_fallback_w(budget_w - sum(targets.values()), len(idle))
        targets.update({c.number: min(fallback_w, spare_w, c.capability.maximum_w) for c in idle})
        present = {c.number: _granted_w(c) for c in connectors}
        wanted = granted(targets, present, {c.number: self._held_w(c, moment) for c in connectors}, budget_w)
        leases = {c.number: _lease_after(c, wanted[c.number], fallback_w, moment) for c in connectors}
        changes = {n: e.Leased(now_s=moment.mono_s, lease=lease) for n, lease in leases.items() if lease}
        return _written(changes, connectors, moment)

    def _held_w(self, c: Connector, moment: Moment) -> int:
        grant_w, most_w = _granted_w(c), c.capability.maximum_w
        held = self._held.get(c.number) or Held(watts=most_w, grant_w=grant_w, since_s=moment.mono_s)
        if _gone(c, moment):
            held = Held(watts=grant_w, grant_w=grant_w, since_s=moment.mono_s)
        frame = self._frames.get(c.number)
        draw = draw_of(c.capability, *frame) if frame else None
        follows_within_s = FOLLOWS_WITHIN_DC_S if c.capability.direct_current else FOLLOWS_WITHIN_AC_S
        held = self._held[c.number] = held_after(held, grant_w, draw, moment.mono_s, follows_within_s)
        return held.watts


def _gone(c: Connector, moment: Moment) -> bool:
    """Silent for so long that its board has switched off by itself."""
    return c.lost_s is not None and moment.mono_s - c.lost_s >= SILENT_HOLDS_S


def _by_arrival(active: list[Connector]) -> list[Connector]:
    """Earlier transactions first; who only asked comes after them."""
    open_rows = Transaction.objects.filter(stopped_at__isnull=True).values_list("connector_id", "pk")
    began = dict(open_rows)
    return sorted(active, key=lambda c: (c.number not in began, began.get(c.number, 0), c.number))


def _demand(c: Connector, rank: int) -> Demand:
    capability = c.capability
    minimum_w = capability.minimum_w if capability.direct_current else capability.watts_of(capability.minimum_a)
    return Demand(number=c.number, minimum_w=max(minimum_w, 1), maximum_w=capability.maximum_w, rank=rank)


def _lease_of(c: Connector) -> Lease | None:
    return next((lease for lease in c.leases if lease.source == SITE), None)


def _granted_w(c: Connector) -> int:
    lease = _lease_of(c)
    return c.capability.maximum_w if lease is None or lease.limit_w is None else lease.limit_w


def _in_use(c: Connector) -> bool:
    return bool(c.transaction or c.authorization)


def _lease_after(c: Connector, limit_w: int, fallback_w: int, moment: Moment) -> Lease | None:
    """The lease to write, or None while the present one says the same for long enough."""
    before = _lease_of(c)
    fallback_w = min(fallback_w, limit_w)
    running = c.transaction is not None
    fresh = before is not None and (
        before.expires_s is None or before.expires_s > moment.mono_s + LEASE_LIVES_S / 2 or not running
    )
    if before and fresh and before.limit_w == limit_w and before.fallback_w == fallback_w:
        return None
    lease = Lease(
        source=SITE,
        limit_w=limit_w,
        expires_s=moment.mono_s + LEASE_LIVES_S if running else None,
        fallback_w=fallback_w,
    )
    return None if lease == before else lease


def _written(changes: Mapping[int, e.Event], seen: list[Connector], moment: Moment) -> int:
    """Write what was decided over *seen*; how many.

    Who began or ended to use a connector meanwhile makes the decision an old one: a lease of somebody idle would
    switch off a DC session that has just begun. Then nothing is written, and the next turn decides anew.
    """
    if not changes:
        return 0
    with journal.one_commit():
        if {c.number: _in_use(c) for c in record.connectors()} != {c.number: _in_use(c) for c in seen}:
            return 0
        for number, event in changes.items():
            record.happen(number, [event], moment=moment)
    return len(changes)
