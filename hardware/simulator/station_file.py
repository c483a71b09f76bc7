"""Which station is simulated? Reads a station file, checks every value, names the place of an error."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hardware.native_map import BAUD_RATES, FIRST_UNIT, LAST_UNIT, SERIAL_WORDS, ConnectorType

from .car import Inlet

if TYPE_CHECKING:
    from collections.abc import Iterator

STATIONS: Final = Path(__file__).parent / "stations"
INLETS: Final = {
    ConnectorType.CCS1: Inlet.CCS,
    ConnectorType.CCS2: Inlet.CCS,
    ConnectorType.NACS: Inlet.CCS,
    ConnectorType.CHADEMO: Inlet.CHADEMO,
    ConnectorType.GBT_DC: Inlet.GBT,
}
WITHOUT_PILOT: Final = frozenset({ConnectorType.CHADEMO, ConnectorType.GBT_DC})


class StationFileError(Exception):
    """The station file cannot be used; the text is one sentence that names the place and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpec:
    """One connector of one board, as it was built. Amperes per phase, watts for the connector."""

    connector_id: int
    line_number: int
    unit: int
    serial: str
    index: int
    connector_type: ConnectorType
    model: str
    phases: int
    maximum_a: float
    minimum_a: float
    maximum_v: float
    maximum_w: int
    minimum_w: int
    lock: bool
    light: bool
    exclusion_group: int
    dc_restart: bool
    cable_check_s: float
    precharge_s: float
    register_wh: float

    @property
    def inlet(self) -> Inlet:
        """What kind of car fits."""
        return INLETS.get(self.connector_type, Inlet.AC)

    @property
    def direct_current(self) -> bool:
        """The station rectifies."""
        return self.inlet is not Inlet.AC

    @property
    def has_pilot(self) -> bool:
        """The standard of this connector has a control pilot with letters."""
        return self.connector_type not in WITHOUT_PILOT


@dataclass(frozen=True, slots=True)
class LineSpec:
    """One serial line with its units."""

    number: int  # 1-based, DATA_DIR/dev/bus<number>
    baud_rate: int
    units: tuple[UnitSpec, ...]


@dataclass(frozen=True, slots=True)
class StationSpec:
    """The whole file, checked."""

    name: str
    screen: bool
    reader: bool
    speed: float
    lines: tuple[LineSpec, ...]


_AC: Final[dict[str, Any]] = {
    "phases": 3,
    "maximum_a": 32.0,
    "minimum_a": 6.0,
    "maximum_v": 400.0,
    "maximum_w": 22080,
    "minimum_w": 1380,
}
_DC: Final[dict[str, Any]] = {
    "phases": 1,
    "maximum_a": 400.0,
    "minimum_a": 1.0,
    "maximum_v": 1000.0,
    "maximum_w": 150_000,
    "minimum_w": 500,
}
_FOR_ALL: Final[dict[str, Any]] = {
    "index": 1,
    "lock": False,
    "light": True,
    "exclusion_group": 0,
    "dc_restart": False,
    "cable_check_s": 1.5,
    "precharge_s": 1.0,
    "register_wh": 0.0,
}
# Lowest and highest value that a board's registers can carry.
_BOUNDS: Final = {
    "unit": (FIRST_UNIT, LAST_UNIT),
    "index": (1, 99),
    "phases": (1, 3),
    "maximum_a": (1, 1000),
    "minimum_a": (0, 1000),
    "maximum_v": (100, 1500),
    "maximum_w": (100, 1_000_000),
    "minimum_w": (0, 100_000),
    "exclusion_group": (0, 65535),
    "cable_check_s": (0, 60),
    "precharge_s": (0, 60),
    "register_wh": (0, 1e12),
    "speed": (0.01, 100_000),
}
LONGEST_TEXT: Final = SERIAL_WORDS * 2
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
}


def read_station(name_or_path: str) -> StationSpec:
    """The station called *name_or_path* (a shipped one) or described by the JSON file of that path."""
    shipped = STATIONS / f"{name_or_path}.json"
    path = shipped if shipped.is_file() and "/" not in name_or_path else Path(name_or_path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in STATIONS.glob("*.json")))
        raise StationFileError(
            f"The station file {path} cannot be read ({error.strerror}); give its path or one of {known}."
        ) from error
    except ValueError as error:
        raise StationFileError(f"The station file {path} is not JSON: {error}.") from error
    return parse_station(content, path.stem)


def parse_station(content: object, name: str) -> StationSpec:
    """Check *content* (decoded JSON) whole. Raises StationFileError."""
    top = _object(content, "The file", {"name", "screen", "reader", "speed", "lines", "description"})
    rows = top.get("lines")
    if not isinstance(rows, list) or not rows:
        raise StationFileError("`lines` must be a list with at least one line.")
    counter = iter(range(1, 1_000_000))
    lines = tuple(_line(row, number, counter) for number, row in enumerate(rows, start=1))
    _check_serials(lines)
    return StationSpec(
        name=_value(top.get("name", name), "str", "`name`"),
        screen=_value(top.get("screen", True), "bool", "`screen`"),
        reader=_value(top.get("reader", True), "bool", "`reader`"),
        speed=_bounded("speed", _value(top.get("speed", 1.0), "float", "`speed`"), "`speed`"),
        lines=lines,
    )


def _line(row: object, number: int, counter: Iterator[int]) -> LineSpec:
    place = f"lines[{number}]"
    line = _object(row, place, {"baud_rate", "units"})
    baud_rate = line.get("baud_rate", BAUD_RATES[0])
    if baud_rate not in BAUD_RATES:
        raise StationFileError(f"{place}: `baud_rate` must be one of {', '.join(map(str, BAUD_RATES))}.")
    rows = line.get("units")
    if not isinstance(rows, list) or not rows:
        raise StationFileError(f"{place}: `units` must be a list with at least one unit.")
    units = tuple(
        _unit(entry, number, next(counter), f"{place}.units[{position}]") for position, entry in enumerate(rows, 1)
    )
    addresses = [unit.unit for unit in units]
    if len(set(addresses)) != len(addresses):
        raise StationFileError(f"{place}: two units have the same address; give each its own.")
    return LineSpec(number, baud_rate, units)


def _unit(row: object, line_number: int, connector_id: int, place: str) -> UnitSpec:
    names = {field.name: str(field.type) for field in fields(UnitSpec)}
    given = _object(row, place, set(names) - {"connector_id", "line_number"})
    connector_type = _connector_type(given.get("connector_type"), place)
    defaults = _DC if connector_type in INLETS else _AC
    values = {**_FOR_ALL, **defaults, "model": f"Sim {connector_type.name}", **given}
    values.update(connector_id=connector_id, line_number=line_number, connector_type=connector_type)
    for name, kind in names.items():
        if name in {"connector_id", "line_number", "connector_type"}:
            continue
        if name not in values:
            raise StationFileError(f"{place}: `{name}` is missing; add it.")
        values[name] = _bounded(name, _value(values[name], kind, f"{place}: `{name}`"), place)
    return UnitSpec(**values)


def _connector_type(value: object, place: str) -> ConnectorType:
    if isinstance(value, str) and value in ConnectorType.__members__:
        return ConnectorType[value]
    known = ", ".join(ConnectorType.__members__)
    raise StationFileError(f"{place}: `connector_type` must be one of {known}.")


def _object(value: object, place: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StationFileError(f"{place} must be a JSON object.")
    unknown = sorted(set(value) - known)
    if unknown:
        raise StationFileError(f"{place}: `{unknown[0]}` is not known; allowed are {', '.join(sorted(known))}.")
    return value


def _value(value: Any, kind: str, place: str) -> Any:
    allowed = _KINDS[kind]
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise StationFileError(f"{place} must be of type {kind}.")
    if isinstance(value, str) and not (0 < len(value) <= LONGEST_TEXT and value.isascii() and value.isprintable()):
        raise StationFileError(f"{place} must have 1 to {LONGEST_TEXT} ASCII characters.")
    return value


def _bounded(name: str, value: Any, place: str) -> Any:
    low, high = _BOUNDS.get(name, (None, None))
    if low is not None and high is not None and not low <= value <= high:
        raise StationFileError(f"{place}: `{name}` must be between {low} and {high}.")
    return value


def _check_serials(lines: tuple[LineSpec, ...]) -> None:
    seen: set[tuple[str, int]] = set()
    for unit in (unit for line in lines for unit in line.units):
        # The serial names the file of the meter.
        if not unit.serial.replace("-", "").isalnum():
            raise StationFileError(f"The serial {unit.serial!r} may have letters, digits and hyphens only; change it.")
        key = (unit.serial, unit.index)
        if key in seen:
            raise StationFileError(f"Board {unit.serial} has two connectors with index {unit.index}; number them.")
        seen.add(key)
