"""Which transactions does the central system know? One entry for each physical session, however often it was told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from .frames import Frame
from .violations import Breach, Rule

ENERGY: Final = "Energy.Active.Import.Register"
Key = tuple[int, str, str, int]  # connectorId, idTag, timestamp, meterStart: reliability.md, I1


@dataclass(slots=True)
class Transaction:
    """One session. Registers in Wh, times aware UTC; `starts` and `stops` are all messages, repeats included."""

    transaction_id: int
    start: dict[str, Any]
    starts: list[Frame] = field(default_factory=list)
    meter_values: list[Frame] = field(default_factory=list)  # without repeats
    stops: list[Frame] = field(default_factory=list)
    register_wh: float = 0.0  # the highest that was told

    def copy(self) -> Transaction:
        """As it is now, for another thread."""
        return replace(self, starts=[*self.starts], meter_values=[*self.meter_values], stops=[*self.stops])

    @property
    def key(self) -> Key:
        """What makes it the same session."""
        return key_of(self.start)

    @property
    def connector_id(self) -> int:
        """Where."""
        return int(self.start["connectorId"])

    @property
    def id_tag(self) -> str:
        """Whose."""
        return str(self.start["idTag"])

    @property
    def started_at(self) -> datetime:
        """When the station says that it began."""
        return datetime.fromisoformat(self.start["timestamp"])

    @property
    def meter_start_wh(self) -> int:
        """The register at the start."""
        return int(self.start["meterStart"])

    @property
    def stop(self) -> dict[str, Any] | None:
        """The StopTransaction, or None while it runs."""
        return self.stops[0].payload if self.stops else None

    @property
    def reason(self) -> str | None:
        """Why it stopped: Local when the station did not say (OCPP 1.6, 6.49)."""
        return None if self.stop is None else str(self.stop.get("reason", "Local"))

    @property
    def energy_wh(self) -> int:
        """What is to be paid; 0 while it runs."""
        return 0 if self.stop is None else int(self.stop["meterStop"]) - self.meter_start_wh


@dataclass(frozen=True, slots=True)
class Ledger:
    """A snapshot."""

    transactions: tuple[Transaction, ...]

    @property
    def open(self) -> tuple[Transaction, ...]:
        """Those without a StopTransaction."""
        return tuple(one for one in self.transactions if one.stop is None)

    @property
    def energy_wh(self) -> int:
        """All that was told, each kilowatt-hour once."""
        return sum(one.energy_wh for one in self.transactions)

    @property
    def repeats(self) -> int:
        """Messages that told a start or a stop again (I6: never more than faults were injected)."""
        return sum(len(one.starts) - 1 + max(len(one.stops) - 1, 0) for one in self.transactions)

    def of(self, connector_id: int) -> tuple[Transaction, ...]:
        """Those of one connector, in the order of their arrival."""
        return tuple(one for one in self.transactions if one.connector_id == connector_id)


class Book:
    """Keeps the ledger. Every breach is raised after the message was taken, as a real central system takes it."""

    def __init__(self) -> None:
        self.next_id = 1001
        self._transactions: dict[Key, Transaction] = {}
        self._by_id: dict[int, Transaction] = {}
        self._last_told: dict[int, str] = {}  # connector -> time of its last transaction message
        self._told: dict[tuple[Any, ...], dict[str, Any]] = {}  # MeterValues by what identifies them

    def snapshot(self) -> Ledger:
        """What is known now."""
        return Ledger(tuple(one.copy() for one in self._transactions.values()))

    def take(self, frame: Frame) -> None:
        """Take one CALL of the station; those that are of no transaction change nothing."""
        match frame.action:
            case "StartTransaction":
                self._started(frame)
            case "MeterValues":
                self._metered(frame)
            case "StopTransaction":
                self._stopped(frame)

    def of_start(self, start: dict[str, Any]) -> Transaction:
        """The transaction that a StartTransaction told of; KeyError when it was not taken."""
        return self._transactions[key_of(start)]

    def renumber(self, transaction: Transaction, transaction_id: int) -> None:
        """The test gives an id of its own."""
        del self._by_id[transaction.transaction_id]
        transaction.transaction_id = transaction_id
        self._by_id[transaction_id] = transaction

    def _started(self, frame: Frame) -> None:
        known = self._transactions.get(key_of(frame.payload))
        if known is not None:
            known.starts.append(frame)
            _same(known.start, frame.payload)
            return
        first = Transaction(self.next_id, frame.payload, [frame], register_wh=frame.payload["meterStart"])
        self.next_id += 1
        self._transactions[first.key] = self._by_id[first.transaction_id] = first
        self._in_order(first.connector_id, frame.payload["timestamp"])

    def _metered(self, frame: Frame) -> None:
        payload, transaction_id = frame.payload, frame.payload.get("transactionId")
        key = (payload["connectorId"], transaction_id, *_identity_of(payload["meterValue"]))
        if key in self._told:
            _same(self._told[key], payload)
            return
        self._told[key] = payload
        if transaction_id is None:  # of no transaction, or of one whose id the station does not know yet
            return
        transaction = self._known(transaction_id)
        transaction.meter_values.append(frame)
        for taken in payload["meterValue"]:
            self._in_order(transaction.connector_id, taken["timestamp"])
            _grows(transaction, taken)

    def _stopped(self, frame: Frame) -> None:
        transaction = self._known(frame.payload["transactionId"])
        transaction.stops.append(frame)
        if len(transaction.stops) > 1:
            _same(transaction.stops[0].payload, frame.payload)
            return
        self._in_order(transaction.connector_id, frame.payload["timestamp"])
        for taken in frame.payload.get("transactionData", ()):
            _no_more_than(transaction, taken, frame.payload["meterStop"])
        _reaches(transaction, frame.payload["meterStop"])

    def _known(self, transaction_id: int) -> Transaction:
        if transaction_id not in self._by_id:
            raise Breach(Rule.UNKNOWN_TRANSACTION, f"transactionId {transaction_id} was never given")
        return self._by_id[transaction_id]

    def _in_order(self, connector_id: int, timestamp: str) -> None:
        last = self._last_told.get(connector_id, "")
        if last and datetime.fromisoformat(timestamp) < datetime.fromisoformat(last):
            raise Breach(Rule.OUT_OF_ORDER, f"connector {connector_id}: {timestamp} after {last}")
        self._last_told[connector_id] = timestamp


def key_of(start: dict[str, Any]) -> Key:
    """What makes two StartTransactions the same session."""
    return (start["connectorId"], start["idTag"].casefold(), start["timestamp"], start["meterStart"])


def registers_in(taken: dict[str, Any]) -> list[float]:
    """The lifetime registers of the whole connector in one meter value, in Wh."""
    return [
        float(sample["value"]) * (1000 if sample.get("unit") == "kWh" else 1)
        for sample in taken["sampledValue"]
        if sample.get("measurand", ENERGY) == ENERGY
        and "phase" not in sample
        and sample.get("format", "Raw") == "Raw"
        and sample.get("location", "Outlet") == "Outlet"
    ]


def _same(first: dict[str, Any], again: dict[str, Any]) -> None:
    if first != again:
        raise Breach(Rule.REPEAT_DIFFERS, f"first {first}, then {again}")


def _identity_of(meter_value: list[dict[str, Any]]) -> tuple[Any, ...]:
    """A clock-aligned and a periodic value of the same second are two values."""
    return tuple(
        (taken["timestamp"], frozenset(sample.get("context", "") for sample in taken["sampledValue"]))
        for taken in meter_value
    )


def _grows(transaction: Transaction, taken: dict[str, Any]) -> None:
    for register_wh in registers_in(taken):
        _reaches(transaction, register_wh)


def _reaches(transaction: Transaction, register_wh: float) -> None:
    # MeterValues may tell fractions of a watt-hour, meterStop cannot.
    if register_wh <= transaction.register_wh - 1:
        seen = f"transaction {transaction.transaction_id}: {register_wh} Wh after {transaction.register_wh} Wh"
        raise Breach(Rule.METER_BACKWARDS, seen)
    transaction.register_wh = register_wh


def _no_more_than(transaction: Transaction, taken: dict[str, Any], meter_stop_wh: int) -> None:
    for register_wh in registers_in(taken):
        if not transaction.meter_start_wh <= register_wh < meter_stop_wh + 1:
            seen = f"transaction {transaction.transaction_id}: {register_wh} Wh in the transaction data"
            raise Breach(Rule.METER_BACKWARDS, seen)
