"""What must be true whatever was killed: I1-I5, from the simulator's truth, the record and the accepted requests.

I1 every interval with a closed contactor belongs to exactly one transaction, and none is left open;
I2 meter values equal the true register, and what is recorded is what flowed;
I3 the journal of a connector is chronological;
I4 whatever was accepted is written down;
I5 no contactor stays closed without a heartbeat, and no power flows above the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from tests.journeys.energy import SLACK, Delivery, deliveries, energy_error_wh, moment_of
from tests.journeys.record import Record

Facts = dict[str, Any]
WATCHDOG_S: Final = 3.0
WATCHDOG_SLACK_S: Final = 0.3
OPENS_WITHIN: Final = timedelta(seconds=0.2)
ROUNDING_WH: Final = 1.0
METER_NOISE: Final = 1.01
WRITTEN_AS: Final = {"start": {"AuthorizationKept"}, "stop": {"StopWanted", "AuthorizationDropped"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A request that the station answered with yes, and between which moments."""

    action: str
    connector: int
    asked_at: datetime
    answered_at: datetime


def violations(
    record: Record, truth: Sequence[Facts], accepted: Iterable[Accepted], most_w: dict[int, int]
) -> list[str]:
    """Every broken rule as a sentence; none when all is well. *most_w*: what each connector may deliver at most."""
    found: list[str] = []
    for connector in sorted(most_w):
        transactions = record.transactions(connector)
        flows = deliveries(truth, connector)
        found += _one_transaction_each(transactions, flows)
        found += _energy_is_true(transactions, truth)
        found += _registers_rise(transactions)
        found += _in_order(record, connector)
        found += _told_once(record, transactions)
        found += _watched(truth, connector)
        found += _within_limit(truth, connector, most_w[connector])
    found += _written_down(record, accepted)
    if record.integrity() != "ok":
        found.append(f"I4: the database is damaged: {record.integrity()}.")
    return found


def _one_transaction_each(transactions: Sequence[Facts], flows: Sequence[Delivery]) -> list[str]:
    """I1."""
    found = [f"I1: transaction {row['id']} is still open." for row in transactions if not row["stopped_at"]]
    for flow in flows:
        owners = [row["id"] for row in transactions if _ran_at(row, flow.closed_at)]
        if len(owners) != 1:
            found.append(f"I1: the contactor closed at {flow.closed_at:%T.%f} for transactions {owners}.")
        if flow.opened_at is None:
            found.append(f"I1: the contactor closed at {flow.closed_at:%T.%f} has not opened.")
    return found


def _ran_at(row: Facts, at: datetime) -> bool:
    begin, end = moment_of(row["started_at"]), row["stopped_at"] and moment_of(row["stopped_at"])
    return begin - SLACK <= at and (not end or at <= end)


def _energy_is_true(transactions: Sequence[Facts], truth: Sequence[Facts]) -> list[str]:
    """I2: exact, or flagged and never too much."""
    found = []
    for row in transactions:
        if not row["stopped_at"]:
            continue
        error_wh = energy_error_wh(row, truth)
        if error_wh > ROUNDING_WH or (error_wh < -ROUNDING_WH and not row["flagged"]):
            found.append(f"I2: transaction {row['id']} is {error_wh:+.2f} Wh off: {row}.")
    return found


def _registers_rise(transactions: Sequence[Facts]) -> list[str]:
    """I2: registers and times never go back from one transaction to the next."""
    found = []
    for before, after in pairwise(transactions):
        if before["meter_stop_wh"] is None or after["meter_start_wh"] < before["meter_stop_wh"]:
            found.append(f"I2: transaction {after['id']} starts below the end of {before['id']}.")
        if before["stopped_at"] is None or after["started_at"] < before["stopped_at"]:
            found.append(f"I2: transaction {after['id']} begins before {before['id']} has ended.")
    return found


def _in_order(record: Record, connector: int) -> list[str]:
    """I3."""
    entries = record.journal(connector=connector)
    return [
        f"I3: journal entry {after['id']} ({after['kind']}) is older than {before['id']} ({before['kind']})."
        for before, after in pairwise(entries)
        if moment_of(after["at"]) + timedelta(seconds=0.5) < moment_of(before["at"])
    ]


def _told_once(record: Record, transactions: Sequence[Facts]) -> list[str]:
    """I1: one start and one stop in the outbox for each transaction."""
    found = []
    for row in transactions:
        for kind in ("TransactionStarted", "TransactionStopped"):
            count = sum(entry["transaction_id"] == row["id"] for entry in record.journal(kind))
            if count != 1 and (kind == "TransactionStarted" or row["stopped_at"]):
                found.append(f"I1: the journal has {kind} {count} times for transaction {row['id']}.")
    return found


def _written_down(record: Record, accepted: Iterable[Accepted]) -> list[str]:
    """I4."""
    found = []
    for one in accepted:
        entries = [
            entry
            for entry in record.journal(connector=one.connector)
            if entry["kind"] in WRITTEN_AS[one.action] and one.asked_at <= moment_of(entry["at"]) <= one.answered_at
        ]
        if not entries:
            found.append(f"I4: {one} was accepted and is not in the journal.")
    return found


def _watched(truth: Sequence[Facts], connector: int) -> list[str]:
    """I5: after W without a setpoint the board has opened its contactor."""
    ours = [fact for fact in truth if fact["connector_id"] == connector]
    found = []
    for fact in ours:
        if fact["kind"] == "heartbeat_gap" and fact["gap_s"] > WATCHDOG_S + WATCHDOG_SLACK_S:
            begin_s = fact["monotonic_s"] - fact["gap_s"]
            trips = [each for each in ours if each["kind"] == "watchdog" and begin_s <= each["monotonic_s"]]
            if not trips:
                found.append(f"I5: connector {connector} heard nothing for {fact['gap_s']} s and did not trip.")
        if fact["kind"] == "watchdog":
            found += _opened_after(ours, fact)
    return found


def _opened_after(ours: Sequence[Facts], trip: Facts) -> list[str]:
    closed = False
    for fact in ours:
        if fact["kind"] == "contactor":
            late = moment_of(fact["at"]) - moment_of(trip["at"]) > OPENS_WITHIN
            if fact["n"] > trip["n"]:
                return [f"I5: a contactor opened late after the trip {trip['n']}."] if closed and late else []
            closed = fact["closed"]
    return [f"I5: a contactor did not open after the trip {trip['n']}."] if closed else []


def _within_limit(truth: Sequence[Facts], connector: int, most_w: int) -> list[str]:
    """I5: the power that flowed, and the limit that the board was told."""
    found = []
    for fact in truth:
        if fact["connector_id"] != connector:
            continue
        if fact.get("power_w", 0) > most_w * METER_NOISE or fact.get("limit_w", 0) > most_w:
            found.append(f"I5: more than {most_w} W at connector {connector}: {fact}.")
    return found
