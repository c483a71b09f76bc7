"""Samples while vehicles charge: the curve to `logs`, the register to `default`, and the meter values owed to a server.

Meter values are journal facts, written only where a central system is configured. All transactions of a line are
sampled at one beat, together with the checkpoint: a commit a minute wears the flash less than one for each vehicle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from charging import journal, record
from charging.clock import Moment, kernel_boot_id
from charging.domain.connector import Connector, Policy
from charging.domain.observation import Observation
from charging.domain.samples import KIND, Context, beat_of, clock_period, sampled
from charging.models import MeterSample, Transaction

CHECKPOINT_AT_LEAST_EVERY_S: Final = 60.0  # how long the station was gone is known no better than this
SLACK_S: Final = 1.0  # the next beat comes first, and brings the checkpoint with it

Owed = list[tuple[int, Context]]


class Samples:
    """One per polling thread: knows when it last took them."""

    def __init__(self) -> None:
        self._due_s = 0.0
        self._checkpoint_due_s = 0.0
        self._kernel_boot_id = kernel_boot_id()
        self._beat: tuple[float, int] | None = None  # interval, number of the beat
        self._period: tuple[float, tuple[int, int]] | None = None  # interval, period of the clock

    def take(self, frames: Mapping[int, Observation], connectors: Sequence[Connector], moment: Moment) -> int:
        """Keep a curve sample of every running transaction when it is time; how many.

        Meter values for a server and checkpoints are kept beside, each at its own time. Raises
        django.db.DatabaseError.
        """
        seen = {c.number: c for c in connectors if c.number in frames}
        running = {number: c for number, c in seen.items() if c.transaction}
        owed = self._owed(seen, running, moment)
        if not owed and not (running and moment.mono_s >= self._checkpoint_due_s):
            return 0
        sampling = bool(running) and (bool(owed) or moment.mono_s >= self._due_s)
        self._set_due(running, moment, sampling=sampling, slack_s=SLACK_S if owed else 0.0)
        open_ids = _open_ids(running) if owed or sampling else {}
        self._write(frames, running, owed, open_ids, moment)
        return _curve(open_ids, frames, running, moment) if sampling else 0

    def _set_due(self, running: Mapping[int, Connector], moment: Moment, *, sampling: bool, slack_s: float) -> None:
        if sampling:
            self._due_s = moment.mono_s + _curve_interval_s(running.values()) + slack_s
        if running:
            self._checkpoint_due_s = min(self._due_s, moment.mono_s + CHECKPOINT_AT_LEAST_EVERY_S + slack_s)

    def _write(
        self,
        frames: Mapping[int, Observation],
        running: Iterable[int],
        owed: Owed,
        open_ids: Mapping[int, int],
        moment: Moment,
    ) -> None:
        registers = {number: frames[number].register_wh for number in running}
        with journal.one_commit():
            if registers:
                record.checkpoint(registers, moment=moment, kernel_boot_id=self._kernel_boot_id)
            for number, context in owed:
                body = sampled(context, frames[number], frames[number].register_wh)
                transaction_id = open_ids.get(number)
                journal.record(KIND, connector_number=number, transaction_id=transaction_id, moment=moment, **body)

    def _owed(self, seen: Mapping[int, Connector], running: Iterable[int], moment: Moment) -> Owed:
        """Which connectors owe meter values now, and why. At a full interval of the clock every one does."""
        policy = next((c.policy for c in seen.values() if c.policy.owes_meter_values), None)
        if policy is None:
            self._beat = self._period = None
            return []
        owed = [(number, Context.PERIODIC) for number in running] if self._beats(policy, moment) else []
        if self._strikes(policy, moment):
            owed += [(number, Context.CLOCK) for number in seen]
        return owed

    def _beats(self, policy: Policy, moment: Moment) -> bool:
        interval_s, before = policy.sample_interval_s, self._beat
        self._beat = (interval_s, beat_of(moment.mono_s, interval_s)) if interval_s > 0 else None
        return _went_on(before, self._beat)

    def _strikes(self, policy: Policy, moment: Moment) -> bool:
        interval_s, before = policy.aligned_interval_s, self._period
        known = interval_s > 0 and moment.clock_known
        self._period = (interval_s, clock_period(moment.at, interval_s)) if known else None
        return _went_on(before, self._period)


def _went_on(before: tuple[float, object] | None, now: tuple[float, object] | None) -> bool:
    """Whether the next beat of the same rhythm has come; a rhythm that is new begins with its next one."""
    return before is not None and now is not None and before[0] == now[0] and before < now


def _curve_interval_s(running: Iterable[Connector]) -> float:
    """The curve is the owner's: it goes on where no meter values are sent to anybody."""
    return min(c.policy.sample_interval_s for c in running) or CHECKPOINT_AT_LEAST_EVERY_S


def _open_ids(numbers: Iterable[int]) -> dict[int, int]:
    rows = Transaction.objects.filter(connector__in=list(numbers), stopped_at__isnull=True)
    return dict(rows.values_list("connector", "pk"))


def _curve(
    open_ids: Mapping[int, int], frames: Mapping[int, Observation], running: Mapping[int, Connector], moment: Moment
) -> int:
    MeterSample.objects.bulk_create(
        _sample(pk, frames[number], running[number], moment) for number, pk in open_ids.items()
    )
    return len(open_ids)


def _sample(transaction_id: int, frame: Observation, connector: Connector, moment: Moment) -> MeterSample:
    return MeterSample(
        transaction_id=transaction_id,
        at=moment.at,
        register_wh=frame.register_wh,
        power_w=frame.power_w,
        current_a=max(frame.currents_a, default=0.0),
        limit_w=connector.limit.power_w,
        soc_percent=frame.soc_percent,
    )
