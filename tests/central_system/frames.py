"""How is a message of the station read? Strictly: whatever is not exactly OCPP-J 1.6 is a breach."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from .violations import ERROR_CODES, Breach, Rule

LONGEST_ID: Final = 36
LONGEST_DESCRIPTION: Final = 255
UNREADABLE_ID: Final = "-1"  # what a CALLERROR carries when the id could not be read


class Kind(StrEnum):
    """What a frame is."""

    CALL = "CALL"
    RESULT = "CALLRESULT"
    ERROR = "CALLERROR"
    UNREADABLE = "UNREADABLE"


class Direction(StrEnum):
    """Whose frame it is."""

    FROM_STATION = "<-"
    TO_STATION = "->"


@dataclass(frozen=True, slots=True)
class Frame:
    """One recorded frame. `at_s` is monotonic, `at` UTC; `link` counts the WebSockets of this central system from 1.

    `action` of an answer is that of the CALL it answers. `lost` frames arrived and were dropped by a script.
    """

    number: int
    at_s: float
    at: datetime
    link: int
    direction: Direction
    kind: Kind
    text: str
    message_id: str = ""
    action: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    error_code: str = ""
    lost: bool = False

    def __str__(self) -> str:
        note = " (lost)" if self.lost else ""
        return f"#{self.number} {self.at:%H:%M:%S.%f} link {self.link} {self.direction} {self.text[:400]}{note}"


@dataclass(frozen=True, slots=True)
class Message:
    """The parts of one message; `payload` of a CALLERROR is its details. Decimal fractions are Decimal."""

    kind: Kind
    message_id: str
    payload: dict[str, Any]
    action: str = ""
    error_code: str = ""
    description: str = ""


def parse(message: str | bytes) -> Message:
    """The message; Breach when any rule of OCPP-J 4.2 is broken."""
    if isinstance(message, bytes):
        raise Breach(Rule.NOT_TEXT, f"a binary frame of {len(message)} bytes")
    parts = _loaded(message)
    for text in texts_in(parts):
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise Breach(Rule.TEXT, ascii(text))
    match parts:
        case [2, message_id, str(action), dict(payload)]:
            return Message(Kind.CALL, _checked_id(message_id), payload, action=action)
        # The id of an answer need only be that of the CALL, which another rule sees to.
        case [3, str(message_id), dict(payload)]:
            return Message(Kind.RESULT, message_id, payload)
        case [4, str(message_id), str(code), str(description), dict(details)]:
            if code not in ERROR_CODES or len(description) > LONGEST_DESCRIPTION:
                raise Breach(Rule.ERROR_CODE, f"{code!r}, a description of {len(description)} characters")
            return Message(Kind.ERROR, message_id, details, error_code=code, description=description)
        case _:
            raise Breach(Rule.NOT_A_FRAME, message[:200])


def texts_in(value: Any) -> Iterator[str]:
    """Every string in a JSON value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def with_floats(value: Any) -> Any:
    """The same JSON value with float for Decimal, as a test likes to compare it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: with_floats(item) for name, item in value.items()}
    return [with_floats(item) for item in value] if isinstance(value, list) else value


def _checked_id(message_id: Any) -> str:
    if not isinstance(message_id, str) or not 0 < len(message_id) <= LONGEST_ID:
        raise Breach(Rule.MESSAGE_ID, repr(message_id)[:100])
    return message_id


def _loaded(message: str) -> Any:
    try:
        return json.loads(message, parse_float=_finite, parse_constant=_refused, object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as error:
        raise Breach(Rule.NOT_JSON, f"{error}: {message[:200]!r}") from error


def _finite(digits: str) -> Decimal:
    if math.isinf(float(digits)):
        raise ValueError(f"{digits} is no finite number")
    return Decimal(digits)


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found
