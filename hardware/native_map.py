"""The register map of our native controllers, protocol version 1: addresses and bits, no behaviour.

Modbus RTU, 115200 8N1, units 1..31, big-endian, high word first. One unit per connector. Unit 0 is
broadcast: the setpoint is obeyed and not answered. 0x8000 / 0xFFFF mean "not fitted".
The drivers and the simulator share this file and nothing else, so that an error in one shows in the other.
Source: docs/native_protocol.md.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

BROADCAST_UNIT: Final = 0
FIRST_UNIT: Final = 1
LAST_UNIT: Final = 31
BAUD_RATES: Final = (115200, 57600, 19200, 9600)
PROTOCOL_MAJOR: Final = 1
PROTOCOL_MINOR: Final = 0
NOT_FITTED_U16: Final = 0xFFFF
NOT_FITTED_S16: Final = 0x8000  # as the raw word


class Function(IntEnum):
    """Modbus function codes that a native controller answers."""

    READ_HOLDING = 0x03
    READ_INPUT = 0x04
    WRITE_ONE = 0x06
    WRITE_MANY = 0x10
    READ_FILE = 0x14
    READ_IDENTITY = 0x2B


class Refusal(IntEnum):
    """Modbus exception codes."""

    FUNCTION = 1
    ADDRESS = 2
    VALUE = 3
    HARDWARE = 4
    BUSY = 6


# --- status: input registers, one read of the whole block -------------------------------------------

STATUS_ADDRESS: Final = 0x0000
STATUS_COUNT: Final = 64
STATUS_BLOCK_ID: Final = 0x5301


class Status(IntEnum):
    """Offset of each register in the status block; two-word values name their high word."""

    BLOCK_ID = 0
    SEQUENCE = 1  # +1 per reply
    PROTOCOL = 2  # major << 8 | minor
    STATE = 3  # BoardState
    PILOT = 4  # two ASCII characters, "--" where the standard has no pilot letter
    PILOT_HIGH_10MV = 5  # s16
    PILOT_LOW_10MV = 6  # s16
    PILOT_DUTY_PERMILLE = 7
    CABLE_RATING_A = 8  # 0 none, 0xFFFF error
    FLAGS = 9  # Flag
    FAULTS = 10  # u32, FAULT_BITS
    LATCHED_FAULTS = 12  # u32, FAULT_BITS
    WARNINGS = 14  # u32, FAULT_BITS
    LAST_FAULT = 16  # bit number + 1, 0 none
    FAULT_COUNTER = 17
    TEMPERATURE_CONNECTOR_DECIC = 18  # s16, 0.1 degrees Celsius
    TEMPERATURE_CABLE_DECIC = 19
    TEMPERATURE_CONTACTOR_DECIC = 20
    TEMPERATURE_BOARD_DECIC = 21
    VOLTAGE_L1_DV = 22  # 0.1 V
    VOLTAGE_L2_DV = 23
    VOLTAGE_L3_DV = 24
    CURRENT_L1_CA = 25  # 10 mA
    CURRENT_L2_CA = 26
    CURRENT_L3_CA = 27
    POWER_W = 28  # s32
    FREQUENCY_CHZ = 30  # 0.01 Hz
    DC_VOLTAGE_DV = 31  # 0.1 V
    DC_CURRENT_DA = 32  # s16, 0.1 A
    REGISTER_WH = 33  # u64, lifetime, never resets
    SESSION_WH = 37  # u32, since the plug went in
    SESSION_S = 39  # u32
    CHARGING_S = 41  # u32
    SOC_PERMILLE = 43
    EV_TARGET_VOLTAGE_DV = 44
    EV_TARGET_CURRENT_DA = 45
    EV_MAX_VOLTAGE_DV = 46
    EV_MAX_CURRENT_DA = 47
    EV_MAX_POWER_10W = 48
    EV_MIN_CURRENT_DA = 49
    EV_ENERGY_WH = 50  # u32
    ISOLATION_KOHM = 52
    LIMIT_DA = 53  # 0.1 A, applied now
    LIMIT_W = 54  # u32, applied now
    LIMIT_SOURCE = 56  # LimitSource
    WATCHDOG_LEFT_DS = 57  # 0.1 s
    COMMAND_ID = 58
    COMMAND_RESULT = 59  # CommandResult
    UPTIME_S = 60  # u32
    RESET_REASON = 62
    SEQUENCE_COPY = 63  # equals SEQUENCE, or the block is torn


class BoardState(IntEnum):
    """STATE of the status block."""

    BOOT = 0
    DISABLED = 1
    IDLE = 2
    WAIT_AUTHORIZATION = 3
    PREPARING = 4
    CABLE_CHECK = 5
    PRECHARGE = 6
    CHARGING = 7
    PAUSED_EV = 8
    PAUSED_EVSE = 9
    STOPPING = 10
    FINISHED = 11
    FAULT = 12
    EMERGENCY_STOP = 13
    FIRMWARE_UPDATE = 14


class Flag(IntFlag):
    """FLAGS of the status block."""

    PLUGGED = 1 << 0
    LOCK_CLOSED = 1 << 1
    LOCK_COMMANDED = 1 << 2
    CONTACTOR_COMMANDED = 1 << 3
    CONTACTOR_CLOSED = 1 << 4  # feedback of the mirror contact
    PRECHARGE_RELAY = 1 << 5
    VENTILATION = 1 << 6
    EMERGENCY_INPUT = 1 << 7  # the mushroom button is in
    DOOR_OPEN = 1 << 8
    WATCHDOG_TRIPPED = 1 << 9
    TIME_VALID = 1 << 10
    REBOOTED = 1 << 11  # until acknowledged by Opcode.ACKNOWLEDGE_REBOOT
    NEW_LOG = 1 << 12
    SLOT_VALID = 1 << 13
    AUTHORIZED = 1 << 14
    TEST_MODE = 1 << 15


# Bit n of FAULTS, LATCHED_FAULTS and WARNINGS. The names are those of charging.domain.faults.
FAULT_BITS: Final = (
    "ConnectorLockFailure",
    "GroundFailure",
    "HighTemperature",
    "OverCurrentFailure",
    "OverVoltage",
    "UnderVoltage",
    "EmergencyStop",
    "InvalidVehicleMode",
    "CableCheckFailure",
    "PreChargeFailure",
    "PilotFault",
    "PowerLoss",
    "EVContactorFault",
    "EVSEContactorFault",
    "CableOverTempDerate",
    "CableOverTempStop",
    "PartialInsertion",
    "CapacitanceFault",
    "ResistanceFault",
    "ProximityFault",
    "ConnectorVoltageHigh",
    "BrokenLatch",
    "CutCable",
    "DiodeFault",
    "VentilationNotAvailable",
    "ResidualCurrentSelfTest",
    "PowerSupplyFailure",
    "PowerMeterFailure",
    "TiltDetected",
    "WaterIngress",
    "EnclosureOpen",
    "VendorError",
)


class LimitSource(IntEnum):
    """Who limits now."""

    HARDWARE = 0
    SETPOINT = 1
    CABLE = 2
    TEMPERATURE = 3
    WATCHDOG = 4
    EV = 5
    PHASE = 6


# --- identity: input registers ----------------------------------------------------------------------

IDENTITY_ADDRESS: Final = 0x0100
IDENTITY_COUNT: Final = 64
IDENTITY_BLOCK_ID: Final = 0x4944


class Identity(IntEnum):
    """Offset of each register in the identity block. Text is ASCII, two characters a register, NUL padded."""

    BLOCK_ID = 0
    VENDOR = 1  # 8 registers
    MODEL = 9  # 12 registers
    SERIAL = 21  # 12 registers, of the board
    FIRMWARE_MAJOR = 33
    FIRMWARE_MINOR = 34
    FIRMWARE_PATCH = 35
    FIRMWARE_BUILD = 36
    FIRMWARE_CRC32 = 37  # u32
    HARDWARE_REVISION = 39
    BOOTLOADER = 40
    CONNECTOR_TYPE = 41  # ConnectorType
    PHASES = 42
    MAXIMUM_DA = 43  # 0.1 A
    MINIMUM_DA = 44  # 0.1 A
    MAXIMUM_DV = 45  # 0.1 V
    MAXIMUM_W = 46  # u32
    CAPABILITIES = 48  # Capability
    DUMP_BYTES = 49  # u32
    SLOT_BYTES = 51  # u32
    MAXIMUM_BLOCK_BYTES = 53
    RESET_COUNTER = 54
    BOARD_INDEX = 55  # 1-based number of this connector on its board
    EXCLUSION_GROUP = 56  # connectors of one station with the same non-zero group deliver one at a time
    MINIMUM_10W = 57
    PROTOCOL = 58  # major << 8 | minor
    SECURITY_COUNTER = 59  # u32, of the running program; 0 where a board knows none


VENDOR_WORDS: Final = 8
MODEL_WORDS: Final = 12
SERIAL_WORDS: Final = 12


class ConnectorType(IntEnum):
    """Standard of the outlet."""

    TYPE2_SOCKET = 1
    TYPE2_CABLE = 2
    CCS2 = 3
    CHADEMO = 4
    GBT_AC = 5
    GBT_DC = 6
    TYPE1 = 7
    CCS1 = 8
    NACS = 9


class Capability(IntFlag):
    """Abilities of the unit."""

    LIGHT = 1 << 0
    LOCK = 1 << 1
    METER = 1 << 2
    PHASE_SWITCH = 1 << 3
    ISOLATION_MONITOR = 1 << 4
    CHADEMO_BUTTON = 1 << 5
    DC_RESTART = 1 << 6  # a DC session may restart without plugging in again
    TWO_SLOTS = 1 << 7


class IdentityObject(IntEnum):
    """Objects of function 43/14 (read device identification)."""

    VENDOR = 0x00
    MODEL = 0x01
    REVISION = 0x02
    PRODUCT = 0x04
    APPLICATION = 0x05
    SERIAL = 0x80
    HARDWARE = 0x81
    BOOTLOADER = 0x82
    CONNECTOR_TYPE = 0x83
    BUILD = 0x84


# --- setpoint: holding registers, written every turn with one WRITE_MANY ----------------------------

SETPOINT_ADDRESS: Final = 0x0200
SETPOINT_COUNT: Final = 8
SETPOINT_KEY: Final = 0xC0DE


class Setpoint(IntEnum):
    """Offsets of the setpoint's registers."""

    KEY = 0
    ENABLE = 1  # Enable
    LIMIT_DA = 2  # 0.1 A per phase; 0 pauses, never faults
    LIMIT_W = 3  # u32
    VOLTAGE_CAP_DV = 5  # 0 = the board's own maximum
    WATCHDOG_DS = 6  # 0.1 s; 0 is refused outside test mode
    FALLBACK_DA = 7  # 0.1 A when the watchdog expires; 0 pauses


class Enable(IntFlag):
    """What is allowed."""

    CHARGE = 1 << 0
    AVAILABLE = 1 << 1  # cleared: pilot state F, out of order
    AUTHORIZED = 1 << 2
    LOCK = 1 << 3  # wanted position of the station's lock; the board never opens it under current


# --- command mailbox: holding registers, one WRITE_MANY ---------------------------------------------

COMMAND_ADDRESS: Final = 0x0210
COMMAND_COUNT: Final = 8


class Command(IntEnum):
    """Offsets of the mailbox's registers."""

    ID = 0  # the master increments it, never 0; the same id is not executed twice
    OPCODE = 1
    ARGUMENT_1 = 2
    ARGUMENT_2 = 3
    ARGUMENT_3 = 4
    ARGUMENT_4 = 5
    CRC16 = 6  # Modbus CRC of the twelve bytes before it
    ZERO = 7


class Opcode(IntEnum):
    """Commands."""

    UNLOCK = 1
    LOCK = 2
    RESET = 3
    CLEAR_FAULTS = 4
    EMERGENCY_STOP = 5
    RELEASE_EMERGENCY_STOP = 6
    SELF_TEST = 7
    SNAPSHOT_DUMP = 8  # argument 1: DumpKind
    CHADEMO_START = 9
    POWER_OFF = 10
    LIGHT_TEST = 11
    ACKNOWLEDGE_REBOOT = 12
    REPLUG = 13
    FIRMWARE_BEGIN = 16  # arguments: size high, size low, CRC32 high, CRC32 low
    FIRMWARE_VERIFY = 17
    FIRMWARE_COMMIT = 18
    FIRMWARE_CONFIRM = 19
    FIRMWARE_ABORT = 20
    ROM_BOOTLOADER = 21


class CommandResult(IntEnum):
    """COMMAND_RESULT of the status block."""

    OK = 0
    BUSY = 1
    WRONG_STATE = 2
    BAD_ARGUMENT = 3
    HARDWARE_FAILURE = 4
    UNKNOWN = 5


# --- light, time, configuration: holding registers ---------------------------------------------------

LIGHT_ADDRESS: Final = 0x0220
LIGHT_COUNT: Final = 6


class Light(IntEnum):
    """Offsets of the light's registers."""

    MODE = 0  # LightMode
    RED_GREEN = 1  # red << 8 | green
    BLUE_BRIGHTNESS = 2  # blue << 8 | brightness
    PERIOD_MS = 3
    DURATION_S = 4  # 0 = until the next write
    PROGRESS = 5  # percent


class LightMode(IntEnum):
    """How the light moves."""

    AUTOMATIC = 0
    OFF = 1
    SOLID = 2
    BLINK = 3
    BREATHE = 4
    PROGRESS = 5


TIME_ADDRESS: Final = 0x0228
TIME_COUNT: Final = 4


class Time(IntEnum):
    """Offsets of the clock's registers."""

    UNIX_S = 0  # u32
    MILLISECOND = 2
    ZONE_MIN = 3  # s16


# --- dumps: function 20, read file record ------------------------------------------------------------

DUMP_PAGE_RECORDS: Final = 9920  # registers; 80 reads of 124
DUMP_READ_WORDS: Final = 124
DUMP_MAGIC: Final = 0x444D5031  # "DMP1"
DUMP_HEADER_WORDS: Final = 10  # magic u32, kind u16, 0, length u32 (bytes), CRC32 u32, created u32


class DumpKind(IntEnum):
    """File number = kind * 16 + page. An event record is 16 bytes: unix u32, uptime u32, code, arg, arg u32."""

    EVENTS = 1
    MEMORY = 2
    CONFIGURATION = 3
    COUNTERS = 4
    WAVEFORM = 5


# --- firmware ----------------------------------------------------------------------------------------

FIRMWARE_WINDOW_ADDRESS: Final = 0x0400
FIRMWARE_BLOCK_BYTES: Final = 232
FIRMWARE_WINDOW_COUNT: Final = 6 + FIRMWARE_BLOCK_BYTES // 2


class FirmwareWindow(IntEnum):
    """Offsets of the firmware window's registers."""

    OFFSET = 0  # u32
    LENGTH = 2  # bytes
    CRC16 = 3  # Modbus CRC of the block's bytes
    SESSION = 4  # command id of FIRMWARE_BEGIN
    BLOCK = 5
    BYTES = 6


FIRMWARE_STATUS_ADDRESS: Final = 0x0440
FIRMWARE_STATUS_COUNT: Final = 8


class FirmwareStatus(IntEnum):
    """Offsets of the firmware status."""

    STATE = 0  # FirmwareState
    NEXT_OFFSET = 1  # u32
    ERROR = 3
    PROGRESS = 4  # percent
    SLOT = 5


class FirmwareState(IntEnum):
    """How far the update is."""

    IDLE = 0
    ERASING = 1
    RECEIVING = 2
    VERIFYING = 3
    VERIFIED = 4
    AWAITING_CONFIRM = 5  # rolls back by itself 60 s after boot
    FAILED = 6


CONFIRM_WITHIN_S: Final = 60
WATCHDOG_S: Final = 3.0
