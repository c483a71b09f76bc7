"""The light sensor beside the screen, read from the kernel's own files (Linux IIO: illuminance in lux)."""

from __future__ import annotations

import logging
import math
import threading
from pathlib import Path
from typing import Final

from charging import live
from charging.domain.brightness import Light, read

log = logging.getLogger(__name__)

DEVICES: Final = "sys/bus/iio/devices"
PERIOD_S: Final = 2.0


def lux_of(system_root: Path) -> float | None:
    """What the first sensor that answers reads; None without one."""
    found = sorted((system_root / DEVICES).glob("*/in_illuminance*_input"))
    whole = (_number(file) for file in found)
    raws = sorted((system_root / DEVICES).glob("*/in_illuminance*_raw"))
    scaled = (_scaled(file) for file in raws)
    return next((lux for values in (whole, scaled) for lux in values if lux is not None), None)


def _scaled(raw: Path) -> float | None:
    """(raw + offset) * scale; both belong to the channel, or to all channels of the device."""
    number = _number(raw)
    if number is None:
        return None
    return (number + (_beside(raw, "offset") or 0.0)) * (_beside(raw, "scale") or 1.0)


def _beside(raw: Path, name: str) -> float | None:
    own = _number(raw.with_name(raw.name.removesuffix("raw") + name))
    return _number(raw.with_name(f"in_illuminance_{name}")) if own is None else own


def _number(file: Path) -> float | None:
    try:
        number = float(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def watch_light(system_root: Path, stopping: threading.Event) -> None:
    """Tell how bright it is, again and again. A sensor that is silent is told no longer, until it is back."""
    light = Light()
    while not stopping.wait(PERIOD_S):
        lux = lux_of(system_root)
        if lux is None:
            light = Light()
            continue
        before, light = light, read(light, lux)
        if light.level:
            live.put_brightness(light.level)
        if light.level is not before.level:
            log.info("At the screen it is %s now: %.0f lx.", light.level, lux)
            live.changed()
