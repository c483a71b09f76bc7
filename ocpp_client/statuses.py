"""Which StatusNotification is due? A projection: what is true now against what the central system confirmed last.

OCPP 1.6 section 4.9. History is not replayed; every fault that came or went is told once, with the code that the
central system wants of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from charging import live, record, services
from charging.clock import Moment, now
from charging.domain.connector import Connector
from charging.domain.faults import FAULTS, blocks
from charging.domain.status import station_status_of, status_of
from charging.models import Station
from ocpp_client import configuration
from ocpp_client.due import Due, Failure
from ocpp_client.models import CentralSystem, SentStatus
from ocpp_client.timestamps import utc_text

log = logging.getLogger(__name__)

NO_ERROR: Final = "NoError"
MREC: Final = "ChargeX MREC"  # vendorId: whose codes vendorErrorCode are
OWN: Final = "EnergyStation"
READER: Final = "ReaderFailure"
RESET: Final = "ResetFailure"
OF_THE_STATION: Final = frozenset({READER, RESET})  # faults that no connector has, by their errorCode
EMERGENCY: Final = "EmergencyStop"
AGAIN_AFTER_S: Final = 10.0  # an answer that cannot be used is no reason to ask at full speed
INFO_LENGTH: Final = 50  # CiString50Type, OCPP 1.6 section 6.47


@dataclass(frozen=True, slots=True)
class Shown:
    """What a connector (0 = the station) is now."""

    status: str
    faults: tuple[str, ...] = ()


class Statuses:
    """What was seen since when: a status that lasts too short is not worth a message (MinimumStatusDuration)."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Shown, Moment]] = {}
        self._held_until_s = 0.0

    def due(self, moment: Moment) -> Due | None:
        """The next notification, the station first, then by connector."""
        if moment.mono_s < self._held_until_s:
            return None
        sent = {row.connector_number: row for row in SentStatus.objects.all()}
        least_s = configuration.integer("MinimumStatusDuration")
        for number, shown in shown_now():
            before = sent.get(number)
            since = self._since(number, shown, moment)
            if before and Shown(before.status, tuple(before.faults)) == shown:
                continue
            lasts_s = moment.mono_s - since.mono_s
            if before and tuple(before.faults) == shown.faults and lasts_s < least_s:
                continue
            return self._notification(number, shown, tuple(before.faults) if before else (), since)
        return None

    def now(self, number: int, moment: Moment) -> Due | None:
        """The notification of one connector as it is, whatever was told before; None where there is no such one."""
        shown = dict(shown_now()).get(number)
        if shown is None:
            return None
        return self._notification(number, shown, shown.faults, self._since(number, shown, moment))

    def _notification(self, number: int, shown: Shown, told: tuple[str, ...], since: Moment) -> Due:
        payload, after = _step(number, shown, told, since)
        told_now = partial(_told, number, shown.status, sorted(after))
        return Due(
            action="StatusNotification", payload=payload, confirmed=told_now, failed=partial(self._failed, told_now)
        )

    def _failed(self, told_now: Callable[[dict[str, Any]], None], failure: Failure) -> None:
        """What is refused once is refused again: the next change is told. What was not answered is told later."""
        if failure.answered:
            log.warning("The central system refused a StatusNotification: %s", failure.sentence)
            told_now({})
        else:
            self._held_until_s = now().mono_s + AGAIN_AFTER_S

    def _since(self, number: int, shown: Shown, moment: Moment) -> Moment:
        seen = self._seen.get(number)
        if seen is None or seen[0] != shown:
            self._seen[number] = (shown, moment)
        return self._seen[number][1]


def shown_now() -> Iterator[tuple[int, Shown]]:
    """Every connector as it is to be told, 0 first. Raises django.db.DatabaseError."""
    station = record.station_row()
    connectors = record.connectors(station)
    yield 0, _station(station, connectors)
    for connector in connectors:
        yield connector.number, Shown(status_of(connector).value, tuple(sorted(connector.faults)))


def _station(station: Station, connectors: list[Connector]) -> Shown:
    """Connector 0, with the faults that no connector has."""
    faults = [EMERGENCY] if station.emergency else []
    beats = live.heartbeats()
    if station.with_reader and "reader" in beats and not live.in_time(beats, "reader"):
        faults.append(READER)
    if services.reset_failed():
        faults.append(RESET)
    status = station_status_of(connectors, emergency=station.emergency, inoperative=bool(station.inoperative))
    return Shown(status.value, tuple(faults))


def _step(number: int, shown: Shown, told: tuple[str, ...], since: Moment) -> tuple[dict[str, Any], tuple[str, ...]]:
    """One step towards *shown* and the faults that are told with it: one that came, one that went, the bare status."""
    came = [name for name in _by_weight(shown.faults) if name not in told]
    went = [name for name in told if name not in shown.faults]
    if came:
        fault, told_beside, after = came[0], "", (*told, came[0])
    elif went:
        after = tuple(name for name in told if name != went[0])
        fault, told_beside = next(iter(_by_weight(after)), ""), f"{went[0]} has cleared"
    else:
        after, fault, told_beside = told, next(iter(_by_weight(told)), ""), ""
    payload: dict[str, Any] = {
        "connectorId": number,
        "errorCode": error_code_of(fault),
        "status": shown.status,
        "timestamp": utc_text(since.at),
    }
    if told_beside:
        payload["info"] = told_beside[:INFO_LENGTH]
    return payload | _vendor_code(fault), after


def _vendor_code(fault: str) -> dict[str, Any]:
    """The code of *fault* in the scheme of this central system, and whose it is; nothing where it has none.

    What no connector has (OF_THE_STATION) is said by its errorCode.
    """
    row = CentralSystem.objects.filter(pk=1).first()
    scheme = row.fault_codes if row else CentralSystem.FaultCodes.MREC
    if scheme == CentralSystem.FaultCodes.NONE or fault not in FAULTS:
        return {}
    vendor, code = (OWN, fault) if scheme == CentralSystem.FaultCodes.OWN else (MREC, FAULTS[fault].mrec)
    return {"vendorId": vendor, "vendorErrorCode": code} if code else {}


def error_code_of(fault: str) -> str:
    """ChargePointErrorCode, section 7.6. A name that the catalogue does not know is told as OtherError."""
    if not fault:
        return NO_ERROR
    if fault in OF_THE_STATION:
        return fault
    return FAULTS[fault].error_code if fault in FAULTS else "OtherError"


def _by_weight(faults: tuple[str, ...]) -> list[str]:
    """What forbids charging first."""
    return sorted(faults, key=lambda name: (not blocks(frozenset({name})), name))


def _told(number: int, status: str, faults: list[str], _answer: dict[str, Any]) -> None:
    SentStatus.objects.update_or_create(connector_number=number, defaults={"status": status, "faults": faults})


def forget(connector_number: int | None = None) -> None:
    """Tell the status again: of one connector, or of all, as after a new connection."""
    sent = SentStatus.objects.all()
    (sent if connector_number is None else sent.filter(connector_number=connector_number)).delete()
