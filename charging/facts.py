"""The domain's Connector as a JSON document and back: one column, no default is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar

from charging.domain.capability import Capability
from charging.domain.connector import (
    Authorization,
    CableOwner,
    Connector,
    Policy,
    Reservation,
    Returning,
    Stop,
    Transaction,
)
from charging.domain.limits import Lease
from charging.domain.observation import Phase, Pilot

T = TypeVar("T")

NOT_STORED: Final = frozenset({"number", "capability", "policy"})  # they have columns or rows of their own
DEFAULT: Final = Connector()


def _made(kind: Callable[..., T], plain: Mapping[str, Any]) -> T:
    """A *kind* of what it knows of *plain*."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type] # every kind here is a dataclass
    return kind(**{name: value for name, value in plain.items() if name in known})


_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "pilot": Pilot,
    "phase": Phase,
    "board_faults": frozenset,
    "own_faults": frozenset,
    "latches": frozenset,
    "inoperative": frozenset,
    "becomes_inoperative": frozenset,
    "authorization": partial(_made, Authorization),
    "transaction": partial(_made, Transaction),
    "stop": partial(_made, Stop),
    "cable_owner": partial(_made, CableOwner),
    "returning": partial(_made, Returning),
    "reservation": partial(_made, Reservation),
    "leases": lambda plain: tuple(_made(Lease, lease) for lease in plain),
}


def encoded(connector: Connector) -> dict[str, Any]:
    """The facts of *connector* that differ from a connector at rest."""
    return {
        each.name: _plain(value)
        for each in fields(connector)
        if each.name not in NOT_STORED and (value := getattr(connector, each.name)) != getattr(DEFAULT, each.name)
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def decoded(plain: Mapping[str, Any], *, number: int, capability: Mapping[str, Any], policy: Policy) -> Connector:
    """The Connector of a row. Keys of a later version are left out: a downgrade must still start."""
    known = {each.name for each in fields(Connector)} - NOT_STORED
    values = {
        name: _DECODERS[name](value) if name in _DECODERS and value is not None else value
        for name, value in plain.items()
        if name in known
    }
    return Connector(number=number, capability=_made(Capability, capability), policy=policy, **values)
