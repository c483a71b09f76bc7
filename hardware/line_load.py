"""How many controllers a line can carry: six setpoints must reach each of them within its watchdog's time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hardware.capabilities import Driver
from hardware.line import silence_s
from hardware.native_map import WATCHDOG_S
from hardware.serial_port import BITS_PER_BYTE

SETPOINTS_IN_WATCHDOG: Final = 6  # some may be lost, and one turn may carry a dump's block
TURN_AT_MOST_S: Final = WATCHDOG_S / SETPOINTS_IN_WATCHDOG


def exchanges_s(driver: type[Driver], baud_rate: int) -> float:
    """What one controller takes of each turn: its bytes on the wire, a silence before each request and each reply."""
    wire_s = sum(driver.turn_bytes) * BITS_PER_BYTE / baud_rate
    return wire_s + 2 * len(driver.turn_bytes) * silence_s(baud_rate)


def carried(drivers: Iterable[type[Driver]], baud_rate: int) -> tuple[int, float]:
    """How many of *drivers*, from the first on, one turn has time for; and what a turn of all of them would take, s."""
    count, turn_s = 0, 0.0
    for driver in drivers:
        turn_s += exchanges_s(driver, baud_rate)
        count += turn_s <= TURN_AT_MOST_S
    return count, turn_s
