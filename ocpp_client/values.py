"""A journal entry's sample as OCPP 1.6 tells it: MeterValue, section 7.33, by the measurands that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from charging import journal
from charging.domain.measurands import PHASES, measurands_of
from charging.domain.phase_rotation import phases_of, rotations_of
from charging.domain.samples import Context
from charging.models import JournalEntry, Station, Transaction
from ocpp_client.due import Payload
from ocpp_client.timestamps import utc_text

REGISTER: Final = "Energy.Active.Import.Register"
AT_LEAST_THE_REGISTER: Final = frozenset({Context.BEGIN.value, Context.END.value, Context.TRIGGER.value})
Body = dict[str, Any]
Sampled = dict[str, str]


def meter_value_of(entry: JournalEntry, transaction: Transaction | None, station: Station) -> Payload | None:
    """The MeterValue of one MeterValuesTaken, or None when the keys ask for nothing of it.

    The register at the beginning and at the end of a transaction is always told (requirement OCP-9), and so is it
    when somebody asked for values now.
    """
    clock = entry.body["context"] == Context.CLOCK.value
    asked = station.meter_values_aligned_data if clock else station.meter_values_sampled_data
    if not asked and not clock and entry.body["context"] in AT_LEAST_THE_REGISTER:
        asked = REGISTER
    return _meter_value(entry, asked, _taken_at(entry, transaction), station)


def measured_in(row: Transaction, station: Station, *, before: int) -> list[Payload]:
    """As transactionData of StopTransaction (6.49): what StopTxnSampledData and StopTxnAlignedData ask for."""
    if not (station.stop_txn_sampled_data or station.stop_txn_aligned_data):
        return []
    told = []
    for entry in journal.taken(row.pk, row.connector_id, before=before):
        clock = entry.body["context"] == Context.CLOCK.value
        asked = station.stop_txn_aligned_data if clock else station.stop_txn_sampled_data
        if value := _meter_value(entry, asked, _taken_at(entry, row), station):
            told.append(value)
    return told


def _taken_at(entry: JournalEntry, transaction: Transaction | None) -> str:
    """A transaction's first values are those of its start, its last ones those of its stop: the same time to the ms."""
    at = entry.at
    if transaction is not None and entry.body["context"] == Context.BEGIN.value:
        at = transaction.started_at
    if transaction is not None and entry.body["context"] == Context.END.value:
        at = transaction.stopped_at or at
    return utc_text(at)


def _meter_value(entry: JournalEntry, asked: str, at: str, station: Station) -> Payload | None:
    wired = phases_of(rotations_of(station.connector_phase_rotation).get(entry.connector_number, ""))
    sampled = [
        {**each, "context": entry.body["context"]}
        for measurand, phase in measurands_of(asked)
        for each in (_at_meter(sample, wired) for sample in _SAMPLED[measurand](entry.body, measurand))
        if not phase or each.get("phase", "").startswith(phase)
    ]
    return {"timestamp": at, "sampledValue": sampled} if sampled else None


def _at_meter(sample: Sampled, wired: tuple[int, int, int]) -> Sampled:
    """The phase from the point of view of the connector's meter (section 4.7): ConnectorPhaseRotation."""
    if "phase" not in sample:
        return sample
    conductor, suffix = sample["phase"][: len(PHASES[0])], sample["phase"][len(PHASES[0]) :]
    return sample | {"phase": PHASES[wired[PHASES.index(conductor)]] + suffix}


# --- one measurand each ------------------------------------------------------------------------------


def _one(key: str, unit: str, location: str = "Outlet") -> Callable[[Body, str], Iterator[Sampled]]:
    def told(body: Body, measurand: str) -> Iterator[Sampled]:
        if body.get(key) is not None:
            yield {"value": f"{body[key]}", "measurand": measurand, "unit": unit, "location": location}

    return told


def _each_phase(key: str, unit: str, suffix: str = "") -> Callable[[Body, str], Iterator[Sampled]]:
    """One value a phase; one without a phase where there is only one, as with DC."""

    def told(body: Body, measurand: str) -> Iterator[Sampled]:
        values = body.get(key) or []
        for phase, value in zip(PHASES, values, strict=False):
            each = {"value": f"{value}", "measurand": measurand, "unit": unit, "location": "Outlet"}
            yield each | ({"phase": f"{phase}{suffix}"} if len(values) > 1 else {})

    return told


def _hottest(body: Body, measurand: str) -> Iterator[Sampled]:
    """Of all sensors of the connector."""
    known = [value for value in body.get("temperatures_c") or [] if value is not None]
    if known:
        yield {"value": f"{max(known)}", "measurand": measurand, "unit": "Celsius", "location": "Outlet"}


_SAMPLED: Final[dict[str, Callable[[Body, str], Iterator[Sampled]]]] = {
    REGISTER: _one("register_wh", "Wh"),
    "Power.Active.Import": _one("power_w", "W"),
    "Current.Import": _each_phase("currents_a", "A"),
    "Voltage": _each_phase("voltages_v", "V", "-N"),
    "SoC": _one("soc_percent", "Percent", "EV"),
    "Current.Offered": _one("offered_a", "A"),
    "Power.Offered": _one("offered_w", "W"),
    "Temperature": _hottest,
}
