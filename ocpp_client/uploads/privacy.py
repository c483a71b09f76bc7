"""What leaves the station in diagnostics says nothing about who charged, and opens nothing: N28. Pure.

An idTag is shown by its last four characters, as everywhere; a text that looks like the number of a card as well, in
whatever place it stands. Passwords are not in the record; what is named like one is hidden all the same.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ocpp_client.masks import MASK

TAIL: Final = 4
_ID_TAGS: Final = re.compile(r"id_?tag$|^plug_starts_as$", re.IGNORECASE)
_OF_PEOPLE: Final = frozenset({"cards", "card_groups"})  # sections of station.json, in the journal of its changes
_SECRETS: Final = re.compile(r"^label$|password|secret|_key$|authorization_?key|private", re.IGNORECASE)
_CARD_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{20})(?![0-9A-Za-z])")
_IN_JSON: Final = re.compile(r'("(?:idTag|parentIdTag)"\s*:\s*")([^"\\]*)', re.IGNORECASE)
_USER: Final = re.compile(r"(?<=://)[^/?#\s\"']*@")


def shown(value: Any) -> Any:
    """*value*, as JSON has it, without what is nobody's business."""
    if isinstance(value, dict) and value.get("section") in _OF_PEOPLE:
        return {"section": value["section"], "key": tail_of(str(value.get("key")))}
    if isinstance(value, dict):
        return {_text(str(key)): _field(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    return _text(value) if isinstance(value, str) else value


def shown_frame(text: str) -> str:
    """A frame of OCPP, perhaps cut in the middle: so it is not parsed."""
    return _text(_IN_JSON.sub(lambda found: found[1] + tail_of(found[2]), text))


def tail_of(id_tag: str) -> str:
    """The last characters of an idTag; all of a short one is hidden."""
    return f"…{id_tag[-TAIL:]}" if len(id_tag) > TAIL else "…"


def _field(name: str, value: Any) -> Any:
    if _SECRETS.search(name) and isinstance(value, str):
        return MASK if value else ""
    if _ID_TAGS.search(name) and isinstance(value, str) and value:
        return tail_of(value)
    return shown(value)


def _text(value: str) -> str:
    return _CARD_NUMBER.sub(lambda found: tail_of(found[0]), _USER.sub(f"{MASK}@", value))
