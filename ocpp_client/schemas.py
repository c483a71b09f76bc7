"""Payloads against the JSON schemas of OCPP 1.6 and of the security whitepaper, edition 3. Pure.

Rule 1: only names in the two tables below reach the schema files of `ocpp`: it opens any name it is given.
Rule 2: a request of the central system is read strictly, because an error tells its writer what to mend
        (OCPP-J 1.6, 4.2.3; errata 3.2: no extra fields); only limits of more than one decimal are rounded down.
Rule 3: an answer to the station is read leniently: unknown fields and unusable optional ones are left out, and
        what a careless central system may spoil without harm has a substitute here.
Rule 4: what the station sends is checked to the letter.

Where OCPP-J 1.6, table 7 can be read in two ways: a missing field violates an occurence constraint, and a value of
the right type that the field cannot hold (too long, not listed, no time) violates a property constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from enum import IntEnum
from functools import cache
from itertools import islice
from typing import Any, Final

from jsonschema import Draft4Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from ocpp.messages import get_validator

from .errors import ErrorCode, Invalid
from .frames import Payload, shown

REQUESTS_OF_CENTRAL_SYSTEM: Final = frozenset(
    {
        # Core
        *("ChangeAvailability", "ChangeConfiguration", "ClearCache", "DataTransfer", "GetConfiguration"),
        *("RemoteStartTransaction", "RemoteStopTransaction", "Reset", "UnlockConnector"),
        # Firmware management, local list, reservation, smart charging, remote trigger
        *("GetDiagnostics", "UpdateFirmware", "GetLocalListVersion", "SendLocalList"),
        *("CancelReservation", "ReserveNow"),
        *("ClearChargingProfile", "GetCompositeSchedule", "SetChargingProfile", "TriggerMessage"),
        # Security whitepaper, edition 3
        *("CertificateSigned", "DeleteCertificate", "ExtendedTriggerMessage", "GetInstalledCertificateIds"),
        *("GetLog", "InstallCertificate", "SignedUpdateFirmware"),
    }
)
REQUESTS_OF_STATION: Final = frozenset(
    {
        *("Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification"),
        *("FirmwareStatusNotification", "Heartbeat", "MeterValues", "StartTransaction"),
        *("StatusNotification", "StopTransaction"),
        # Security whitepaper, edition 3
        *("LogStatusNotification", "SecurityEventNotification", "SignCertificate", "SignedFirmwareStatusNotification"),
    }
)
MAX_ITEMS: Final = 1_000  # of one list: checking more would keep the link busy for too long

_CODES: Final = {
    "additionalProperties": ErrorCode.FORMATION_VIOLATION,
    "required": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "minItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "enum": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "maxLength": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "format": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "multipleOf": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
}
_RANKS: Final = {keyword: rank for rank, keyword in enumerate(_CODES)}
_LIMITS: Final = {"limit", "minChargingRate"}
# CiString types of OCPP 1.6 (section 7.13): printable ASCII. ChangeConfiguration.value is left to its key.
_CI_STRINGS: Final = {"idTag", "parentIdTag", "key", "vendorId", "messageId"}
# Section 5.17 of OCPP 1.6: a message that is unknown gets an answer, NotImplemented; any other value that is not
# listed is refused.
_TRIGGERS: Final = {"ExtendedTriggerMessage", "TriggerMessage"}
_ABSENT: Final = object()
# Instead of what a central system left out or spoilt. Without the time the station keeps its own; interval 0 lets
# it choose one (OCPP 1.6, 6.2); an authorization that cannot be read is none, but its transaction id is kept.
_SUBSTITUTES: Final[dict[tuple[str, str], Any]] = {
    ("BootNotification", "currentTime"): _ABSENT,
    ("BootNotification", "interval"): 0,
    ("Heartbeat", "currentTime"): _ABSENT,
    ("StartTransaction", "idTagInfo"): {"status": "Invalid"},
}


class Kind(IntEnum):
    """Which of the two payloads of an action; the numbers are the message types of OCPP-J."""

    REQUEST = 2
    CONFIRMATION = 3


def time_of(text: str) -> datetime:
    """Return the UTC time that ISO 8601 *text* names; without an offset it is UTC (OCPP 1.6, 3.14).

    Raises ValueError.
    """
    if "T" not in text:
        raise ValueError(f"{text!r} is no time of day")
    at = datetime.fromisoformat(text)
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is beyond the calendar") from None


def check_request(action: str, payload: Payload) -> Payload:
    """Return the central system's *payload*, valid and with limits of one decimal. Raises Invalid."""
    if action not in REQUESTS_OF_CENTRAL_SYSTEM:
        if action in REQUESTS_OF_STATION:
            raise Invalid(ErrorCode.NOT_SUPPORTED, f"{action} is not for charge points to receive")
        raise Invalid(ErrorCode.NOT_IMPLEMENTED, "The action is not known in OCPP 1.6")
    _check_sizes(payload)
    valid: Payload = _rounded(payload)
    _check(_validator(action, Kind.REQUEST, _any_time), valid | _listed(action, valid))
    _check_ci_strings(valid)
    return valid


def _listed(action: str, payload: Payload) -> Payload:
    """What is checked in the place of a message that may be unknown."""
    named = action in _TRIGGERS and isinstance(payload.get("requestedMessage"), str)
    return {"requestedMessage": "Heartbeat"} if named else {}


def check_confirmation(action: str, payload: Payload) -> Payload:
    """Return what the station can use of the answer to its *action*. Raises Invalid when it lacks what is needed."""
    schema = _validator(action, Kind.CONFIRMATION, _any_time).schema
    usable = {name: value for (of, name), value in _SUBSTITUTES.items() if of == action and value is not _ABSENT}
    expendable = {name for of, name in _SUBSTITUTES if of == action}
    return {**usable, **_usable(schema, schema, payload, expendable)}


def check_own(action: str, payload: Payload, kind: Kind) -> None:
    """Raise Invalid when a payload of the station breaks its schema, or holds a time that is not UTC with a Z."""
    known = REQUESTS_OF_STATION if kind is Kind.REQUEST else REQUESTS_OF_CENTRAL_SYSTEM
    if action not in known:
        raise Invalid(ErrorCode.NOT_IMPLEMENTED, f"{shown(action)} is not for this station to send")
    _check(_validator(action, kind, _zulu_time), payload)
    _check_ci_strings(payload)


def _any_time(value: object) -> bool:
    return not isinstance(value, str) or bool(time_of(value))


def _zulu_time(value: object) -> bool:
    return _any_time(value) and str(value).endswith("Z")


def _one_decimal(_validator: Any, _step: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
    # All steps of OCPP 1.6 are 0.1. The library divides: 16.6 is no multiple of 0.1 to it.
    if isinstance(value, float) and round(value, 1) != value:
        yield ValidationError("has more than one decimal")


_Validator: Final = extend(Draft4Validator, {"multipleOf": _one_decimal})  # type: ignore[no-untyped-call]


@cache
def _times(is_time: Callable[[object], bool]) -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(is_time)
    return checker


@cache
def _validator(action: str, kind: Kind, is_time: Callable[[object], bool]) -> Any:
    return _Validator(get_validator(kind, action, "1.6").schema, format_checker=_times(is_time))


def _check(validator: Any, payload: Any, at: tuple[str, ...] = ()) -> None:
    # A long list may hold thousands of the same mistake.
    first = list(islice(validator.iter_errors(payload), 20))
    if first:
        worst = min(first, key=lambda error: _RANKS[error.validator])
        raise Invalid(_CODES[worst.validator], _sentence(worst, at))


def _sentence(error: Any, at: tuple[str, ...]) -> str:
    path = ".".join((*at, *(name for name in error.absolute_path if isinstance(name, str))))
    where, wanted = path or "The payload", error.validator_value
    match error.validator:
        case "additionalProperties":
            extra = min(set(error.instance) - set(error.schema["properties"]))
            return f"{path + '.' if path else ''}{shown(extra)} is not a field of this message"
        case "required":
            missing = next(name for name in wanted if name not in error.instance)
            return f"{path + '.' if path else ''}{missing} is missing"
        case "maxLength":
            return f"{where} is longer than {wanted} characters"
        case "type":
            return f"{where} is not of the type {wanted}"
        case "minItems":
            return f"{where} is empty"
        case "enum":
            return f"{where} is none of the values that it can have"
        case "format":
            return f"{where} is not a time as ISO 8601 writes it"
    return f"{where} has more than one decimal"


def _check_sizes(value: Any) -> None:
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        raise Invalid(ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION, f"A list has more than {MAX_ITEMS} entries")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_sizes(item)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _one_decimal_of(item) if name in _LIMITS else _rounded(item) for name, item in value.items()}


def _one_decimal_of(limit: Any) -> Any:
    """The next lower limit of one decimal: never more than was asked for."""
    if not isinstance(limit, float) or round(limit, 1) == limit:
        return limit
    return float(Decimal(repr(limit)).quantize(Decimal("0.1"), ROUND_FLOOR))


def _check_ci_strings(value: Any, name: str = "") -> None:
    if isinstance(value, str) and name in _CI_STRINGS and not (value.isascii() and value.isprintable()):
        raise Invalid(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"{name} holds a character beyond printable ASCII")
    if isinstance(value, dict):
        for field, item in value.items():
            _check_ci_strings(item, field)
    elif isinstance(value, list):
        for item in value:
            _check_ci_strings(item, name)


def _usable(schema: Any, root: Any, value: Any, expendable: set[str], at: tuple[str, ...] = ()) -> Any:
    """The part of *value* that *schema* knows. Raises Invalid when a needed field cannot be used."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    if schema["type"] != "object" or not isinstance(value, dict):
        _check(_Validator(schema, format_checker=_times(_any_time)), value, at)
        return value
    usable = {}
    needed = set(schema.get("required", ())) - expendable
    for name, field in schema.get("properties", {}).items():
        try:
            if name in value:
                usable[name] = _usable(field, root, value[name], set(), (*at, name))
        except Invalid:
            if name in needed:
                raise
    for name in sorted(needed - usable.keys()):
        raise Invalid(ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION, f"{'.'.join((*at, name))} is missing")
    return usable
