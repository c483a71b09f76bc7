"""What may a payload hold? The JSON schemas of the `ocpp` package, and what they leave out."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from .frames import with_floats
from .violations import Breach, Rule

# OCPP 1.6 section 4 and whitepaper edition 3: what a charge point may call. DataTransfer goes both ways.
FROM_STATION: Final = frozenset(
    {
        *("Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification"),
        *("FirmwareStatusNotification", "Heartbeat", "MeterValues", "StartTransaction", "StatusNotification"),
        *("StopTransaction", "LogStatusNotification", "SecurityEventNotification", "SignCertificate"),
        "SignedFirmwareStatusNotification",
    }
)
UTC_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", re.ASCII)
DECIMAL: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
PRINTABLE: Final = re.compile(r"[\x20-\x7e]+")
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_utc(value: object) -> bool:
    if not isinstance(value, str):
        return True  # the type is another rule
    datetime.fromisoformat(value.removesuffix("Z"))
    return UTC_TIME.fullmatch(value) is not None


@cache
def _folder() -> Path:
    """The schemas are read as files: nothing of the package itself runs here."""
    found = importlib.util.find_spec("ocpp")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "v16" / "schemas"


@cache
def known_actions() -> frozenset[str]:
    """Every action of OCPP 1.6 and of its security extension, in both directions."""
    return frozenset(path.stem for path in _folder().glob("*.json") if not path.stem.endswith("Response"))


@cache
def _validator(name: str) -> Draft4Validator:
    # Limits are multiples of 0.1, which only Decimal can tell (citrineos-core PR 959).
    schema = json.loads((_folder() / f"{name}.json").read_text("utf-8-sig"), parse_float=Decimal)
    return Draft4Validator(schema, format_checker=_FORMATS)


def check_from_station(action: str, payload: dict[str, Any], *, is_answer: bool) -> None:
    """Every rule for a payload of the station; Breach at the first that is broken."""
    for error in _validator(f"{action}Response" if is_answer else action).iter_errors(payload):
        raise _breach_of(action, error)
    for breach in _beyond_the_schema(payload):
        raise breach


def check_to_station(action: str, payload: dict[str, Any]) -> None:
    """Our own request; ValueError says what a test wrote wrong."""
    if action not in known_actions():
        raise ValueError(f"OCPP 1.6 has no {action}; call(..., checked=False) sends it all the same.")
    exact = json.loads(json.dumps(payload), parse_float=Decimal)
    for error in _validator(action).iter_errors(exact):
        raise ValueError(
            f"{action}: {error.json_path}: {error.message}; call(..., checked=False) sends it all the same."
        )


def _breach_of(action: str, error: ValidationError) -> Breach:
    rule = Rule.TIMESTAMP if error.validator == "format" else Rule.SCHEMA
    return Breach(rule, f"{action} {error.json_path}: {error.message[:300]}")


def _beyond_the_schema(payload: dict[str, Any]) -> Iterator[Breach]:
    id_tag = payload.get("idTag")
    if isinstance(id_tag, str) and not PRINTABLE.fullmatch(id_tag):
        yield Breach(Rule.ID_TAG, ascii(id_tag))
    for taken in [*payload.get("meterValue", ()), *payload.get("transactionData", ())]:
        for sample in taken.get("sampledValue", ()):
            if sample.get("format", "Raw") == "Raw" and not DECIMAL.fullmatch(sample["value"]):
                yield Breach(Rule.VALUE, str(with_floats(sample)))
