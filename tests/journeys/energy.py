"""What the truth log of the simulator says about transactions: intervals with a closed contactor, and their energy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Facts = dict[str, Any]
# A contactor closes after the start was committed; the simulator reckons its times from the other clock.
SLACK: Final = timedelta(seconds=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One interval with a closed contactor. Registers are true lifetime Wh, times aware UTC."""

    connector: int
    closed_at: datetime
    opened_at: datetime | None  # None: still closed
    register_closed_wh: float
    register_opened_wh: float
    cut: bool = False  # ended by the power cut of the simulator itself

    @property
    def energy_wh(self) -> float:
        """What flowed."""
        return self.register_opened_wh - self.register_closed_wh


def moment_of(text: str) -> datetime:
    """An aware time from the truth log or from the database."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def deliveries(truth: Iterable[Facts], connector: int) -> list[Delivery]:
    """Every interval with a closed contactor, oldest first.

    A simulator that comes back after a power cut plugs its car in anew: that ends an interval that was cut.
    """
    found: list[Delivery] = []
    begun: Facts | None = None
    last: Facts | None = None
    for fact in truth:
        if fact["connector_id"] != connector:
            continue
        closes = fact["kind"] == "contactor" and fact["closed"]
        opens = fact["kind"] == "contactor" and not fact["closed"]
        came_back = fact["kind"] == "plug" and fact["plugged"]
        if begun is not None and (opens or came_back or closes):
            found.append(_delivery(connector, begun, fact, cut=not opens))
            begun = None
        if closes:
            begun = fact
        last = fact
    if begun is not None and last is not None:
        found.append(_delivery(connector, begun, last, cut=False, open_end=True))
    return found


def _delivery(connector: int, begun: Facts, ended: Facts, *, cut: bool, open_end: bool = False) -> Delivery:
    return Delivery(
        connector=connector,
        closed_at=moment_of(begun["at"]),
        opened_at=None if open_end else moment_of(ended["at"]),
        register_closed_wh=begun["register_wh"],
        register_opened_wh=ended["register_wh"],
        cut=cut,
    )


def delivered_in(transaction: Facts, found: Sequence[Delivery]) -> list[Delivery]:
    """The intervals of *found* that began while *transaction* ran."""
    begin = moment_of(transaction["started_at"]) - SLACK
    end = moment_of(transaction["stopped_at"]) if transaction["stopped_at"] else datetime.max.replace(tzinfo=UTC)
    return [each for each in found if begin <= each.closed_at <= end]


def energy_error_wh(transaction: Facts, truth: Sequence[Facts]) -> float:
    """Recorded minus true energy of a stopped transaction. Both registers are whole Wh, so 1 Wh is exact."""
    true_wh = sum(each.energy_wh for each in delivered_in(transaction, deliveries(truth, transaction["connector_id"])))
    recorded_wh = transaction["meter_stop_wh"] - transaction["meter_start_wh"]
    return float(recorded_wh - true_wh)
