"""OCPP-J frames: text to CALL, CALLRESULT and CALLERROR and back. Pure.

Rule 1: whatever is received, the outcome is a frame or Malformed, in bounded time and memory.
Rule 2: what leaves `parse` can be stored, logged and calculated with: integers fit 64 bits, floats are finite,
        text has neither NUL nor half a surrogate pair, nesting ends at MAX_DEPTH.
Rule 3: a call is read strictly, because somebody can be told; an answer leniently, because nobody can: a value
        that rule 2 forbids becomes null there, and the schema of the answer decides whether it was needed.

Sources: OCPP-J 1.6, sections 4.1.3 (message types), 4.1.4 (message ids), 4.2 (structures), its errata 3.1, 5.1, 5.2.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from .errors import ErrorCode, Malformed

CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 32
MAX_VALUES: Final = 50_000  # a frame with more of them would keep the link busy for too long
MAX_ID: Final = 36  # OCPP-J 1.6, table 3
UNREADABLE_ID: Final = "-1"  # as later versions of OCPP-J write it; 1.6 is silent

_MAX_ECHOED_ID: Final = 255  # an id that is too long is given back, so that its sender can tell; a flood is not
_MAX_NUMBER: Final = 40  # characters; a double needs 24
_MAX_DIGITS: Final = 19  # of a 64-bit integer
_MAX_NAME: Final = 40  # of a field, in descriptions
_MAX_DESCRIPTION: Final = 255
_MAX_DETAILS: Final = 1_000  # characters of JSON: the far end may have a frame limit, and gets no amplifier
_INT64: Final = range(-(2**63), 2**63)
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")
_HEAD: Final = re.compile(r'\s*\[\s*(\d{1,9})\s*(?:,\s*"([^"\\\x00-\x1f]{1,255})"\s*[,\]])?')

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A request, `[2, id, action, payload]` (section 4.2.1)."""

    message_id: str
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class CallResult:
    """The answer to a call, `[3, id, payload]` (section 4.2.2)."""

    message_id: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class CallError:
    """The refusal of a call, `[4, id, code, description, details]` (section 4.2.3)."""

    message_id: str
    code: str
    description: str = ""
    details: Payload = field(default_factory=dict)


Frame = Call | CallResult | CallError


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Stands in the place of a value that rule 2 forbids, until it is known whom to tell."""

    code: ErrorCode
    why: str
    instead: Any = None  # what an answer carries in its place


class _Found(Exception):
    """An unusable value and where it stands."""

    def __init__(self, code: ErrorCode, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


def parse(received: str | bytes) -> Frame:
    """Return the frame that *received* holds. Raises Malformed."""
    text = _text_of(received)
    try:
        frame = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
    except RecursionError:
        raise _unreadable(text, f"The message is nested deeper than {MAX_DEPTH}") from None
    except ValueError:
        raise _unreadable(text, "The message is not valid JSON") from None
    if not isinstance(frame, list) or not frame:
        raise _unreadable("", "The message is not a JSON array with a message type in front")
    kind = frame[0] if type(frame[0]) is int else None  # true is an int, too
    if kind == CALL:
        return _call(frame)
    if kind in {CALL_RESULT, CALL_ERROR}:
        return _answer(frame)
    # Section 4.1.3: a message type that is not in table 2 is ignored.
    raise Malformed(UNREADABLE_ID, ErrorCode.GENERIC_ERROR, "The message type is not known", answerable=False)


def encode(frame: Frame) -> str:
    """Return *frame* as it travels. Raises ValueError or TypeError for what JSON does not know."""
    match frame:
        case Call():
            parts: list[Any] = [CALL, frame.message_id, frame.action, frame.payload]
        case CallResult():
            parts = [CALL_RESULT, frame.message_id, frame.payload]
        case CallError():
            details = frame.details if len(_json(frame.details)) <= _MAX_DETAILS else {}
            parts = [CALL_ERROR, frame.message_id, frame.code, frame.description[:_MAX_DESCRIPTION], details]
    return _json(parts)


def shown(name: str) -> str:
    """A field's name that a stranger chose, fit for a sentence: printable, ASCII, short."""
    return ascii(name[:_MAX_NAME])[1:-1]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _text_of(received: str | bytes) -> str:
    if isinstance(received, bytes):
        raise _unreadable(received.decode("utf-8", "replace"), "The message is binary, not text")
    try:
        size = len(received.encode())
    except UnicodeEncodeError:
        raise _unreadable("", "The message is not valid Unicode") from None
    if size > MAX_BYTES:
        raise _unreadable(received, f"The message is longer than {MAX_BYTES} bytes")
    # Counted in the text, before anything is built from it; separators inside texts count, too.
    if sum(map(received.count, ",[{")) > MAX_VALUES:
        raise _unreadable(received, f"The message holds more than {MAX_VALUES} values")
    return received


def _unreadable(text: str, description: str) -> Malformed:
    """What to say about a message whose inside was not looked at; its head may still name a call."""
    head = _HEAD.match(text)
    kind = int(head[1]) if head else CALL
    message_id = head[2] if head and kind == CALL and _can_be_echoed(head[2]) else UNREADABLE_ID
    return Malformed(message_id, ErrorCode.FORMATION_VIOLATION, description, answerable=kind == CALL)


def _call(frame: list[Any]) -> Call:
    message_id = frame[1] if len(frame) > 1 else None
    echo = message_id if _can_be_echoed(message_id) else UNREADABLE_ID

    def refused(code: ErrorCode, description: str) -> Malformed:
        return Malformed(echo, code, description, answerable=True)

    if not isinstance(message_id, str) or echo != message_id or len(message_id) > MAX_ID:
        raise refused(ErrorCode.FORMATION_VIOLATION, f"The message id is not a text of 1 to {MAX_ID} characters")
    if len(frame) != 4:  # noqa: PLR2004 - the type, the id, the action and the payload
        raise refused(ErrorCode.FORMATION_VIOLATION, "A call has four elements: type, id, action and payload")
    _, _, action, payload = frame
    if not isinstance(action, str) or _NO_TEXT.search(action):
        raise refused(ErrorCode.NOT_IMPLEMENTED, "The action is not a text")
    try:
        payload = _usable(payload, _refuse, depth=2)
    except _Found as found:
        raise refused(found.code, found.description) from None
    # Section 4.2.1: null is another notation for no payload.
    if not isinstance(payload, dict | None):
        raise refused(ErrorCode.FORMATION_VIOLATION, "The payload is not a JSON object")
    return Call(message_id, action, payload or {})


def _answer(frame: list[Any]) -> CallResult | CallError:
    def refused(description: str) -> Malformed:
        return Malformed(UNREADABLE_ID, ErrorCode.FORMATION_VIOLATION, description, answerable=False)

    try:
        kind, message_id, *rest = _usable(frame, _instead)
    except _Found as found:
        raise refused(found.description) from None
    except ValueError:
        raise refused("An answer without a message id") from None
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_ID:
        raise refused(f"The message id of an answer is not a text of 1 to {MAX_ID} characters")
    if kind == CALL_ERROR:
        return _call_error(message_id, rest)
    if len(rest) != 1 or not isinstance(rest[0], dict | None):
        raise refused("An answer has three elements: type, id and a JSON object")
    return CallResult(message_id, rest[0] or {})


def _call_error(message_id: str, rest: list[Any]) -> CallError:
    """Whatever follows the id, the call was refused: chargers and servers are known that leave out the end."""
    code, description, details = (*rest, None, None, None)[:3]
    return CallError(
        message_id,
        code if isinstance(code, str) and code else ErrorCode.GENERIC_ERROR,
        description if isinstance(description, str) else "",
        details if isinstance(details, dict) else {},
    )


def _can_be_echoed(message_id: Any) -> TypeGuard[str]:
    return isinstance(message_id, str) and 0 < len(message_id) <= _MAX_ECHOED_ID and message_id.isprintable()


def _integer(digits: str) -> int | _Unusable:
    # Long texts are not even converted: int() of thousands of digits raises or takes long.
    if len(digits) <= _MAX_DIGITS + 1 and (value := int(digits)) in _INT64:
        return value
    return _Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "is a number too large for 64 bits")


def _float(digits: str) -> float | int | _Unusable:
    value = float(digits) if len(digits) <= _MAX_NUMBER else math.inf
    if not math.isfinite(value):
        return _Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "is a number too large or too long")
    # JSON has one kind of number: 5.0 and 5e0 are the 5 that an integer field asks for.
    return int(value) if value.is_integer() and int(value) in _INT64 else value


def _constant(name: str) -> _Unusable:
    return _Unusable(ErrorCode.FORMATION_VIOLATION, f"is {name}, which is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> Payload | _Unusable:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    return _Unusable(ErrorCode.FORMATION_VIOLATION, "names a field twice", instead=value)


def _refuse(found: _Unusable, path: str) -> Any:
    raise _Found(found.code, f"{path.removeprefix('.') or 'The payload'} {found.why}")


def _instead(found: _Unusable, _path: str) -> Any:
    return found.instead


def _usable(value: Any, judge: Callable[[_Unusable, str], Any], path: str = "", depth: int = 1) -> Any:
    """Return *value* as rule 2 wants it; *judge* decides about what cannot be used."""
    if isinstance(value, _Unusable):
        value = judge(value, path)
    if isinstance(value, str) and _NO_TEXT.search(value):
        return judge(_Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "holds a character that is no text"), path)
    if not isinstance(value, dict | list):
        return value
    if depth > MAX_DEPTH:
        raise _Found(ErrorCode.FORMATION_VIOLATION, f"The message is nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return [_usable(item, judge, path, depth + 1) for item in value]
    for name in value:
        _usable(name, _refuse, f"{path}.{shown(name)}")
    return {name: _usable(item, judge, f"{path}.{shown(name)}", depth + 1) for name, item in value.items()}
