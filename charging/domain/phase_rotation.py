"""In which order the phases of a connector are wired to its meter: OCPP 1.6 section 9.1.7, ConnectorPhaseRotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOT_APPLICABLE: Final = "NotApplicable"  # direct current, or a single phase
UNKNOWN: Final = "Unknown"
LETTERS: Final = "RST"  # R is L1, S is L2, T is L3
ROTATIONS: Final = ("RST", "RTS", "SRT", "STR", "TRS", "TSR")
_KNOWN: Final = {each.lower(): each for each in (NOT_APPLICABLE, UNKNOWN, *ROTATIONS)}


def rotations_of(comma_separated: str) -> dict[int, str]:
    """Rotation by connector (0 = the main meter against the grid) of a text such as "0.RST,1.RTS".

    Raises ValueError for an item that is none, or a connector that stands twice.
    """
    found: dict[int, str] = {}
    for item in (each.strip() for each in comma_separated.split(",") if each.strip()):
        number, _dot, name = item.partition(".")
        rotation = _KNOWN.get(name.strip().lower())
        if rotation is None or not (number.isascii() and number.isdigit() and len(number) <= len("999")):
            raise ValueError(f"{item} is no phase rotation: write 1.RST, 1.Unknown or 1.NotApplicable.")
        if int(number) in found:
            raise ValueError(f"Connector {int(number)} stands twice: remove one.")
        found[int(number)] = rotation
    return found


def text_of(rotations: Mapping[int, str]) -> str:
    """As the key tells it, by connector."""
    return ",".join(f"{number}.{rotations[number]}" for number in sorted(rotations))


def phases_of(rotation: str) -> tuple[int, int, int]:
    """To which phase of the meter (0 = L1) the connector's first, second and third conductor is wired."""
    wired = rotation if rotation in ROTATIONS else LETTERS
    first, second, third = (LETTERS.index(letter) for letter in wired)
    return first, second, third
