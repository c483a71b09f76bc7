"""What a configuration key of OCPP 1.6 chapter 9 is, and how its value travels. The table is configuration.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LARGEST: Final = 2_147_483_647


class Kind(StrEnum):
    """Type of a value, OCPP 1.6 chapter 9."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    LIST = "comma separated list"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One row of the table."""

    name: str
    kind: Kind
    effect: str  # what happens because of it, for docs/ocpp.md and the console
    section: str
    column: str = ""  # of charging.models.Station
    default: str = ""  # of a value that only the edge reads
    computed: Callable[[], str] | None = None
    order: Callable[[str, str], bool] | None = None  # of what is tried before it is kept: the value, and who wants it
    secret: bool = False  # can be written, and is never told
    place: str = ""  # in the configuration document, of what is not among its keys
    preset: bool = False  # the station's configuration document may set it, the central system may not
    canonical: Callable[[str], str | None] | None = None  # of a list that holds no measurands
    told: Callable[[str], str] | None = None  # of what is kept
    least: int = 0
    most: int = LARGEST
    among: frozenset[str] = field(default=frozenset())

    @property
    def readonly(self) -> bool:
        """Whether the central system can only read it."""
        return self.preset or (self.computed is not None and self.order is None)

    @property
    def settable(self) -> bool:
        """Whether anybody can set it at once: what is computed is a fact, and what is ordered is tried first."""
        return self.computed is None and self.order is None


def fixed(value: object) -> Callable[[], str]:
    """Computes what never changes."""

    def told() -> str:
        return str(value)

    return told


def items(name: str, section: str, most: Callable[[], str]) -> Key:
    """How many items the list of another key may have."""
    effect = f"A {name.removesuffix('MaxLength')} with more items is refused."
    return Key(name=name, kind=Kind.INTEGER, section=section, computed=most, effect=effect)


def listed(name: str, section: str, value: str, effect: str) -> Key:
    """A list that is a fact."""
    return Key(name=name, kind=Kind.LIST, section=section, computed=fixed(value), effect=effect)


def boolean(name: str, section: str, column: str, effect: str) -> Key:
    """A column that is true or false."""
    return Key(name=name, kind=Kind.BOOLEAN, section=section, column=column, effect=effect)


def canonical_of(key: Key, value: str) -> str | None:
    """*value* as it is kept, or None when it is not of the key's type or bounds."""
    bare = value.strip()
    if key.canonical:
        return key.canonical(bare)
    if key.kind is Kind.TEXT:
        return bare if bare.isprintable() and len(bare) <= key.most else None
    if key.kind is Kind.BOOLEAN:
        return bare.lower() if bare.lower() in {"true", "false"} else None
    if key.kind is Kind.LIST:
        return _canonical_list(key, bare)
    digits = bare.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST))):
        return None
    return str(int(bare)) if key.least <= int(bare) <= key.most else None


def _canonical_list(key: Key, value: str) -> str | None:
    known = {each.lower(): each for each in key.among}
    names = [each.strip().lower() for each in value.split(",") if each.strip()]
    if len(set(names)) != len(names) or any(name not in known for name in names):
        return None
    return ",".join(known[name] for name in names)


def kept_of(key: Key, value: str) -> object:
    """A canonical *value* as it is kept: a whole number, true or false, or text."""
    if key.kind is Kind.BOOLEAN:
        return value == "true"
    return int(value) if key.kind is Kind.INTEGER else value


def told_of(value: object) -> str:
    """A value that is kept as it goes over the wire."""
    return str(value).lower() if isinstance(value, bool) else str(value)
