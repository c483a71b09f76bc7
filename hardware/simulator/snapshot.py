"""What is physically true now? One JSON-ready picture of a connector and of the station."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hardware.native_map import Enable, LightMode

from .status_block import letters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .pn532 import Reader
    from .station import Station
    from .unit import Unit

Facts = dict[str, Any]


def connector_facts(station: Station, unit: Unit) -> Facts:
    """Everything true of one connector; amperes per phase. Call under the station's lock."""
    spec, board = unit.spec, station.board_of(unit)
    return {
        "connector_id": spec.connector_id,
        "connector_type": spec.connector_type.name,
        "line": spec.line_number,
        "unit": spec.unit,
        "plugged": unit.plugged,
        "pilot": letters(unit),
        "state": unit.state.name,
        "ev_ready": unit.asks,
        "contactor": unit.contactor_closed,
        "contactor_commanded": unit.contactor_commanded,
        "lock": unit.lock_closed if spec.lock else None,
        "light": _light(station.registers[spec.connector_id].light(time.monotonic())),
        "current_a": round(unit.current_a, 3),
        "phases": unit.phases_in_use,
        "voltage_v": None if unit.car is None else round(unit.car.voltage_v, 1),
        "power_w": round(unit.power_w, 1),
        "register_wh": round(unit.register.true_wh, 3),
        "register_reported_wh": unit.register.reported_wh,
        "session_wh": round(unit.session_wh, 3),
        "limit_a": unit.limit.amperes,
        "limit_w": unit.limit.watts,
        "limited_by": unit.limit.source.name.lower(),
        "faults": sorted(unit.faults),
        "latched": sorted(unit.latched),
        "defects": sorted(unit.defects | ({"MeterFrozen"} if unit.register.frozen else set())),
        "emergency_stop": unit.emergency_latched,
        "setpoint": {
            "enable": [bit.name for bit in Enable if unit.setpoint.enable & bit],
            "limit_a": unit.setpoint.limit_a,
            "limit_w": unit.setpoint.limit_w,
        },
        "watchdog": {"left_s": round(unit.watchdog_left_s, 2), "tripped": unit.tripped},
        "heartbeats": interval_statistics(unit.intervals_s),
        "controller": {
            "serial": board.serial,
            "mode": board.mode.value,
            "stuck": board.stuck,
            "frozen": board.frozen,
            "firmware": board.slots.running.text,
            "resets": board.reset_counter,
            "clock_offset_s": round(board.clock_s(time.monotonic()) - time.time(), 3),
        },
        "car": _car(unit),
    }


def station_facts(station: Station, reader: Reader | None) -> Facts:
    """The whole station. Call under its lock."""
    now_s = time.monotonic()
    for board in station.boards.values():
        board.advance(now_s)
    return {
        "station": station.spec.name,
        "monotonic_s": now_s,
        "speed": station.speed,
        "connectors": [connector_facts(station, unit) for unit in station.units.values()],
        "estop": dict(station.emergency),
        "reader": {"present": reader is not None and reader.present, "card": reader.card if reader else None},
        "lines": [
            {"line": number, "baud_rate": bus.baud_rate, "requests": bus.requests}
            for number, bus in enumerate(station.buses, start=1)
        ],
        "last_n": station.truth.last_n,
    }


def interval_statistics(intervals_s: Iterable[float]) -> Facts:
    """How regularly setpoints came, over the last thousand: count, p50, p99 and longest interval in seconds."""
    ordered = sorted(intervals_s)
    if not ordered:
        return {"count": 0, "p50_s": None, "p99_s": None, "max_s": None}

    def share(part: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 4)

    return {"count": len(ordered), "p50_s": share(0.5), "p99_s": share(0.99), "max_s": round(ordered[-1], 4)}


def _light(words: list[int]) -> Facts:
    mode, red_green, blue_brightness, period_ms, duration_s, progress = words
    return {
        "mode": LightMode(mode).name.lower(),
        "red": red_green >> 8,
        "green": red_green & 0xFF,
        "blue": blue_brightness >> 8,
        "brightness_percent": blue_brightness & 0xFF,
        "period_ms": period_ms,
        "duration_s": duration_s,
        "progress_percent": progress,
    }


def _car(unit: Unit) -> Facts | None:
    car = unit.car
    if car is None:
        return None
    return {
        "name": car.name,
        "soc": round(car.soc, 2),
        "battery_kwh": car.battery_kwh,
        "requested_a": car.requested_a,
        "phases": car.phases,
        "behaviour": str(car.behaviour),
        "paused": car.paused,
        "reaction_s": car.reaction_s,
        "session_s": round(unit.session_s, 1),
    }
