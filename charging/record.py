"""Events meet rows: re-read, advance, save by compare-and-set, journal. All in one database transaction.

Nothing else writes a connector's facts. If nothing changed, nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db import DatabaseError
from django.db.models import F

from charging import journal
from charging.clock import Moment, kernel_boot_id, learn
from charging.domain import events as e
from charging.domain.advance import advance
from charging.domain.authorization import Mode
from charging.domain.connector import Connector, Policy, next_due_of
from charging.domain.exclusion import claim_of
from charging.domain.faults import TAMPERING
from charging.domain.observation import Observation
from charging.domain.requests import Refusal, refusal_of
from charging.domain.samples import KIND, Context, sampled
from charging.domain.security import SecurityEvent
from charging.facts import decoded, encoded
from charging.models import ChargingSession, ExclusionClaim, Station, StationReservation, Transaction
from charging.models import Connector as Row
from charging.security_log import security_event


class RowMovedError(DatabaseError):
    """Another writer was faster between reading and saving: a commit refused like any other, to be tried again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of events: the connector after them, the facts, and why one was refused."""

    connector: Connector
    facts: tuple[e.Fact, ...]
    refusal: Refusal | None = None
    version: int = 0  # of the row that holds exactly this connector


def station_row() -> Station:
    """The station's only row. A time that a server told another process of this boot counts in this one from now on."""
    row = Station.objects.get_or_create(pk=1)[0]
    learn(row.clock_zero if row.clock_zero_kernel == kernel_boot_id() else None)
    return row


def policy_of(station: Station) -> Policy:
    """The owner's settings as the rules read them. On an open station without a screen, plugging in starts."""
    without_cards = station.authorization_mode == Mode.NONE
    open_to_all = without_cards and not station.with_screen
    return Policy(
        connection_timeout_s=float(station.connection_timeout_s),
        resume_within_s=float(station.resume_within_s),
        plug_starts_as=station.free_id_tag if open_to_all and not StationReservation.objects.exists() else "",
        stop_on_ev_side_disconnect=station.stop_transaction_on_ev_side_disconnect,
        unlock_on_ev_side_disconnect=station.unlock_connector_on_ev_side_disconnect,
        keeps_cables=not without_cards,
        stop_on_invalid_id=station.stop_transaction_on_invalid_id,
        max_energy_on_invalid_id_wh=station.max_energy_on_invalid_id_wh,
        owes_meter_values=station.has_central_system,
        sample_interval_s=float(station.sample_interval_s),
        aligned_interval_s=float(station.clock_aligned_interval_s),
        light_intensity_percent=station.light_intensity_percent,
        blink_repeat=station.blink_repeat,
    )


def connector_of(row: Row, policy: Policy) -> Connector:
    """The rules' Connector of a row."""
    return decoded(row.facts, number=row.number, capability=row.capability, policy=policy)


def connectors(station: Station | None = None) -> list[Connector]:
    """Every connector of the station, by number."""
    policy = policy_of(station or station_row())
    return [connector_of(row, policy) for row in Row.objects.order_by("number")]


def happen(number: int, events: Sequence[e.Event], *, moment: Moment, who: str = "") -> Outcome:
    """Let *events* happen to connector *number*, in order, in one durable commit.

    A request that is refused ends the sequence; what happened before it is kept. Raises Row.DoesNotExist for
    an unknown number and django.db.DatabaseError when the commit is refused: then nothing happened.
    """
    with journal.one_commit():
        row = Row.objects.get(pk=number)
        before = connector_of(row, policy_of(station_row()))
        after, facts, refusal = folded(before, events)
        moved = after != before or bool(facts)
        if moved:
            scribe = _Scribe(row, moment, who)
            scribe.frame = next((each.frame for each in reversed(events) if isinstance(each, e.Observed)), None)
            scribe.owes_meter_values = after.policy.owes_meter_values
            _save(row, after, facts, scribe)
    return Outcome(after, facts, refusal, row.version + moved)


def folded(connector: Connector, events: Iterable[e.Event]) -> tuple[Connector, tuple[e.Fact, ...], Refusal | None]:
    """*connector* after *events*, with every fact on the way. Pure."""
    facts: list[e.Fact] = []
    at = connector
    for event in events:
        if refusal := refusal_of(at, event):
            return at, tuple(facts), refusal
        steps = advance(at, event)
        facts.extend(fact for _after, told in steps for fact in told)
        at = steps[-1][0]
    return at, tuple(facts), None


def _save(row: Row, after: Connector, facts: tuple[e.Fact, ...], scribe: _Scribe) -> None:
    moved = Row.objects.filter(pk=row.pk, version=row.version).update(
        facts=encoded(after), due_s=next_due_of(after), version=row.version + 1
    )
    if moved != 1:
        raise RowMovedError(f"Connector {row.pk} was changed by another writer at the same time; read again.")
    for fact in facts:
        scribe.write(fact)
    _tell_group(after, facts, scribe.moment)


class _Scribe:
    """Writes the rows and the journal entries that follow from facts, knowing the open session and transaction."""

    def __init__(self, row: Row, moment: Moment, who: str) -> None:
        self._row, self.moment, self._who = row, moment, who
        self.frame: Observation | None = None  # the last one among the events
        self.owes_meter_values = False
        self._session = ChargingSession.objects.filter(connector=row, closed_at__isnull=True).first()
        self._transaction = Transaction.objects.filter(connector=row, stopped_at__isnull=True).first()

    def write(self, fact: e.Fact) -> None:
        """Write the rows and the entry of one fact."""
        match fact:
            case e.SessionOpened():
                self._session = ChargingSession.objects.create(connector=self._row, opened_at=self.moment.at)
            case e.SessionClosed():
                ChargingSession.objects.filter(connector=self._row, closed_at__isnull=True).update(
                    closed_at=self.moment.at
                )
            case e.TransactionStarted():
                self._start(fact)
            case e.TransactionStopped():
                fact = self._stop(fact)
                self._measured(Context.END, fact.meter_stop_wh)
        journal.record_fact(
            fact,
            connector_number=self._row.pk,
            transaction_id=self._transaction.pk if self._transaction else None,
            who=self._who,
            moment=self.moment,
        )
        if isinstance(fact, e.TransactionStarted):
            self._measured(Context.BEGIN, fact.meter_start_wh)
        if isinstance(fact, e.TransactionStopped):
            self._transaction = None
        if isinstance(fact, e.FaultsChanged) and (tampering := TAMPERING & set(fact.raised)):
            about = f"Connector {self._row.pk}: {', '.join(sorted(tampering))}."
            security_event(SecurityEvent.TAMPER_DETECTION_ACTIVATED, about, moment=self.moment)

    def _measured(self, context: Context, register_wh: int | None) -> None:
        """The first and the last meter values of a transaction stand between its two entries, never outside."""
        if self.owes_meter_values and self._transaction and register_wh is not None:
            journal.record(
                KIND,
                connector_number=self._row.pk,
                transaction_id=self._transaction.pk,
                moment=self.moment,
                **sampled(context, self.frame, register_wh),
            )

    def _start(self, fact: e.TransactionStarted) -> None:
        self._transaction = Transaction.objects.create(
            session=self._session,
            connector=self._row,
            id_tag=fact.id_tag,
            parent_id_tag=fact.parent_id_tag,
            started_at=self.moment.at,
            started_mono_s=self.moment.mono_s,
            boot_id=self.moment.boot_id,
            clock_known=self.moment.clock_known,
            meter_start_wh=fact.meter_start_wh,
            reservation_id=fact.reservation_id,
        )
        Row.objects.filter(pk=self._row.pk).update(register_wh=fact.meter_start_wh)

    def _stop(self, fact: e.TransactionStopped) -> e.TransactionStopped:
        """Close the row; without a register of its own the last checkpoint is the fallback, flagged."""
        open_row = self._transaction
        if open_row is None:
            return fact
        register_wh = fact.meter_stop_wh
        if register_wh is None:
            register_wh = Row.objects.values_list("register_wh", flat=True).get(pk=self._row.pk)
        known = register_wh is not None and register_wh >= open_row.meter_start_wh
        stop_wh = register_wh if known and register_wh is not None else open_row.meter_start_wh
        open_row.stopped_at = max(self.moment.at, open_row.started_at)
        open_row.meter_stop_wh = stop_wh
        open_row.stop_reason = fact.reason
        open_row.flagged = fact.flagged or not known
        open_row.save(update_fields=["stopped_at", "meter_stop_wh", "stop_reason", "flagged"])
        Row.objects.filter(pk=self._row.pk).update(register_wh=stop_wh)
        return replace(fact, meter_stop_wh=stop_wh, flagged=open_row.flagged)


def _tell_group(after: Connector, facts: tuple[e.Fact, ...], moment: Moment) -> None:
    """Take or free the claim of the exclusion group, and tell the others of the group in the same commit."""
    claim = claim_of(after, facts, moment.mono_s)
    if claim is None:
        return
    group = after.capability.exclusion_group
    ExclusionClaim.objects.filter(group=group, connector_id=after.number).delete()
    if claim.holder:
        ExclusionClaim.objects.create(group=group, connector_id=claim.holder)  # unique: two starts cannot both commit
    for other in Row.objects.exclude(pk=after.number):
        if other.capability.get("exclusion_group") == group:
            happen(other.pk, [claim], moment=moment)


def checkpoint(registers: dict[int, int], *, moment: Moment, kernel_boot_id: str) -> None:
    """Keep the registers of running transactions, and that the station was alive now, in one commit."""
    with journal.one_commit():
        for number, register_wh in registers.items():
            Row.objects.filter(pk=number).update(register_wh=register_wh)
        Station.objects.filter(pk=1).update(
            seen_at=moment.at, seen_mono_s=moment.mono_s, boot_id=moment.boot_id, kernel_boot_id=kernel_boot_id
        )


def change_station(*, moment: Moment, who: str, kind: str, **columns: Any) -> None:
    """Change columns of the station's row and journal them, inside the caller's database transaction."""
    Station.objects.filter(pk=1).update(version=F("version") + 1, **columns)
    journal.record(kind, who=who, moment=moment, changed={name: str(value) for name, value in columns.items()})


def capability_columns(capability: Any) -> dict[str, Any]:
    """A Capability as the row keeps it."""
    return {each.name: getattr(capability, each.name) for each in fields(capability)}
