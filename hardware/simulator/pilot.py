"""What is on the control pilot? Letters, volts and duty cycle of IEC 61851-1, annex A."""

from __future__ import annotations

from typing import Final

NO_PILOT: Final = "--"
HIGH_V: Final = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0, "E": 0.0, "F": -12.0}
LOW_V: Final = -12.0
DIGITAL_DUTY_PERMILLE: Final = 50  # 5 %: the limit comes by digital communication (ISO 15118)
STEADY_PERMILLE: Final = 1000
FULL_LINEAR_A: Final = 51.0
AC_RANGE_A: Final = (6.0, 80.0)


def letters_of(*, plugged: bool, asks: bool, pwm: bool, available: bool, broken: bool) -> str:
    """Two characters such as "C2": the pilot state and 1 = steady, 2 = PWM (IEC 61851-1, table A.4)."""
    if broken:
        return "E0"
    if not available:
        return "F0"
    state = "A" if not plugged else "C" if asks else "B"
    return f"{state}{2 if pwm and plugged else 1}"


def duty_permille_of(limit_a: float) -> int:
    """The duty cycle that offers *limit_a* (IEC 61851-1, table A.7): 6..51 A linear, above in steps of 2.5 A."""
    lowest, highest = AC_RANGE_A
    offered = min(max(limit_a, lowest), highest)
    percent = offered / 0.6 if offered <= FULL_LINEAR_A else offered / 2.5 + 64
    return round(percent * 10)


def volts_of(letters: str) -> tuple[float, float]:
    """(high, low) on the pilot in volts; equal while no PWM is on."""
    high = HIGH_V[letters[0]]
    return high, LOW_V if letters[1] == "2" else high
