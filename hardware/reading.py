"""A frame as live reading: what the screen and the console show of it (charging.snapshot.ReadingShown)."""

from __future__ import annotations

from typing import Any

from charging.domain.observation import Observation


def reading_of(frame: Observation) -> dict[str, Any]:
    """The reading of one frame, as plain JSON values."""
    return {
        "button_pressed": frame.button_pressed,
        "power_w": frame.power_w,
        "currents_a": list(frame.currents_a),
        "voltages_v": list(frame.voltages_v),
        "register_wh": frame.register_wh,
        "soc_percent": frame.soc_percent,
        "limit_a": frame.limit_a,
        "limit_w": frame.limit_w,
        "limited_by": frame.limited_by,
        "temperatures_c": list(frame.temperatures_c),
    }
