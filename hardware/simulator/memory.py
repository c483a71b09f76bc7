"""What outlives the simulator? Plugged cars, the button, each board's firmware and counters, in memory.json."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from .car import Behaviour, Car
from .image import Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .board import Board
    from .unit import Unit

logger = logging.getLogger(__name__)
_OF_CAR: Final = (
    "name",
    "direct_current",
    "phases",
    "requested_a",
    "requested_w",
    "battery_kwh",
    "battery_v",
    "soc",
    "behaviour",
    "paused",
    "reaction_s",
    "speed",
)


class Memory:
    """A power cut takes neither the car from its cable nor the firmware from its board."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = ""

    def keep(self, boards: Mapping[str, Board], units: Mapping[int, Unit], emergency: Mapping[str, bool]) -> None:
        """Write what is true now, whole or not at all; nothing when it has not changed."""
        facts = {
            "cars": {str(number): _car_facts(unit.car) for number, unit in units.items() if unit.car is not None},
            "latched": [number for number, unit in units.items() if unit.emergency_latched],
            "emergency": dict(emergency),
            "boards": {
                serial: {"resets": board.reset_counter, "firmware": asdict(board.slots.running)}
                for serial, board in boards.items()
            },
        }
        text = json.dumps(facts)
        if text == self._written:
            return
        unfinished = self._path.with_suffix(".part")
        try:
            unfinished.write_text(text, encoding="ascii")
            unfinished.replace(self._path)
        except OSError as error:  # a full disk is the station's trouble; what is physical goes on
            logger.warning("What is plugged in cannot be remembered (%s); it is tried again.", error)
            return
        self._written = text

    def recall(self, boards: Mapping[str, Board], units: Mapping[int, Unit], now_s: float) -> dict[str, bool]:
        """Put everything back as it was; the answer is the button. What cannot be read is as if it never was."""
        if not self._path.exists():
            return {"pressed": False, "wired": True}
        try:
            facts = json.loads(self._path.read_text(encoding="ascii"))
            for serial in boards.keys() & facts["boards"].keys():
                _restore_board(boards[serial], facts["boards"][serial])
            for number, car in facts["cars"].items():
                _restore_car(units, int(number), car, now_s)
            emergency = {"pressed": bool(facts["emergency"]["pressed"]), "wired": bool(facts["emergency"]["wired"])}
            latched = {int(number) for number in facts["latched"]}
        except (ValueError, KeyError, TypeError, AttributeError):
            logger.warning("%s cannot be read; the simulator starts without its cars.", self._path)
            return {"pressed": False, "wired": True}
        for number, unit in units.items():
            unit.emergency_input, unit.emergency_latched = emergency["pressed"], number in latched
        return emergency


def _car_facts(car: Car) -> dict[str, Any]:
    return {name: getattr(car, name) for name in _OF_CAR}


def _restore_car(units: Mapping[int, Unit], number: int, facts: dict[str, Any], now_s: float) -> None:
    if number not in units:
        return
    values = {name: facts[name] for name in _OF_CAR}
    values["behaviour"] = Behaviour(values["behaviour"])
    units[number].plug(Car(**values), now_s)


def _restore_board(board: Board, facts: dict[str, Any]) -> None:
    board.reset_counter = (int(facts["resets"]) + 1) & 0xFFFF
    board.slots.running = Version(**facts["firmware"])
