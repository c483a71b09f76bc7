"""How bright it is at the screen, from what a light sensor reads: a level changes late, and never to and fro."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Brightness(StrEnum):
    """The values are the themes of the screen that are made for it."""

    DARK = "dark"
    LIGHT = "light"
    SUNLIGHT = "sunlight"


# Usual values: a street at night 1 to 10 lx, a lit hall 200, a cloudy day 5,000, the sun on the panel 30,000 and more.
# Between both edges of a level there is room for what the screen's own light adds.
DARK_BELOW_LX: Final = 15.0
LIGHT_ABOVE_LX: Final = 40.0
SUNLIGHT_ABOVE_LX: Final = 15_000.0
SHADE_BELOW_LX: Final = 8_000.0
READINGS: Final = 5  # in a row, before a level changes: headlights pass, clouds pass


@dataclass(frozen=True, slots=True)
class Light:
    """The level that is told, and another one for how many readings in a row."""

    level: Brightness | None = None  # None: nothing read yet
    other: Brightness | None = None
    times: int = 0


def read(before: Light, lux: float) -> Light:
    """What one more reading makes of it. The first one is believed at once."""
    level = _level_of(before.level, lux)
    if before.level is None or level is before.level:
        return Light(level)
    times = before.times + 1 if level is before.other else 1
    return Light(level) if times >= READINGS else Light(before.level, level, times)


def _level_of(before: Brightness | None, lux: float) -> Brightness:
    """Whoever is at a level leaves it at its far edge only."""
    if lux >= (SHADE_BELOW_LX if before is Brightness.SUNLIGHT else SUNLIGHT_ABOVE_LX):
        return Brightness.SUNLIGHT
    if lux <= (LIGHT_ABOVE_LX if before is Brightness.DARK else DARK_BELOW_LX):
        return Brightness.DARK
    return Brightness.LIGHT
