"""What may a payload hold? The JSON schemas of OCPP 1.6 and of its security extension, from the package `ocpp`."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft4Validator, validators
from jsonschema.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

# OCPP 1.6 section 4, whitepaper edition 3: what a charge point calls. DataTransfer goes both ways.
FROM_STATION: Final = frozenset(
    {
        *("Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification"),
        *("FirmwareStatusNotification", "Heartbeat", "LogStatusNotification", "MeterValues"),
        *("SecurityEventNotification", "SignCertificate", "SignedFirmwareStatusNotification"),
        *("StartTransaction", "StatusNotification", "StopTransaction"),
    }
)
MOST_FAULTS: Final = 3
LONGEST_SENTENCE: Final = 120


@cache
def _folder() -> Path:
    found = importlib.util.find_spec("ocpp")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("The package `ocpp` is missing; install requirements.txt.")
    return Path(found.submodule_search_locations[0]) / "v16" / "schemas"


@cache
def schema_of(name: str) -> dict[str, Any]:
    """The schema of `Reset` or `ResetResponse`."""
    schema: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text("utf-8-sig"))
    return schema


@cache
def actions() -> frozenset[str]:
    """Every action of both directions."""
    return frozenset(path.stem for path in _folder().glob("*.json") if not path.stem.endswith("Response"))


def commands() -> list[str]:
    """What a central system may call."""
    return sorted(actions() - FROM_STATION | {"DataTransfer"})


def faults_of(action: str, payload: dict[str, Any], *, is_answer: bool) -> list[str]:
    """What is wrong in a payload, one sentence each, three at most; empty when it follows the schema."""
    if action not in actions():
        return [f"OCPP 1.6 has no action {action[:60]!r}."]
    errors = _validator(f"{action}Response" if is_answer else action).iter_errors(payload)
    return [f"{error.json_path}: {_short(error.message)}" for error, _ in zip(errors, range(MOST_FAULTS), strict=False)]


def _short(sentence: str) -> str:
    return (
        sentence if len(sentence) <= LONGEST_SENTENCE else sentence[: LONGEST_SENTENCE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def _one_decimal(_: Any, step: float, value: Any, __: dict[str, Any]) -> Iterator[ValidationError]:
    """The only multiple in OCPP 1.6 is 0.1, which binary fractions miss (16.1 / 0.1)."""
    if isinstance(value, int | float) and abs(value / step - round(value / step)) > 1e-6:  # noqa: PLR2004 - rounding
        yield ValidationError(f"{value} is not a multiple of {step}")


_OneDecimal: Final = validators.extend(Draft4Validator, {"multipleOf": _one_decimal})  # type: ignore[no-untyped-call]


@cache
def _validator(name: str) -> Any:
    return _OneDecimal(schema_of(name))
