"""What does a unit say of itself? The status and identity blocks of native_map, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.native_map import (
    DUMP_HEADER_WORDS,
    FAULT_BITS,
    FIRMWARE_BLOCK_BYTES,
    IDENTITY_BLOCK_ID,
    IDENTITY_COUNT,
    MODEL_WORDS,
    NOT_FITTED_S16,
    NOT_FITTED_U16,
    PROTOCOL_MAJOR,
    PROTOCOL_MINOR,
    SERIAL_WORDS,
    STATUS_BLOCK_ID,
    STATUS_COUNT,
    VENDOR_WORDS,
    Capability,
    Flag,
    Identity,
    Status,
)

from .car import MAINS_V
from .firmware import HARDWARE_REVISION, SLOT_BYTES
from .limits import DERATING
from .pilot import DIGITAL_DUTY_PERMILLE, NO_PILOT, STEADY_PERMILLE, duty_permille_of, letters_of, volts_of

if TYPE_CHECKING:
    from .board import Board
    from .unit import Unit

VENDOR: Final = "Openstation"
BOOTLOADER: Final = 3
DUMP_BYTES: Final = 512 * 16 + DUMP_HEADER_WORDS * 2
AMBIENT_C: Final = 24.0
MAINS_CHZ: Final = 5000
ISOLATION_KOHM: Final = 2500
_PROTOCOL: Final = PROTOCOL_MAJOR << 8 | PROTOCOL_MINOR


def letters(unit: Unit) -> str:
    """The pilot as two characters; "--" where the standard has none."""
    if not unit.spec.has_pilot:
        return NO_PILOT
    available = bool(unit.setpoint.enable & 2)
    broken = "PilotFault" in unit.faults
    pwm = unit.pwm or unit.dc.under_way
    return letters_of(
        plugged=unit.plugged,
        asks=unit.dc.under_way and unit.asks if unit.spec.direct_current else unit.asks,
        pwm=pwm,
        available=available,
        broken=broken,
    )


def status_words(unit: Unit, board: Board, now_s: float) -> list[int]:
    """The 64 words of the status block, without sequence and mailbox, which belong to the answering side."""
    words = [0] * STATUS_COUNT
    words[Status.BLOCK_ID] = STATUS_BLOCK_ID
    words[Status.PROTOCOL] = _PROTOCOL
    words[Status.STATE] = unit.state
    words[Status.CABLE_RATING_A] = NOT_FITTED_U16 if "ProximityFault" in unit.faults else round(unit.cable_a or 0)
    words[Status.FLAGS] = flags_of(unit, board)
    words[Status.LAST_FAULT] = unit.last_fault
    words[Status.FAULT_COUNTER] = unit.fault_counter
    words[Status.RESET_REASON] = board.reset_reason
    words[Status.LIMIT_DA] = round(unit.limit.amperes * 10)
    words[Status.LIMIT_SOURCE] = unit.limit.source
    words[Status.WATCHDOG_LEFT_DS] = round(unit.watchdog_left_s * 10)
    _put_pilot(words, unit)
    _put_faults(words, unit)
    _put_temperatures(words, unit)
    _put_power(words, unit)
    _put_car(words, unit)
    put_u64(words, Status.REGISTER_WH, unit.register.reported_wh)
    put_u32(words, Status.SESSION_WH, int(unit.session_wh))
    put_u32(words, Status.SESSION_S, int(unit.session_s))
    put_u32(words, Status.CHARGING_S, int(unit.charging_s))
    put_u32(words, Status.LIMIT_W, unit.limit.watts)
    put_u32(words, Status.UPTIME_S, int(board.uptime_s(now_s)))
    return words


def flags_of(unit: Unit, board: Board) -> int:
    """The word Status.FLAGS."""
    rows = (
        (Flag.PLUGGED, unit.plugged),
        (Flag.LOCK_CLOSED, unit.lock_closed),
        (Flag.LOCK_COMMANDED, unit.lock_wanted),
        (Flag.CONTACTOR_COMMANDED, unit.contactor_commanded),
        (Flag.CONTACTOR_CLOSED, unit.contactor_closed),
        (Flag.PRECHARGE_RELAY, unit.dc.phase.name == "PRECHARGE"),
        (Flag.EMERGENCY_INPUT, unit.emergency_input),
        (Flag.DOOR_OPEN, "EnclosureOpen" in unit.faults),
        (Flag.WATCHDOG_TRIPPED, unit.tripped),
        (Flag.TIME_VALID, board.time_valid),
        (Flag.REBOOTED, board.rebooted),
        (Flag.NEW_LOG, board.new_log),
        (Flag.SLOT_VALID, True),
        (Flag.AUTHORIZED, bool(unit.setpoint.enable & 4)),
        (Flag.TEST_MODE, unit.test_mode),
    )
    return sum(flag for flag, true in rows if true)


def fault_bits(names: set[str]) -> int:
    """A bit for each of *names*, by native_map.FAULT_BITS."""
    return sum(1 << FAULT_BITS.index(name) for name in names)


def identity_words(unit: Unit, board: Board) -> list[int]:
    """The 64 words of the identity block."""
    spec, version = unit.spec, board.slots.running
    words = [0] * IDENTITY_COUNT
    words[Identity.BLOCK_ID] = IDENTITY_BLOCK_ID
    _put_text(words, Identity.VENDOR, VENDOR, VENDOR_WORDS)
    _put_text(words, Identity.MODEL, spec.model, MODEL_WORDS)
    _put_text(words, Identity.SERIAL, spec.serial, SERIAL_WORDS)
    words[Identity.FIRMWARE_MAJOR : Identity.FIRMWARE_BUILD + 1] = [
        version.major,
        version.minor,
        version.patch,
        version.build,
    ]
    put_u32(words, Identity.FIRMWARE_CRC32, version.crc32)
    words[Identity.HARDWARE_REVISION] = HARDWARE_REVISION
    words[Identity.BOOTLOADER] = BOOTLOADER
    words[Identity.CONNECTOR_TYPE] = spec.connector_type
    words[Identity.PHASES] = spec.phases
    words[Identity.MAXIMUM_DA] = round(spec.maximum_a * 10)
    words[Identity.MINIMUM_DA] = round(spec.minimum_a * 10)
    words[Identity.MAXIMUM_DV] = round(spec.maximum_v * 10)
    put_u32(words, Identity.MAXIMUM_W, spec.maximum_w)
    words[Identity.CAPABILITIES] = capabilities_of(unit)
    put_u32(words, Identity.DUMP_BYTES, DUMP_BYTES)
    put_u32(words, Identity.SLOT_BYTES, SLOT_BYTES)
    words[Identity.MAXIMUM_BLOCK_BYTES] = FIRMWARE_BLOCK_BYTES
    words[Identity.RESET_COUNTER] = board.reset_counter
    words[Identity.BOARD_INDEX] = spec.index
    words[Identity.EXCLUSION_GROUP] = spec.exclusion_group
    words[Identity.MINIMUM_10W] = round(spec.minimum_w / 10)
    words[Identity.PROTOCOL] = _PROTOCOL
    put_u32(words, Identity.SECURITY_COUNTER, version.security_counter)
    return words


def capabilities_of(unit: Unit) -> int:
    """The word Identity.CAPABILITIES."""
    spec = unit.spec
    rows = (
        (Capability.LIGHT, spec.light),
        (Capability.LOCK, spec.lock),
        (Capability.METER, True),
        (Capability.ISOLATION_MONITOR, spec.direct_current),
        (Capability.DC_RESTART, spec.dc_restart),
        (Capability.TWO_SLOTS, True),
    )
    return sum(capability for capability, true in rows if true)


def put_u32(words: list[int], offset: int, value: int) -> None:
    """High word first; what does not fit is shown as the largest value."""
    value = min(max(0, value), 0xFFFFFFFF)
    words[offset : offset + 2] = [value >> 16, value & 0xFFFF]


def put_u64(words: list[int], offset: int, value: int) -> None:
    """High word first."""
    words[offset : offset + 4] = [value >> shift & 0xFFFF for shift in (48, 32, 16, 0)]


def _put_text(words: list[int], offset: int, text: str, count: int) -> None:
    padded = text.encode("ascii").ljust(count * 2, b"\0")[: count * 2]
    words[offset : offset + count] = [padded[i] << 8 | padded[i + 1] for i in range(0, count * 2, 2)]


def _u16(value: float) -> int:
    return min(max(0, round(value)), 0xFFFE)


def _s16(value: float) -> int:
    return min(max(-32767, round(value)), 32767) & 0xFFFF


def _put_pilot(words: list[int], unit: Unit) -> None:
    text = letters(unit)
    words[Status.PILOT] = ord(text[0]) << 8 | ord(text[1])
    if text == NO_PILOT:
        words[Status.PILOT_HIGH_10MV] = words[Status.PILOT_LOW_10MV] = NOT_FITTED_S16
        words[Status.PILOT_DUTY_PERMILLE] = NOT_FITTED_U16
        return
    high_v, low_v = volts_of(text)
    words[Status.PILOT_HIGH_10MV], words[Status.PILOT_LOW_10MV] = _s16(high_v * 100), _s16(low_v * 100)
    words[Status.PILOT_DUTY_PERMILLE] = STEADY_PERMILLE
    if text[1] == "2":
        digital = unit.spec.direct_current
        words[Status.PILOT_DUTY_PERMILLE] = DIGITAL_DUTY_PERMILLE if digital else duty_permille_of(unit.limit.amperes)


def _put_faults(words: list[int], unit: Unit) -> None:
    stop = {"EmergencyStop"}
    active = (unit.faults | unit.latched) - DERATING
    put_u32(words, Status.FAULTS, fault_bits(active | unit.faults | (stop if unit.emergency_input else set())))
    put_u32(words, Status.LATCHED_FAULTS, fault_bits(unit.latched | (stop if unit.emergency_latched else set())))
    put_u32(words, Status.WARNINGS, fault_bits(unit.faults & DERATING))


def _put_temperatures(words: list[int], unit: Unit) -> None:
    hot_c = 60.0 if "HighTemperature" in unit.faults else 0.0
    words[Status.TEMPERATURE_CONNECTOR_DECIC] = _s16((AMBIENT_C + unit.heat_c + hot_c) * 10)
    cable = _s16((AMBIENT_C + unit.heat_c * 1.2 + hot_c) * 10)
    words[Status.TEMPERATURE_CABLE_DECIC] = NOT_FITTED_S16 if unit.spec.inlet == "ac" else cable
    words[Status.TEMPERATURE_CONTACTOR_DECIC] = _s16((AMBIENT_C + 4 + unit.heat_c) * 10)
    words[Status.TEMPERATURE_BOARD_DECIC] = _s16((AMBIENT_C + 9) * 10)


def _put_power(words: list[int], unit: Unit) -> None:
    put_u32(words, Status.POWER_W, round(unit.power_w))
    if unit.spec.direct_current:
        for offset in range(Status.VOLTAGE_L1_DV, Status.CURRENT_L3_CA + 1):
            words[offset] = NOT_FITTED_U16
        words[Status.FREQUENCY_CHZ] = MAINS_CHZ
        energized = unit.car is not None and unit.contactor_closed
        words[Status.DC_VOLTAGE_DV] = _u16(unit.car.voltage_v * 10) if unit.car is not None and energized else 0
        words[Status.DC_CURRENT_DA] = _s16(unit.current_a * 10)
        words[Status.ISOLATION_KOHM] = ISOLATION_KOHM
        return
    words[Status.DC_VOLTAGE_DV], words[Status.DC_CURRENT_DA] = NOT_FITTED_U16, NOT_FITTED_S16
    words[Status.ISOLATION_KOHM] = NOT_FITTED_U16
    words[Status.FREQUENCY_CHZ] = MAINS_CHZ
    for phase in range(3):
        fitted = phase < unit.spec.phases
        used = phase < unit.phases_in_use
        words[Status.VOLTAGE_L1_DV + phase] = _u16(MAINS_V * 10) if fitted else NOT_FITTED_U16
        words[Status.CURRENT_L1_CA + phase] = (_u16(unit.current_a * 100) if used else 0) if fitted else NOT_FITTED_U16


def _put_car(words: list[int], unit: Unit) -> None:
    offsets = range(Status.SOC_PERMILLE, Status.EV_MIN_CURRENT_DA + 1)
    car = unit.car
    if not unit.spec.direct_current or car is None:
        for offset in offsets:
            words[offset] = NOT_FITTED_U16
        put_u32(words, Status.EV_ENERGY_WH, 0xFFFFFFFF)
        return
    words[Status.SOC_PERMILLE] = _u16(car.soc * 10)
    words[Status.EV_TARGET_VOLTAGE_DV] = _u16(car.voltage_v * 10)
    words[Status.EV_TARGET_CURRENT_DA] = _u16(car.wanted_a() * 10)
    words[Status.EV_MAX_VOLTAGE_DV] = _u16(car.battery_v * 11.5)
    words[Status.EV_MAX_CURRENT_DA] = _u16(car.requested_a * 10)
    words[Status.EV_MAX_POWER_10W] = _u16(car.requested_w / 10)
    words[Status.EV_MIN_CURRENT_DA] = 0
    put_u32(words, Status.EV_ENERGY_WH, round(car.battery_kwh * 1000))
