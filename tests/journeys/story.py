"""A journey in plain text: a title, a paragraph, `Station: ...`, an empty line, then one step a line.

A line that begins with `#` explains. A step may end with `, within 40 s` when it needs more than the usual patience.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
PATIENCE_S: Final = 15.0
_WITHIN: Final = re.compile(r"(?P<text>.*), within (?P<time_s>\d+) s")
_STATION: Final = re.compile(r"Station: (?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the journey."""

    line: int
    text: str
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Story:
    """One file."""

    name: str
    title: str
    station: str
    steps: tuple[Step, ...]


def stories() -> list[Story]:
    """Every journey of this folder, by name."""
    return [story_of(path) for path in sorted(FOLDER.glob("*.txt"))]


def story_of(path: Path) -> Story:
    """Read one file. Raises ValueError with what is missing."""
    lines = path.read_text("utf-8").splitlines()
    station = next((found for line in lines if (found := _STATION.fullmatch(line))), None)
    if station is None:
        raise ValueError(f"{path.name} names no station: add a line `Station: ...`.")
    begin = next((number for number, line in enumerate(lines, 1) if not line.strip()), len(lines))
    steps = [
        _step(number, line.strip())
        for number, line in enumerate(lines[begin:], begin + 1)
        if line.strip() and not line.startswith("#")
    ]
    if not steps:
        raise ValueError(f"{path.name} has no step: write them after an empty line.")
    return Story(path.stem, lines[0], station["name"], tuple(steps))


def _step(number: int, text: str) -> Step:
    patient = _WITHIN.fullmatch(text)
    return Step(number, patient["text"], float(patient["time_s"])) if patient else Step(number, text)
