"""Payloads made from the schemas themselves: one that is whole, and every way to spoil one field of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ocpp.messages import get_validator

from ocpp_client.errors import ErrorCode
from ocpp_client.schemas import Kind

Path = tuple[str | int, ...]
SAMPLES: Final[dict[str, Any]] = {"integer": 1, "number": 16.5, "boolean": True, "string": "x"}
OF_ANOTHER_TYPE: Final[tuple[Any, ...]] = (None, True, 7, 1.5, "x", [], {}, ["x"])
PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
CI_STRINGS: Final = {"idTag", "parentIdTag", "key", "vendorId", "messageId"}


@dataclass(frozen=True)
class Spoilt:
    """A payload with one mistake: what it is, in which field, and the code of OCPP-J 1.6 for it."""

    mistake: str
    field: str
    payload: Any
    code: ErrorCode

    def __str__(self) -> str:
        return f"{self.field}-{self.mistake}"


def schema_of(action: str, kind: Kind = Kind.REQUEST) -> Any:
    return get_validator(kind, action, "1.6").schema


def resolved(part: Any, root: Any) -> Any:
    return root["definitions"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def whole(part: Any, root: Any) -> Any:
    """A payload with every field that the schema knows."""
    part = resolved(part, root)
    if part["type"] == "object":
        return {name: whole(field, root) for name, field in part.get("properties", {}).items()}
    if part["type"] == "array":
        return [whole(part["items"], root)]
    if "enum" in part:
        return part["enum"][0]
    return "2026-10-06T12:00:00Z" if part.get("format") == "date-time" else SAMPLES[part["type"]]


ANSWERED = ("requestedMessage",)  # one that is not listed gets NotImplemented, no error: OCPP 1.6 section 5.17


def fields(part: Any, root: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place in a whole payload, and what the schema says about it."""
    part = resolved(part, root)
    yield path, part
    for name, field in part.get("properties", {}).items():
        yield from fields(field, root, (*path, name))
    if part["type"] == "array":
        yield from fields(part["items"], root, (*path, 0))


def with_value(payload: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    payload = copy.deepcopy(payload)
    place = payload
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return payload


def without(payload: Any, path: Path) -> Any:
    payload = copy.deepcopy(payload)
    place = payload
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return payload


def spoilt(action: str, kind: Kind = Kind.REQUEST) -> Iterator[Spoilt]:
    """One field at a time: of a wrong type, too long, out of its values, missing, beyond the schema, no time."""
    root = schema_of(action, kind)
    good = whole(root, root)
    for path, part in fields(root, root):
        name = ".".join(map(str, path)) or "payload"
        for mistake, value, code in mistakes(path, part):
            yield Spoilt(mistake, name, with_value(good, path, value), code)
        for needed in part.get("required", ()):
            payload = without(good, (*path, needed))
            yield Spoilt("missing", f"{name}.{needed}", payload, ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION)
        if part["type"] == "object":
            payload = with_value(good, (*path, "surplus"), 1)
            if part.get("additionalProperties") is False:
                yield Spoilt("extra", name, payload, ErrorCode.FORMATION_VIOLATION)


def mistakes(path: Path, part: Any) -> Iterator[tuple[str, Any, ErrorCode]]:
    for value in OF_ANOTHER_TYPE if path else ():
        right = isinstance(value, PYTHON_TYPES[part["type"]])
        if not right or (isinstance(value, bool) and part["type"] != "boolean"):
            yield f"type {value!r}", value, ErrorCode.TYPE_CONSTRAINT_VIOLATION
    if "maxLength" in part:
        yield "too long", "x" * (part["maxLength"] + 1), ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    if "enum" in part and path[-1:] != ANSWERED:
        yield "not listed", "Nonsense", ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    if part.get("format") == "date-time":
        yield "no time", "yesterday", ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    if "minItems" in part:
        yield "empty", [], ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION
    if path and path[-1] in CI_STRINGS and part["type"] == "string":
        yield "no ASCII", "\u202e", ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
