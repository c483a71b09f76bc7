"""Our native controllers: Modbus RTU, protocol version 1 (hardware/native_map.py, docs/native_protocol.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from charging.domain.lights import Light, Pattern
from charging.domain.observation import Observation
from charging.domain.outputs import Outputs
from hardware.capabilities import ConnectorIdentity, Driver, Exchange, Steps
from hardware.modbus_rtu import broadcast_many, bytes_of_read, bytes_of_write, read_input, write_many
from hardware.native_map import (
    BAUD_RATES,
    FIRST_UNIT,
    IDENTITY_ADDRESS,
    IDENTITY_COUNT,
    LAST_UNIT,
    LIGHT_ADDRESS,
    LIGHT_COUNT,
    PROTOCOL_MAJOR,
    SETPOINT_ADDRESS,
    SETPOINT_COUNT,
    SETPOINT_KEY,
    STATUS_ADDRESS,
    STATUS_BLOCK_ID,
    STATUS_COUNT,
    TIME_ADDRESS,
    TIME_COUNT,
    WATCHDOG_S,
    CommandResult,
    DumpKind,
    Enable,
    LightMode,
    Opcode,
    Setpoint,
    Status,
    Time,
)
from hardware.native_map import Light as LightWord

from . import _native_dump
from ._native_identity import check_identity, identity_of
from ._native_mailbox import Mailbox
from ._native_status import check_status, observation_of
from ._native_update import Update

_MOST_DA: Final = 0xFFFE
_MOST_W: Final = 0xFFFFFFFE
_SELF_TEST_POLLS: Final = 300  # some seconds, by the wire time of a status block
_LIGHT_MODES: Final = {
    Pattern.OFF: LightMode.OFF,
    Pattern.STEADY: LightMode.SOLID,
    Pattern.BLINK: LightMode.BLINK,
    Pattern.BREATHE: LightMode.BREATHE,
}


class NativeDriver:
    """One unit. It remembers the last frame's sequence and whether the board has a lock."""

    title: ClassVar[str] = "Native controller (Modbus RTU)"
    baud_rates: ClassVar[tuple[int, ...]] = BAUD_RATES
    units: ClassVar[range] = range(FIRST_UNIT, LAST_UNIT + 1)
    turn_bytes: ClassVar[tuple[int, ...]] = (bytes_of_read(STATUS_COUNT), bytes_of_write(SETPOINT_COUNT))

    def __init__(self, unit: int) -> None:
        """Speak to *unit* (1..31)."""
        self.unit = unit
        self._sequence: int | None = None
        self._has_lock: bool | None = None
        self._mailbox = Mailbox(unit, self._status)
        self._update = Update(unit, self._mailbox, self.identify)

    def probe(self) -> Steps[bool]:
        """Read the block id and the protocol: three registers that nothing else answers this way."""
        words = yield from read_input(self.unit, STATUS_ADDRESS, Status.PROTOCOL + 1)
        return words[Status.BLOCK_ID] == STATUS_BLOCK_ID and words[Status.PROTOCOL] >> 8 == PROTOCOL_MAJOR

    def identify(self) -> Steps[ConnectorIdentity]:
        """Read the identity block. Raises Implausible when it says what cannot be."""

        def check(words: Sequence[int]) -> None:
            check_identity(self.unit, words)

        words = yield from read_input(self.unit, IDENTITY_ADDRESS, IDENTITY_COUNT, check)
        identity = identity_of(self.unit, words)
        self._has_lock = identity.has_lock
        return identity

    def read(self) -> Steps[Observation]:
        """Read one whole fresh status block. Raises Implausible: torn, standing still, or impossible values."""
        words = yield from self._status()
        return observation_of(words, has_lock=self._has_lock)

    def _status(self) -> Steps[tuple[int, ...]]:
        def check(words: Sequence[int]) -> None:
            check_status(self.unit, words, self._sequence)

        words = yield from read_input(self.unit, STATUS_ADDRESS, STATUS_COUNT, check)
        self._sequence = words[Status.SEQUENCE]
        self._mailbox.seen(words)
        return words

    def write(self, outputs: Outputs) -> Steps[None]:
        """Write the setpoint: watchdog 3.0 s, fallback 0."""
        energizes = outputs.enable or outputs.limit_a > 0 or outputs.limit_w > 0
        yield from write_many(self.unit, SETPOINT_ADDRESS, setpoint_of(outputs), energizes=energizes)

    # --- abilities beyond the turn ------------------------------------------------------------------

    def set_light(self, light: Light) -> Steps[None]:
        """Show *light* until the next one."""
        yield from write_many(self.unit, LIGHT_ADDRESS, light_words(light))

    def set_time(self, now: datetime) -> Steps[None]:
        """Set the board's clock. Raises ValueError for a time without zone."""
        yield from write_many(self.unit, TIME_ADDRESS, time_words(now))

    def unlock(self) -> Steps[None]:
        """Open the lock once. Raises Refused under current or without a lock."""
        yield from self._mailbox.demand(Opcode.UNLOCK)

    def restart(self) -> Steps[None]:
        """Restart the board, and with it every unit of its serial number."""
        yield from self._mailbox.post(Opcode.RESET)

    def acknowledge_reboot(self) -> Steps[None]:
        """Clear the flag that says the board has rebooted."""
        yield from self._mailbox.demand(Opcode.ACKNOWLEDGE_REBOOT)

    def clear_faults(self) -> Steps[None]:
        """Acknowledge a reboot, release the emergency stop, clear latches. Raises Refused while a cause remains."""
        yield from self._mailbox.demand(Opcode.ACKNOWLEDGE_REBOOT)
        yield from self._mailbox.demand(Opcode.RELEASE_EMERGENCY_STOP)
        yield from self._mailbox.demand(Opcode.CLEAR_FAULTS)

    def self_test(self) -> Steps[str]:
        """Test the residual current device or the isolation monitor. Raises Refused when it cannot start."""
        result = yield from self._mailbox.order(Opcode.SELF_TEST, polls=_SELF_TEST_POLLS)
        if result is CommandResult.OK:
            return "The self test passed."
        if result is CommandResult.HARDWARE_FAILURE:
            return "The self test failed: the protection device did not trip, do not use this connector."
        raise self._mailbox.refusal(Opcode.SELF_TEST, result)

    def fetch_dump(self, received: bytes, kind: DumpKind = DumpKind.EVENTS) -> Steps[tuple[bytes, int]]:
        """One block more of a dump; the bytes begin with its 20-byte header."""
        return _native_dump.fetch(self.unit, self._mailbox, kind, received)

    def update_firmware(self, image: bytes) -> Steps[tuple[int, int]]:
        """One step of the update to *image*; (done, of). Raises Refused."""
        return self._update.step(image)

    @staticmethod
    def broadcast_stop() -> Exchange:
        """Limit 0 and no authorization for every unit; the pilot stays available."""
        return broadcast_many(SETPOINT_ADDRESS, _setpoint(Enable.AVAILABLE, 0, 0))


def _setpoint(enable: Enable, limit_da: int, limit_w: int) -> list[int]:
    words = [0] * SETPOINT_COUNT
    words[Setpoint.KEY] = SETPOINT_KEY
    words[Setpoint.ENABLE] = enable
    words[Setpoint.LIMIT_DA] = limit_da
    words[Setpoint.LIMIT_W : Setpoint.LIMIT_W + 2] = divmod(limit_w, 1 << 16)
    words[Setpoint.WATCHDOG_DS] = round(WATCHDOG_S * 10)
    return words


def setpoint_of(outputs: Outputs) -> list[int]:
    """The setpoint's eight registers. Limits are rounded down; a negative or undefined one is 0."""
    enable = Enable(0)
    for bit, wanted in (
        (Enable.CHARGE, outputs.enable),
        (Enable.AVAILABLE, outputs.available),
        (Enable.AUTHORIZED, outputs.authorized),
        (Enable.LOCK, outputs.lock),
    ):
        if wanted:
            enable |= bit
    return _setpoint(enable, _whole(outputs.limit_a * 10, _MOST_DA), _whole(outputs.limit_w, _MOST_W))


def _whole(limit: float, most: int) -> int:
    # 6.3 A * 10 is 62.99..., and must not become 6.2 A.
    return min(math.floor(limit + 1e-6), most) if math.isfinite(limit) and limit > 0 else 0


def light_words(light: Light) -> list[int]:
    """The light's six registers; brightness in percent."""
    words = [0] * LIGHT_COUNT
    words[LightWord.MODE] = _LIGHT_MODES[light.pattern]
    words[LightWord.RED_GREEN] = light.red << 8 | light.green
    words[LightWord.BLUE_BRIGHTNESS] = light.blue << 8 | light.brightness_percent
    words[LightWord.PERIOD_MS] = light.period_ms
    return words


def time_words(now: datetime) -> list[int]:
    """The clock's four registers, UTC."""
    if now.tzinfo is None:
        raise ValueError("The board's clock is set from an aware time.")
    words = [0] * TIME_COUNT
    words[Time.UNIX_S : Time.UNIX_S + 2] = divmod(int(now.timestamp()), 1 << 16)
    words[Time.MILLISECOND] = now.microsecond // 1000
    return words


DRIVER: Final[type[Driver]] = NativeDriver
