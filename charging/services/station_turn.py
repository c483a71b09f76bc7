"""The station's own turn, once a second in the controllers process of the main cabinet, and at once after a wake-up.

It judges what no single connector can: deadlines of silent controllers, cards, sharing, the latched stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from charging import live, record
from charging.clock import Moment
from charging.domain import events as e
from charging.domain.connector import FIRST_FRAME_WITHIN_S
from charging.models import Connector as Row
from charging.services.cards import cards_expired, next_answer_due_s
from charging.services.dating import clock_watched, times_repaired
from charging.services.emergency import release_if_clear
from charging.services.placing import card_plugs
from charging.services.profile_limits import profile_limits
from charging.services.reserving import reservations_ended
from charging.services.sharing import SitePower
from charging.services.wishing import wishes_expired

ITS_TURN_WITHIN_S: Final = 3.0  # after this without a frame the line calls its controller silent


@dataclass(frozen=True, slots=True)
class StationTurn:
    """What the turn found: whether the stop is latched, whether anything was written, and when it is wanted again.

    `due_s`: the next tap whose answer is waited for is judged at this monotonic time; None without one.
    """

    emergency: bool
    moved: int
    due_s: float | None = None


def station_turn(moment: Moment, registers: Mapping[int, int], site: SitePower | None = None) -> StationTurn:
    """One turn. Raises django.db.DatabaseError when the record cannot be written; the next turn tries again.

    *registers*: the last register of each connector that was ever read in this process, Wh.
    *site*: the sharing with what it saw so far; without it nothing was seen, and no share is raised.
    """
    moved = _deadlines(moment, registers)
    station = record.station_row()
    released = release_if_clear(station, moment)
    moved += released
    moved += cards_expired(moment)
    moved += card_plugs(moment)
    moved += reservations_ended(station, moment)
    limits = profile_limits(record.connectors(station), moment)
    moved += limits.moved
    moved += (site or SitePower()).share(station, record.connectors(station), moment, most_w=limits.station_w)
    moved += wishes_expired(moment)
    moved += clock_watched(station, moment)
    moved += times_repaired(moment)
    if moved:
        live.changed()
        live.wake()
    return StationTurn(emergency=station.emergency and not released, moved=moved, due_s=next_answer_due_s())


def _deadlines(moment: Moment, registers: Mapping[int, int]) -> int:
    """Deadlines of connectors whose controller is silent: nobody else's turn would see them.

    A controller that answers is left to its own line, whose frame knows more; after a start it gets the time to.
    """
    moved = 0
    for row in Row.objects.filter(due_s__lte=moment.mono_s):
        silent = row.facts.get("lost_s") is not None
        patience_s = ITS_TURN_WITHIN_S if row.pk in registers else FIRST_FRAME_WITHIN_S
        if silent or (row.due_s or 0.0) + patience_s <= moment.mono_s:
            event = e.TimePassed(now_s=moment.mono_s, register_wh=registers.get(row.pk))
            record.happen(row.pk, [event], moment=moment)
            moved += 1
    return moved
