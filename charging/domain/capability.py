"""What a connector is able to do, as its controller said at discovery. Amperes per phase, watts in all."""

from __future__ import annotations

from dataclasses import dataclass

NOMINAL_VOLTAGE_V = 230  # line to neutral; turns a limit in watts into amperes per phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """The limits and abilities of one connector's hardware."""

    direct_current: bool = False
    phases: int = 3
    minimum_a: float = 6.0  # IEC 61851-1: below this an AC EV must not draw; DC boards tell their own
    maximum_a: float = 32.0
    minimum_w: int = 0
    maximum_w: int = 22080
    has_lock: bool = False  # the station's lock holds the EV driver's own cable (socket)
    can_resume: bool = True  # a transfer that was cut may go on without plugging in again
    exclusion_group: int = 0  # connectors with the same non-zero group deliver one at a time

    def watts_of(self, current_a: float) -> int:
        """Power at *current_a* per phase and nominal voltage (AC)."""
        return round(current_a * NOMINAL_VOLTAGE_V * self.phases)

    def amperes_of(self, power_w: float) -> float:
        """Current per phase at *power_w* and nominal voltage (AC), rounded down to 0.1 A."""
        return int(power_w * 10 / (NOMINAL_VOLTAGE_V * self.phases)) / 10
