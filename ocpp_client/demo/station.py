"""What is known of one station? Only what it has told since this program runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from .exchange import Exchanges

MOST_CONNECTORS: Final = 128
MOST_TRANSACTIONS: Final = 50
ENERGY: Final = "Energy.Active.Import.Register"
SHOWN: Final = {"Power.Active.Import": "power_w", "Current.Import": "current_a", "SoC": "soc_percent"}


@dataclass(slots=True)
class Connector:
    """The last StatusNotification and the last readings. Units in the names."""

    status: str = ""
    error_code: str = ""
    note: str = ""
    at: str = ""
    readings: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Transaction:
    """From StartTransaction to StopTransaction; registers in Wh."""

    connector_id: int
    id_tag: str
    started_at: str
    meter_start_wh: float
    register_wh: float
    stopped_at: str = ""
    reason: str = ""
    key: tuple[Any, ...] = ()


class Station:
    """Everything for the page. A charge point that tells a start again gets the transaction that it had."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.is_connected = False
        self.since: datetime | None = None
        self.boot: dict[str, Any] = {}
        self.registration = ""
        self.connectors: dict[int, Connector] = {}
        self.transactions: dict[int, Transaction] = {}
        self.exchanges = Exchanges()

    def connected(self, *, is_connected: bool) -> None:
        """A WebSocket opened or closed."""
        self.is_connected = is_connected
        self.since = datetime.now(UTC)

    def take(self, action: str, payload: dict[str, Any], next_id: int) -> int:
        """Note a valid CALL; the id of the transaction that it starts (`next_id` unless it is told again), else 0."""
        match action:
            case "BootNotification":
                self.boot = payload
            case "StatusNotification":
                self._status(payload)
            case "MeterValues":
                self._meter(payload)
            case "StartTransaction":
                return self._start(payload, next_id)
            case "StopTransaction":
                self._stop(payload)
        return 0

    def as_shown(self) -> dict[str, Any]:
        """For the page."""
        return {
            "identity": self.identity,
            "connected": self.is_connected,
            "since": self.since.isoformat() if self.since else None,
            "boot": self.boot,
            "registration": self.registration,
            "connectors": [
                {"id": number, "status": one.status, "error": one.error_code, "note": one.note, "at": one.at}
                | {"readings": one.readings, "transaction": self._running_at(number)}
                for number, one in sorted(self.connectors.items())
            ],
            "transactions": [
                {"id": number, "connector": one.connector_id, "id_tag": one.id_tag, "started_at": one.started_at}
                | {"stopped_at": one.stopped_at, "reason": one.reason}
                | {"energy_wh": max(one.register_wh - one.meter_start_wh, 0)}
                for number, one in reversed(self.transactions.items())
            ],
        }

    def _status(self, payload: dict[str, Any]) -> None:
        connector = self._connector(payload["connectorId"])
        if connector is None:
            return
        connector.status, connector.error_code = payload["status"], payload["errorCode"]
        notes = [payload.get(name, "") for name in ("vendorErrorCode", "info")]
        connector.note = " ".join(note for note in notes if note)
        connector.at = payload.get("timestamp") or datetime.now(UTC).isoformat()
        if connector.status not in {"Charging", "SuspendedEV", "SuspendedEVSE"}:
            connector.readings.clear()  # a stale power is worse than none

    def _meter(self, payload: dict[str, Any]) -> None:
        connector = self._connector(payload["connectorId"])
        transaction = self._running(payload)
        for sample in payload["meterValue"][-1]["sampledValue"] if payload["meterValue"] else ():
            value = _number(sample)
            measurand = sample.get("measurand", ENERGY)
            if value is None or "phase" in sample:
                continue
            if measurand == ENERGY and transaction:
                transaction.meter_start_wh = transaction.meter_start_wh or value
                transaction.register_wh = max(transaction.register_wh, value)
            elif measurand in SHOWN and connector:
                connector.readings[SHOWN[measurand]] = value

    def _start(self, payload: dict[str, Any], next_id: int) -> int:
        key = tuple(payload[name] for name in ("connectorId", "idTag", "timestamp", "meterStart"))
        for number, known in self.transactions.items():
            if known.key == key:
                return number
        start_wh = payload["meterStart"]
        started = Transaction(payload["connectorId"], payload["idTag"], payload["timestamp"], start_wh, start_wh)
        started.key = key
        self._keep(next_id, started)
        return next_id

    def _running(self, payload: dict[str, Any]) -> Transaction | None:
        """The running transaction of MeterValues; one that began before this program did is taken up."""
        number = payload.get("transactionId")
        if number is not None and number not in self.transactions:
            self._keep(number, Transaction(payload["connectorId"], "", "", 0, 0))
        known = self.transactions.get(number or 0)
        return known if known and not known.stopped_at else None

    def _keep(self, number: int, transaction: Transaction) -> None:
        self.transactions[number] = transaction
        while len(self.transactions) > MOST_TRANSACTIONS:
            del self.transactions[next(iter(self.transactions))]

    def _stop(self, payload: dict[str, Any]) -> None:
        transaction = self.transactions.get(payload["transactionId"])
        if transaction:
            transaction.stopped_at = payload["timestamp"]
            transaction.reason = payload.get("reason", "Local")
            transaction.register_wh = payload["meterStop"]

    def _connector(self, number: int) -> Connector | None:
        """The connector, made known when there is room."""
        if number not in self.connectors and len(self.connectors) >= MOST_CONNECTORS:
            return None
        return self.connectors.setdefault(number, Connector())

    def _running_at(self, connector_id: int) -> int | None:
        running = (n for n, one in self.transactions.items() if one.connector_id == connector_id and not one.stopped_at)
        return max(running, default=None)


def _number(sample: dict[str, Any]) -> float | None:
    """The value in W, Wh, A or percent; None when it is signed or no number."""
    try:
        value = float(sample["value"])
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return value * 1000 if sample.get("unit") in {"kW", "kWh"} else value
