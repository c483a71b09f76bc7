"""Writes the tables of docs/ocpp.md: what the station answers, sends and can be set to, as the code has it.

Write them anew with `python -m tests.ocpp_client`; a test compares. What people wrote stays: which test shows it, and
what is missing where the code has only a part of it ("in part: ...").
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ocpp.v16.enums import ConfigurationKey

from charging.domain.security import SecurityEvent
from charging.models import Station
from charging.models.central_rules import LEAST_INTERVAL_S, off_or_a_while
from ocpp_client.configuration import KEYS
from ocpp_client.incoming.answering import ANSWERS
from ocpp_client.keys import Key, Kind
from ocpp_client.schemas import REQUESTS_OF_CENTRAL_SYSTEM, REQUESTS_OF_STATION
from tests.ocpp_client.conformance.listed import CASES, NOT_APPLICABLE
from tests.ocpp_client.conformance.marked import shown
from tests.ocpp_client.security_raised import NEVER, RAISED

Known = dict[str, list[str]]
ROOT: Final = Path(__file__).resolve().parents[2]
TARGET: Final = ROOT / "docs" / "ocpp.md"
DONE: Final = "done"
NOT_YET: Final = "not yet"
NO_PROOF: Final = "no test of its own yet"
PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "Core": (
        *("Authorize", "BootNotification", "ChangeAvailability", "ChangeConfiguration", "ClearCache", "DataTransfer"),
        *("GetConfiguration", "Heartbeat", "MeterValues", "RemoteStartTransaction", "RemoteStopTransaction", "Reset"),
        *("StartTransaction", "StatusNotification", "StopTransaction", "UnlockConnector"),
    ),
    "Firmware Management": (
        *("DiagnosticsStatusNotification", "FirmwareStatusNotification", "GetDiagnostics", "UpdateFirmware"),
    ),
    "Local Auth List Management": ("GetLocalListVersion", "SendLocalList"),
    "Reservation": ("CancelReservation", "ReserveNow"),
    "Smart Charging": ("ClearChargingProfile", "GetCompositeSchedule", "SetChargingProfile"),
    "Remote Trigger": ("TriggerMessage",),
}
SECURITY: Final = "Security whitepaper, edition 3"
# Of the application note about plug and charge, which is not OCPP 1.6.
NOT_OF_1_6: Final = {"CentralContractValidationAllowed", "ContractValidationOffline", "ISO15118PnCEnabled"}
ADDED_BY_THE_ERRATA: Final = {"SupportedFileTransferProtocols"}


def written(text: str) -> str:
    """*text* with each of its tables as the code has it now."""
    for name, rows in _TABLES.items():
        begin, end = f"<!-- table: {name} -->\n", "<!-- end -->"
        before, found, rest = text.partition(begin)
        old, closed, after = rest.partition(end)
        assert found, f"docs/ocpp.md has no place for the table {name}"
        assert closed, f"The table {name} of docs/ocpp.md has no end"
        text = before + begin + "".join(f"| {' | '.join(row)} |\n" for row in rows(_known(old))) + end + after
    return text


def actions_sent() -> set[str]:
    """The actions that stand in the modules whose messages leave by themselves."""
    folders = [ROOT / "ocpp_client", *(ROOT / "ocpp_client" / name for name in ("firmware", "uploads"))]
    modules = [path for folder in folders for path in folder.glob("*.py") if path.name != "schemas.py"]
    nodes = (node for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and node.value in REQUESTS_OF_STATION}


def standard_keys() -> set[str]:
    """Every configuration key of OCPP 1.6, its errata and the security whitepaper."""
    return {key.value for key in ConfigurationKey} - NOT_OF_1_6 | ADDED_BY_THE_ERRATA


def _known(table: str) -> Known:
    """The cells of every row by its first one."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {row[0]: row for row in rows if row}


def _head(*cells: str) -> Iterator[list[str]]:
    yield list(cells)
    yield ["---"] * len(cells)


def _asked(known: Known) -> Iterator[list[str]]:
    yield from _head("message", "profile", "state", "shown by")
    for name in sorted(REQUESTS_OF_CENTRAL_SYSTEM):
        yield _message(name, name in ANSWERS, known)


def _sent(known: Known) -> Iterator[list[str]]:
    yield from _head("message", "profile", "state", "shown by")
    for name in sorted(REQUESTS_OF_STATION):
        yield _message(name, name in actions_sent(), known)


def _keys(known: Known) -> Iterator[list[str]]:
    yield from _head("key", "section", "values", "access", "default", "what it does", "shown by")
    for key in sorted(KEYS.values(), key=lambda key: key.name):
        yield _key(key, known)


def _missing_keys(_known: Known) -> Iterator[list[str]]:
    yield from _head("key", "state")
    for name in sorted(standard_keys() - {key.name for key in KEYS.values()}):
        yield [name, NOT_YET]


def _cases(_known: Known) -> Iterator[list[str]]:
    yield from _head("case", "title", "state", "shown by")
    tests = shown()
    for ident, title in CASES.items():
        state = DONE if ident in tests else NOT_APPLICABLE.get(ident, NOT_YET)
        yield [ident, title, state, " ".join(f"`{test}`" for test in tests.get(ident, []))]


def _security_events(_known: Known) -> Iterator[list[str]]:
    yield from _head("event", "critical", "pushed", "raised when", "shown by")
    for event in SecurityEvent:
        critical, pushed = ("yes" if each else "no" for each in (event.critical, event.pushed))
        if raised := RAISED.get(event):
            yield [event.value, critical, pushed, raised.when, f"`{raised.test}`"]
        else:
            yield [event.value, critical, "no", f"never: {NEVER[event]}", ""]


def _message(name: str, there: bool, known: Known) -> list[str]:
    profile = next((profile for profile, names in PROFILES.items() if name in names), SECURITY)
    *_rest, state, proof = known.get(name, ["", ""])
    if not there:
        return [name, profile, NOT_YET, ""]
    return [name, profile, state if state.startswith("in part: ") else DONE, proof or NO_PROOF]


def _key(key: Key, known: Known) -> list[str]:
    proof = known.get(key.name, [""])[-1]
    access = _access(key)
    return [key.name, key.section, _values(key), access, _default(key), key.effect, proof or NO_PROOF]


def _access(key: Key) -> str:
    if key.order:
        return "write" if key.secret else "read, write"
    return "read" if not key.settable else "read; station.json" if key.preset else "read, write"


def _values(key: Key) -> str:
    if key.kind is Kind.BOOLEAN:
        return "true, false"
    if key.kind in (Kind.LIST, Kind.TEXT) or not key.settable:
        return str(key.kind)
    pauses = key.column and off_or_a_while in _field(key).validators
    return f"0, {LEAST_INTERVAL_S} to {key.most}" if pauses else f"{key.least} to {key.most}"


def _default(key: Key) -> str:
    if not key.settable:
        return "computed"
    value = _field(key).get_default() if key.column else key.default
    return (str(value).lower() if isinstance(value, bool) else str(value)).replace(",", ", ")


def _field(key: Key) -> Any:
    return Station._meta.get_field(key.column)


_TABLES: Final[dict[str, Callable[[Known], Iterator[list[str]]]]] = {
    "asked": _asked,
    "sent": _sent,
    "keys": _keys,
    "missing keys": _missing_keys,
    "security events": _security_events,
    "cases": _cases,
}


def proofs(text: str) -> list[str]:
    """Every test that the document names."""
    return re.findall(r"`(tests/[^`]+)`", text)
