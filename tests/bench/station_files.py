"""Which stations are simulated here only? Connectors that behave alike, and enough of them that nobody waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

BAUD_RATE: Final = 115200
SOCKET: Final = {"connector_type": "TYPE2_SOCKET", "model": "Sim AC22 socket", "lock": True}
CCS2: Final = {"connector_type": "CCS2", "model": "Sim CCS 150"}
CHADEMO: Final = {
    "connector_type": "CHADEMO",
    "model": "Sim CHA 50",
    "maximum_a": 125,
    "maximum_v": 500,
    "maximum_w": 50_000,
    "lock": True,
}


def ac_station(folder: Path, lines: int, units: int) -> str:
    """The path of a station file with *units* Type 2 cables on each of *lines* lines."""
    cables = [[_unit(line, unit) for unit in _numbers(units)] for line in _numbers(lines)]
    return _written(folder, f"ac-{lines}-{units}", cables)


def twice_default(folder: Path) -> str:
    """The path of a station file with what `default` has, twice: two lines with AC, two with DC, two units on each."""
    lines = [[_unit(line, 1) | SOCKET, _unit(line, 2)] for line in (1, 2)]
    lines += [[_unit(line, 1) | CCS2, _unit(line, 2) | CHADEMO] for line in (3, 4)]
    return _written(folder, "twice-default", lines)


def _written(folder: Path, name: str, lines: list[list[dict[str, object]]]) -> str:
    station = {
        "name": "bench",
        "description": f"{name}, for measurements",
        "screen": False,
        "reader": False,
        "lines": [{"baud_rate": BAUD_RATE, "units": units} for units in lines],
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(station), "utf-8")
    return str(path)


def _numbers(count: int) -> range:
    return range(1, count + 1)


def _unit(line: int, unit: int) -> dict[str, object]:
    return {"unit": unit, "serial": f"SIM-AC-{line}{unit:03d}", "connector_type": "TYPE2_CABLE", "model": "Sim AC22"}
