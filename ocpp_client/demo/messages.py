"""What is this message? Three kinds of JSON arrays (OCPP-J 1.6, 4.2); whatever else comes is shown as it is."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Final

LONGEST_ID: Final = 36


@dataclass(frozen=True, slots=True)
class Call:
    """A request."""

    message_id: str
    action: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A CALLRESULT, or with an `error_code` a CALLERROR whose `payload` is what it says besides."""

    message_id: str
    payload: dict[str, Any]
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No OCPP message; `why` in a sentence."""

    text: str
    why: str


def parse(message: str | bytes) -> Call | Answer | Unreadable:
    """Read a message of a station. Never raises: a station's mistake is something to look at."""
    if isinstance(message, bytes):
        return Unreadable(repr(message[:200]), "OCPP-J sends text frames; this one is binary.")
    try:
        parts = json.loads(message, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        return Unreadable(message, f"This is no JSON: {error}.")
    match parts:
        case [2, str(message_id), str(action), dict(payload)] if 0 < len(message_id) <= LONGEST_ID:
            return Call(message_id, action, payload)
        case [3, str(message_id), dict(payload)]:
            return Answer(message_id, payload)
        case [4, str(message_id), str(code), str(description), dict(details)]:
            return Answer(message_id, {"errorDescription": description, "errorDetails": details}, code or "?")
        case _:
            return Unreadable(message, "This is no CALL, CALLRESULT or CALLERROR of OCPP-J 1.6.")


def text_of(frame: Call | Answer) -> str:
    """The message to send."""
    if isinstance(frame, Call):
        return json.dumps([2, frame.message_id, frame.action, frame.payload])
    if not frame.error_code:
        return json.dumps([3, frame.message_id, frame.payload])
    return json.dumps([4, frame.message_id, frame.error_code, frame.payload.get("errorDescription", ""), {}])


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits} is too large")
    return value
