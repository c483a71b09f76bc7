"""The light of a connector: colour and rhythm. Any two rows differ in rhythm or brightness: colour is not needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from .connector import Connector
from .situation import situation_of


class Pattern(StrEnum):
    """How a light moves."""

    OFF = "off"
    STEADY = "steady"
    BLINK = "blink"
    BREATHE = "breathe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What a light shows."""

    red: int  # 0..255
    green: int
    blue: int
    pattern: Pattern
    period_ms: int = 0  # of one blink or breath
    brightness_percent: int = 100
    blinks: int = 0  # then it is steady; 0: for as long as it is shown


EMERGENCY = "emergency"
DIM_PERCENT = 30
MIDDLE_PERCENT = 60
GREEN, BLUE, RED, YELLOW, WHITE, DARK = (
    (0, 255, 0),
    (0, 80, 255),
    (255, 0, 0),
    (255, 170, 0),
    (255, 255, 255),
    (0, 0, 0),
)


def _light(colour: tuple[int, int, int], pattern: Pattern, period_ms: int = 0, brightness: int = 100) -> Light:
    red, green, blue = colour
    return Light(red=red, green=green, blue=blue, pattern=pattern, period_ms=period_ms, brightness_percent=brightness)


LIGHTS: Final[dict[str, Light]] = {
    "free": _light(GREEN, Pattern.STEADY, brightness=DIM_PERCENT),
    "plug_in": _light(GREEN, Pattern.BLINK, 700),
    "authorize": _light(BLUE, Pattern.BLINK, 1000),
    "connecting": _light(BLUE, Pattern.BLINK, 333),
    "waiting_turn": _light(YELLOW, Pattern.BREATHE, 2000),
    "charging": _light(BLUE, Pattern.BREATHE, 4000),
    "paused_by_car": _light(BLUE, Pattern.STEADY, brightness=MIDDLE_PERCENT),
    "paused_by_station": _light(YELLOW, Pattern.BREATHE, 6000),
    "stopping": _light(BLUE, Pattern.BLINK, 500),
    "unplug": _light(GREEN, Pattern.BLINK, 2000),
    "reserved": _light(YELLOW, Pattern.BLINK, 3000),
    "out_of_service": _light(WHITE, Pattern.BLINK, 5000, DIM_PERCENT),
    "fault_user": _light(RED, Pattern.BLINK, 1400),
    "fault": _light(RED, Pattern.STEADY),
    EMERGENCY: _light(RED, Pattern.BLINK, 200),
    "no_contact": _light(WHITE, Pattern.BREATHE, 3000),
}


def light_of(c: Connector) -> Light:
    """What the connector shows now, as bright and as often as the owner wants (OCPP 1.6 sections 9.1.4 and 9.1.11).

    An emergency is never dimmed, and blinks until it is over.
    """
    situation = situation_of(c)
    light = LIGHTS[situation]
    if situation == EMERGENCY:
        return light
    return replace(
        light,
        brightness_percent=_dimmed(light.brightness_percent, c.policy.light_intensity_percent),
        blinks=c.policy.blink_repeat if light.pattern is Pattern.BLINK else 0,
    )


def _dimmed(brightness_percent: int, intensity_percent: int) -> int:
    """Dark only where nothing else is wanted."""
    return max(brightness_percent * intensity_percent // 100, min(intensity_percent, 1))


def light_after(light: Light, shown_s: float) -> Light:
    """*light* when it has been shown for so long."""
    if not light.blinks or shown_s * 1000 < light.blinks * light.period_ms:
        return light
    return replace(light, pattern=Pattern.STEADY, period_ms=0, blinks=0)
