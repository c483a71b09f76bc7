"""The turns of one line's connectors: a frame in, outputs out. One object per polling thread.

A turn is: read the rows if they moved -> if advance changes nothing, write nothing -> else BEGIN IMMEDIATE,
read again, advance, commit. Outputs come only from committed rows. If the commit is refused, the more
restrictive of old and new is sent and the next turn tries again; after 5 s without a commit the connector
is switched off (architecture.md, The record).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db import DatabaseError

from charging import live, record
from charging.clock import Moment
from charging.domain import events as e
from charging.domain.connector import Connector
from charging.domain.lights import LIGHTS
from charging.domain.metering import METER_FAULTS, Meter, checked
from charging.domain.observation import Observation
from charging.domain.outputs import Outputs, outputs_of, restricted
from charging.models import Connector as Row

log = logging.getLogger(__name__)

SWITCH_OFF_AFTER_S: Final = 5.0


@dataclass(slots=True)
class _Held:
    """What this thread remembers of one connector between two turns."""

    connector: Connector
    version: int
    meter: Meter
    allowed_a: float  # amperes per phase that the board was last told; 0 = open the contactor
    unrecorded_s: float | None = None  # since when commits are refused
    distrusted: bool = False  # the register lies: what was last plausible counts until the transaction has ended
    board_serial: str = ""
    checkpoint_wh: int | None = None  # of the row as it was first read, until a frame was judged

    @property
    def register_lies(self) -> bool:
        return self.distrusted or bool(self.connector.faults & METER_FAULTS)


class Turns:
    """The connectors of one line as their polling thread holds them."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = list(numbers)
        self._held: dict[int, _Held] = {}

    def refresh(self) -> set[int]:
        """Read again the rows that moved, and say which: one small query a look."""
        versions = dict(Row.objects.filter(pk__in=self._numbers).values_list("pk", "version"))
        stale = {number for number, version in versions.items() if self._version_of(number) != version}
        if not stale:
            return stale
        policy = record.policy_of(record.station_row())
        for row in Row.objects.filter(pk__in=stale):
            self._hold(record.connector_of(row, policy), row.version)
            self._keep_meter_of_board(self._held[row.pk], row)
        return stale

    def _version_of(self, number: int) -> int | None:
        held = self._held.get(number)
        return held.version if held else None

    def _hold(self, connector: Connector, version: int) -> None:
        """Take over a row. An acknowledged meter begins anew, but never within a transaction."""
        held = self._held.get(connector.number)
        if held is None:
            held = _Held(connector, version, Meter(), connector.capability.maximum_a)
            self._held[connector.number] = held
        lied = held.register_lies
        held.connector, held.version, held.distrusted = connector, version, False
        if lied and not held.register_lies:
            held.distrusted = connector.transaction is not None
            held.meter = held.meter if held.distrusted else Meter()

    @staticmethod
    def _keep_meter_of_board(held: _Held, row: Row) -> None:
        """Another board counts its own; the register of this one goes on from where the record last saw it."""
        if held.board_serial and held.board_serial != row.board_serial:
            held.meter = Meter()
        elif not held.board_serial and (held.connector.transaction or held.register_lies):
            held.checkpoint_wh = row.register_wh
        held.board_serial = row.board_serial

    def connector(self, number: int) -> Connector | None:
        """The connector as of the last refresh or commit."""
        held = self._held.get(number)
        return held.connector if held else None

    def not_recorded(self, number: int, moment: Moment) -> bool:
        """Whether the record has refused this connector's facts for so long that it is switched off."""
        held = self._held.get(number)
        since_s = held.unrecorded_s if held else None
        return since_s is not None and moment.mono_s - since_s >= SWITCH_OFF_AFTER_S

    def register_wh(self, number: int) -> int | None:
        """The last plausible register that this thread read."""
        held = self._held.get(number)
        return held.meter.register_wh if held else None

    def observe(self, number: int, frame: Observation, moment: Moment) -> Outputs | None:
        """Take one healthy frame through the rules; the outputs to write now. None: the number is not known yet."""
        held = self._held.get(number)
        if held is None:
            return None
        before = held.connector
        wrong = self._metered(held, frame, moment)
        plausible = replace(frame, register_wh=held.meter.register_wh or 0)
        after = self._happened(held, _events(before, plausible, wrong, moment), moment)
        outputs = self._outputs(held, before, after, moment)
        held.allowed_a = outputs.limit_a if outputs.enable else 0.0
        return outputs

    @staticmethod
    def _metered(held: _Held, frame: Observation, moment: Moment) -> frozenset[str]:
        """Keep what is plausible; the faults that the frame shows. A register that lies is not followed."""
        if held.meter.register_wh is None and held.checkpoint_wh is not None:
            # How long ago that was nobody knows: such a register may be any higher, and no lower.
            held.meter = Meter(register_wh=held.checkpoint_wh, at_s=-math.inf, moved_s=moment.mono_s)
        held.checkpoint_wh = None
        known = held.meter.register_wh is not None
        meter, wrong = checked(held.meter, frame, held.connector.capability, held.allowed_a, moment.mono_s)
        held.meter = replace(meter, register_wh=held.meter.register_wh) if held.register_lies and known else meter
        return wrong - METER_FAULTS if held.register_lies else wrong

    def silent(self, number: int, moment: Moment) -> None:
        """The controller has not answered for 3 s. Its register is still judged by the one before the silence."""
        held = self._held.get(number)
        if held is None:
            return
        held.meter = replace(held.meter, moved_s=moment.mono_s, overdraw_s=None, open_s=None, closed_s=None)
        if held.connector.lost_s is None:
            self._happened(held, [e.ContactLost(now_s=moment.mono_s)], moment)

    def _happened(self, held: _Held, events: Sequence[e.Event], moment: Moment) -> Connector:
        """The connector after *events*, committed; or the uncommitted one when the record refuses it."""
        after, facts, _refusal = record.folded(held.connector, events)
        if after == held.connector and not facts:
            held.unrecorded_s = None
            return after
        try:
            outcome = record.happen(held.connector.number, events, moment=moment)
        except (DatabaseError, Row.DoesNotExist) as error:
            if held.unrecorded_s is None:
                log.warning("Connector %s could not be recorded (%s); it is held back.", held.connector.number, error)
                held.unrecorded_s = moment.mono_s
            return after
        held.unrecorded_s = None
        self._hold(outcome.connector, outcome.version)
        live.changed()
        return outcome.connector

    def _outputs(self, held: _Held, before: Connector, after: Connector, moment: Moment) -> Outputs:
        if held.unrecorded_s is None:
            return outputs_of(after)
        if self.not_recorded(held.connector.number, moment):
            return restricted(outputs_of(before), LIGHTS["fault"])
        return more_restrictive(outputs_of(before), outputs_of(after))


def _events(c: Connector, frame: Observation, wrong: frozenset[str], moment: Moment) -> list[e.Event]:
    raised = [e.FaultRaised(now_s=moment.mono_s, name=name) for name in sorted(wrong - c.own_faults)]
    return [*raised, e.Observed(now_s=moment.mono_s, frame=frame)]


def more_restrictive(one: Outputs, other: Outputs) -> Outputs:
    """What both allow."""
    enable = one.enable and other.enable
    return Outputs(
        enable=enable,
        available=one.available and other.available,
        authorized=one.authorized and other.authorized,
        limit_a=min(one.limit_a, other.limit_a) if enable else 0.0,
        limit_w=min(one.limit_w, other.limit_w) if enable else 0,
        lock=one.lock or other.lock,
        light=other.light,
    )
