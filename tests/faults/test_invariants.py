"""The checker of the kill campaign must see what is wrong: an honest history passes, each spoiled one is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.faults import invariants
from tests.journeys.energy import deliveries

Facts = dict[str, Any]
BEGIN: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOST_W: Final = 22_080


def at(second: float) -> str:
    return (BEGIN + timedelta(seconds=second)).isoformat()


def fact(n: int, second: float, kind: str, register_wh: float, **details: Any) -> Facts:
    known = {"n": n, "at": at(second), "monotonic_s": second, "kind": kind, "connector_id": 1}
    return {**known, "register_wh": register_wh, **details}


def honest_truth() -> list[Facts]:
    return [
        fact(1, 1.0, "contactor", 1000.4, closed=True),
        fact(2, 2.0, "register", 1005.0, power_w=22_000.0),
        fact(3, 3.0, "contactor", 1010.6, closed=False),
    ]


def honest_transactions() -> list[Facts]:
    return [
        {
            "id": 1,
            "connector_id": 1,
            "started_at": at(0.9),
            "stopped_at": at(3.1),
            "meter_start_wh": 1000,
            "meter_stop_wh": 1010,
            "flagged": 0,
        }
    ]


def found_in(truth: list[Facts], transactions: list[Facts]) -> list[str]:
    flows = deliveries(truth, 1)
    return [
        *invariants._one_transaction_each(transactions, flows),
        *invariants._energy_is_true(transactions, truth),
        *invariants._registers_rise(transactions),
        *invariants._watched(truth, 1),
        *invariants._within_limit(truth, 1, MOST_W),
    ]


def spoiled(transactions: list[Facts], **changes: Any) -> None:
    transactions[0].update(changes)


SPOILED: Final[dict[str, tuple[str, Callable[[list[Facts], list[Facts]], None]]]] = {
    "two Wh too much": ("I2", lambda _truth, rows: spoiled(rows, meter_stop_wh=1012)),
    "too little and not flagged": ("I2", lambda _truth, rows: spoiled(rows, meter_stop_wh=1005)),
    "still open": ("I1", lambda _truth, rows: spoiled(rows, stopped_at=None)),
    "begun after the contactor closed": ("I1", lambda _truth, rows: spoiled(rows, started_at=at(2.0))),
    "a contactor without a transaction": ("I1", lambda _truth, rows: rows.clear()),
    "a contactor that never opened": ("I1", lambda truth, _rows: truth.__delitem__(2)),
    "above the limit": ("I5", lambda truth, _rows: truth[1].update(power_w=30_000.0)),
    "a trip that opened nothing": ("I5", lambda truth, _rows: truth.insert(2, fact(2, 2.5, "watchdog", 1007.0))),
    "a silence without a trip": (
        "I5",
        lambda truth, _rows: truth.insert(2, fact(2, 9.0, "heartbeat_gap", 1007.0, gap_s=7.0)),
    ),
    "the next one begins below": (
        "I2",
        lambda _truth, rows: rows.append({**rows[0], "id": 2, "started_at": at(5), "meter_start_wh": 900}),
    ),
}


def test_it_finds_nothing_in_an_honest_history() -> None:
    assert found_in(honest_truth(), honest_transactions()) == []


@pytest.mark.parametrize("name", SPOILED)
def test_it_names_what_was_spoiled(name: str) -> None:
    rule, spoil = SPOILED[name]
    truth, transactions = honest_truth(), honest_transactions()
    spoil(truth, transactions)
    found = found_in(truth, transactions)
    assert found
    assert {sentence.split(":")[0] for sentence in found} >= {rule}
