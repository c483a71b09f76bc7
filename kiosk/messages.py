"""What a page may say to the station: small JSON objects, judged before anything is done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

LARGEST_BYTES: Final = 2048
LONGEST_REQUEST_ID: Final = 64
LARGEST_NUMBER: Final = 2**53  # beyond it a browser's numbers are no longer whole


class Action(StrEnum):
    """Everything a page can ask for."""

    START = "start"
    STOP = "stop"
    CHOOSE = "choose"
    RELEASE = "release"
    EMERGENCY_STOP = "emergency_stop"
    SHOWN = "shown"


NEEDS_CONNECTOR: Final = frozenset({Action.START, Action.STOP, Action.CHOOSE, Action.RELEASE})


class Nonsense(Exception):
    """The message is none of ours; the text is the sentence for whoever wrote the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One valid message. `request` is the page's own mark and comes back with the answer."""

    action: Action
    request: str = ""
    connector: int = 0
    card: int = 0
    sequence: int = 0  # of the snapshot that the page has painted (SHOWN)


def asked_of(text: str | None) -> Asked:
    """Read one message; raises Nonsense with a sentence. `None` is a binary frame."""
    if text is None:
        raise Nonsense("Binary messages are not understood: send a JSON object as text.")
    if len(text) > LARGEST_BYTES or len(text.encode(errors="replace")) > LARGEST_BYTES:
        raise Nonsense(f"The message is longer than {LARGEST_BYTES} bytes: send one small JSON object.")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Nonsense("The message is not JSON: send one JSON object.") from None
    if not isinstance(told, dict):
        raise Nonsense("The message is not a JSON object: send one with a field `action`.")
    return _judged(told)


def _judged(told: dict[str, Any]) -> Asked:
    try:
        action = Action(str(told.get("action")))
    except ValueError:
        raise Nonsense(f"The action is not known: use one of {', '.join(Action)}.") from None
    request = told.get("request", "")
    if not isinstance(request, str) or len(request) > LONGEST_REQUEST_ID:
        raise Nonsense(f"`request` is not a text of at most {LONGEST_REQUEST_ID} characters: shorten it.")
    return Asked(
        action=action,
        request=request,
        connector=_whole(told, "connector", needed=action in NEEDS_CONNECTOR),
        card=_whole(told, "card", needed=action is Action.CHOOSE),
        sequence=_whole(told, "sequence", needed=action is Action.SHOWN),
    )


def _whole(told: dict[str, Any], name: str, *, needed: bool) -> int:
    number = told.get(name, None if needed else 0)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= LARGEST_NUMBER:
        raise Nonsense(f"`{name}` is not a whole number from 0 on: correct it.")
    return number
