"""One healthy frame of a controller, in the words of the rules: what is physically true at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pilot(StrEnum):
    """Control pilot state as defined by IEC 61851-1. CHAdeMO and GB/T DC have none."""

    A = "A"  # no EV
    B = "B"  # EV connected, not asking for energy
    C = "C"  # EV asks for energy
    D = "D"  # EV asks for energy, ventilation required
    E = "E"  # no pilot: cable or EVSE fault
    F = "F"  # EVSE not available


class Phase(StrEnum):
    """How far the controller is with this vehicle."""

    IDLE = "idle"
    PREPARING = "preparing"
    CABLE_CHECK = "cable_check"
    PRECHARGE = "precharge"
    CHARGING = "charging"
    PAUSED_BY_EV = "paused_by_ev"
    PAUSED_BY_EVSE = "paused_by_evse"
    STOPPING = "stopping"
    FINISHED = "finished"
    UPDATING = "updating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one status frame says about one connector. None = this controller does not measure it."""

    plugged: bool
    ev_ready: bool  # the EV asks for energy (pilot C or D, or its DC equivalent)
    delivering: bool  # feedback of the contactor: closed
    phase: Phase
    pilot: Pilot | None = None
    locked: bool | None = None  # feedback of the station's lock; None without one
    faults: frozenset[str] = frozenset()  # names of charging.domain.faults, active or latched on the board
    emergency_stop: bool = False  # the button is in, or the board holds the stop latched
    button_pressed: bool = False  # the mushroom button itself, not what is latched because of it
    watchdog_tripped: bool = False
    enabled: bool = False  # the board is told to allow charging
    rebooted: bool = False  # since it was last acknowledged

    register_wh: int = 0  # Energy.Active.Import.Register, lifetime, never resets
    power_w: int = 0
    voltages_v: tuple[float, ...] = ()  # per phase, or one for DC
    currents_a: tuple[float, ...] = ()  # per phase, or one for DC
    soc_percent: float | None = None
    temperatures_c: tuple[float, ...] = ()  # connector, cable, contactor, board
    limit_a: float = 0.0  # applied by the board now
    limit_w: int = 0
    limited_by: str = ""  # hardware, setpoint, cable, temperature, watchdog, ev, phase
    ev_maximum_w: int | None = None
    cable_rating_a: int | None = None
    session_s: int = 0  # since the plug went in, by the board's clock
    uptime_s: int = 0
