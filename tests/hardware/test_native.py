from __future__ import annotations

import math
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.domain.faults import FAULTS
from charging.domain.lights import Light, Pattern
from charging.domain.observation import Observation, Phase, Pilot
from charging.domain.outputs import Outputs, restricted
from hardware import capabilities
from hardware.capabilities import Exchange, Steps
from hardware.drivers._native_identity import identity_of
from hardware.drivers._native_status import observation_of
from hardware.drivers.native import NativeDriver, light_words, setpoint_of, time_words
from hardware.errors import Implausible, Refused
from hardware.modbus_rtu import crc16, octets_of, sealed, words_of
from hardware.native_map import (
    COMMAND_ADDRESS,
    DUMP_PAGE_RECORDS,
    FAULT_BITS,
    FIRMWARE_STATUS_ADDRESS,
    FIRMWARE_WINDOW_ADDRESS,
    IDENTITY_ADDRESS,
    BoardState,
    CommandResult,
    ConnectorType,
    FirmwareState,
    Flag,
    Identity,
    Opcode,
    Status,
)

from .far_end import identity_words, read_reply, status_words
from .replay import recorded, replayed

T = TypeVar("T")
DARK = Light(red=0, green=0, blue=0, pattern=Pattern.OFF)
WHOLE_WORD = 0xFFFF


def outputs(limit_a: float = 16, limit_w: int = 11000, *, enable: bool = True) -> Outputs:
    return Outputs(
        enable=enable, available=True, authorized=True, limit_a=limit_a, limit_w=limit_w, lock=True, light=DARK
    )


# --- recorded bytes ---------------------------------------------------------------------------------------


def read_recorded(recording: str, unit: int) -> Observation:
    return replayed(NativeDriver(unit).read(), recorded("native", recording))


def test_it_recognises_its_own_kind() -> None:
    assert replayed(NativeDriver(1).probe(), recorded("native", "probe")) is True


@pytest.mark.parametrize(
    ("recording", "unit", "connector_type", "direct_current", "has_lock", "maximum_w"),
    [
        ("type2_socket_identify", 1, "TYPE2_SOCKET", False, True, 22080),
        ("type2_cable_identify", 2, "TYPE2_CABLE", False, False, 22080),
        ("ccs2_identify", 1, "CCS2", True, False, 150000),
        ("chademo_identify", 2, "CHADEMO", True, True, 50000),
    ],
)
def test_it_reads_who_a_unit_is(
    recording: str, unit: int, connector_type: str, direct_current: bool, has_lock: bool, maximum_w: int
) -> None:
    identity = replayed(NativeDriver(unit).identify(), recorded("native", recording))
    assert (identity.connector_type, identity.direct_current) == (connector_type, direct_current)
    assert (identity.has_lock, identity.maximum_w, identity.firmware) == (has_lock, maximum_w, "1.4.2")
    assert identity.board_serial.startswith("SIM-")


@pytest.mark.parametrize(
    ("recording", "unit", "facts"),
    [
        ("type2_socket_idle", 1, {"plugged": False, "pilot": Pilot.A, "phase": Phase.IDLE, "rebooted": True}),
        ("type2_socket_plugged", 1, {"plugged": True, "pilot": Pilot.B, "ev_ready": False, "cable_rating_a": 32}),
        (
            "type2_socket_charging",
            1,
            {"delivering": True, "pilot": Pilot.C, "power_w": 11000, "currents_a": (15.94,) * 3, "limit_a": 15.9},
        ),
        ("type2_cable_charging", 2, {"delivering": True, "power_w": 22000, "temperatures_c": (27.6, 31.6, 33.0)}),
        ("ccs2_charging", 1, {"voltages_v": (372.7,), "currents_a": (200.0,), "soc_percent": 40.4, "ev_ready": True}),
        ("chademo_charging", 2, {"pilot": None, "ev_ready": True, "delivering": True, "ev_maximum_w": 46000}),
        ("type2_cable_ground_failure", 2, {"faults": frozenset({"GroundFailure"}), "delivering": False}),
        ("type2_socket_emergency", 1, {"emergency_stop": True, "delivering": False, "phase": Phase.IDLE}),
        ("type2_cable_watchdog", 2, {"watchdog_tripped": True, "limited_by": "watchdog", "limit_a": 0.0}),
    ],
)
def test_it_reads_what_is_true(recording: str, unit: int, facts: dict[str, object]) -> None:
    observation = read_recorded(recording, unit)
    assert {name: getattr(observation, name) for name in facts} == facts


def test_it_writes_the_setpoint_that_was_recorded() -> None:
    assert replayed(NativeDriver(1).write(outputs()), recorded("native", "setpoint_16_a")) is None


def test_a_refused_command_says_why() -> None:
    driver = NativeDriver(1)
    driver._mailbox.seen(tuple(status_words()))
    with pytest.raises(Refused, match=r"UNLOCK.*present state") as refusal:
        replayed(driver.unlock(), recorded("native", "unlock_under_current"))
    assert refusal.value.code == CommandResult.WRONG_STATE


def commanded(recording: str, unit: int) -> NativeDriver:
    """A driver that has seen the command before the first one of *recording*."""
    driver = NativeDriver(unit)
    request, _reply = next(recorded("native", recording))
    driver._mailbox.seen(tuple(status_words(1, COMMAND_ID=words_of(request[7:-2])[0] - 1)))
    return driver


@pytest.mark.parametrize(
    ("recording", "unit", "refused"),
    [
        ("clear_faults", 2, None),
        ("clear_faults_while_active", 2, "CLEAR_FAULTS"),
        ("release_emergency", 1, None),
        ("release_while_pressed", 1, "RELEASE_EMERGENCY_STOP"),
    ],
)
def test_latches_are_released_only_when_their_cause_is_gone(recording: str, unit: int, refused: str | None) -> None:
    steps = commanded(recording, unit).clear_faults()
    if refused is None:
        assert replayed(steps, recorded("native", recording)) is None
        return
    with pytest.raises(Refused, match=refused):
        replayed(steps, recorded("native", recording))


def test_the_first_call_for_a_dump_takes_a_snapshot_and_reads_its_header() -> None:
    received, whole = replayed(commanded("dump_begin", 1).fetch_dump(b""), recorded("native", "dump_begin"))
    assert (len(received), whole) == (20, 276)


# --- the status block -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"STATE": 99}, "state 99"),
        ({"PILOT": int.from_bytes(b"Z1", "big")}, "pilot state b'Z1'"),
        ({"LIMIT_SOURCE": 7}, "limit source 7"),
        ({"VOLTAGE_L1_DV": 50000}, "voltage 5000"),
        ({"DC_VOLTAGE_DV": 15010}, "voltage 1501"),
        ({"SOC_PERMILLE": 1001}, "state of charge 100.1"),
        ({"REGISTER_WH": 0xFFFF}, "register"),
        ({"REGISTER_WH": 0x00FF}, "register"),
        ({"POWER_W": 0x7FFF}, "power"),
        ({"TEMPERATURE_BOARD_DECIC": 0x7FFF}, "temperature 3276.7"),
    ],
)
def test_what_cannot_be_true_is_named_and_refused(changes: dict[str, int], why: str) -> None:
    with pytest.raises(Implausible, match=why):
        observation_of(status_words(1, **changes), has_lock=True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (status_words(1, BLOCK_ID=0x4944), "block 0x4944"),
        (status_words(1, SEQUENCE_COPY=2), "changed while it was read"),
        (status_words(1, PROTOCOL=0x0200), "protocol 2"),
        (status_words(7), "stands still at 7"),
    ],
)
def test_a_block_that_is_not_fresh_and_whole_is_refused_before_it_is_accepted(words: list[int], why: str) -> None:
    driver = NativeDriver(1)
    driver._sequence = 7
    exchange = next(driver.read())
    assert exchange.missing is not None
    with pytest.raises(Implausible, match=why):
        exchange.missing(read_reply(exchange.request, words))


def test_what_is_not_fitted_is_empty_and_not_zero() -> None:
    words = status_words(1, VOLTAGE_L2_DV=WHOLE_WORD, VOLTAGE_L3_DV=WHOLE_WORD, CURRENT_L2_CA=WHOLE_WORD)
    words[Status.CURRENT_L3_CA] = WHOLE_WORD
    words[Status.TEMPERATURE_CONNECTOR_DECIC] = words[Status.TEMPERATURE_CABLE_DECIC] = 0x8000
    words[Status.CABLE_RATING_A] = WHOLE_WORD
    words[Status.REGISTER_WH : Status.REGISTER_WH + 4] = [WHOLE_WORD] * 4
    observation = observation_of(words, has_lock=None)
    assert observation.voltages_v == (230.0,)
    assert observation.currents_a == (0.0,)
    assert observation.temperatures_c == (0.0, 0.0)
    assert (observation.soc_percent, observation.cable_rating_a, observation.locked) == (None, None, None)
    assert observation.register_wh == 0


@pytest.mark.parametrize("number", range(32))
def test_every_fault_bit_has_its_name_active_or_latched(number: int) -> None:
    high, low = divmod(1 << number, 1 << 16)
    for offset in (Status.FAULTS, Status.LATCHED_FAULTS):
        words = status_words()
        words[offset : offset + 2] = [high, low]
        observation = observation_of(words, has_lock=True)
        assert observation.faults == {FAULT_BITS[number]}
        assert FAULT_BITS[number] in FAULTS
        assert observation.emergency_stop is (FAULT_BITS[number] == "EmergencyStop")


@pytest.mark.parametrize("state", BoardState)
@pytest.mark.parametrize("closed", [False, True])
def test_every_state_of_a_board_has_a_phase(state: BoardState, closed: bool) -> None:
    flags = Flag.PLUGGED | Flag.CONTACTOR_CLOSED if closed else Flag.PLUGGED
    observation = observation_of(status_words(1, STATE=state, FLAGS=flags), has_lock=True)
    assert isinstance(observation.phase, Phase)
    assert observation.emergency_stop is (state is BoardState.EMERGENCY_STOP)


@pytest.mark.parametrize(
    ("state", "wanted_da", "ready"),
    [
        (BoardState.CHARGING, 0, True),
        (BoardState.PAUSED_EVSE, 0, True),
        (BoardState.PREPARING, 500, True),
        (BoardState.PREPARING, 0, False),
        (BoardState.PREPARING, WHOLE_WORD, False),
        (BoardState.PAUSED_EV, 500, False),
        (BoardState.FINISHED, 500, False),
    ],
)
def test_a_vehicle_without_a_pilot_letter_is_ready_by_its_state(state: BoardState, wanted_da: int, ready: bool) -> None:
    letters = int.from_bytes(b"--", "big")
    words = status_words(1, PILOT=letters, STATE=state, EV_TARGET_CURRENT_DA=wanted_da, FLAGS=Flag.PLUGGED)
    assert observation_of(words, has_lock=True).ev_ready is ready


@pytest.mark.fuzz
@given(words=st.lists(st.integers(0, WHOLE_WORD), min_size=64, max_size=64))
def test_any_words_are_an_observation_or_implausible(words: list[int]) -> None:
    try:
        observation = observation_of(words, has_lock=True)
    except Implausible:
        return
    assert all(math.isfinite(volts) for volts in observation.voltages_v)
    assert 0 <= observation.register_wh <= 10**12


@pytest.mark.fuzz
@given(words=st.lists(st.integers(0, WHOLE_WORD), min_size=64, max_size=64), kind=st.integers(0, 12))
def test_any_identity_is_read_or_implausible(words: list[int], kind: int) -> None:
    words[Identity.CONNECTOR_TYPE] = kind
    try:
        identity = identity_of(1, words)
    except Implausible:
        return
    assert identity.board_serial.isprintable()


@pytest.mark.parametrize(("serial", "why"), [("", "no serial number"), ("A\x07B", "not printable")])
def test_a_board_without_a_usable_serial_number_is_refused(serial: str, why: str) -> None:
    with pytest.raises(Implausible, match=why):
        identity_of(3, identity_words(serial, ConnectorType.CCS2))


# --- the setpoint, the light, the clock ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit_a", "limit_w", "expected"),
    [
        (16, 11000, [160, 0, 11000]),
        (6.3, 70000, [63, 1, 4464]),
        (6.39, 1, [63, 0, 1]),
        (0, 0, [0, 0, 0]),
        (-5, -5, [0, 0, 0]),
        (math.nan, 0, [0, 0, 0]),
        (math.inf, 0, [0, 0, 0]),
        (1e9, 10**12, [0xFFFE, 0xFFFF, 0xFFFE]),
    ],
)
def test_limits_are_rounded_down_and_never_invented(limit_a: float, limit_w: int, expected: list[int]) -> None:
    words = setpoint_of(outputs(limit_a, limit_w))
    assert words[:2] == [0xC0DE, 0b1111]
    assert words[2:5] == expected
    assert words[5:] == [0, 30, 0]


def test_only_a_setpoint_above_zero_lets_energy_flow() -> None:
    assert next(NativeDriver(1).write(outputs())).energizes
    assert not next(NativeDriver(1).write(restricted(outputs(), DARK))).energizes


def test_the_broadcast_of_zero_is_for_every_unit_and_keeps_the_pilot_available() -> None:
    request = NativeDriver.broadcast_stop().request
    assert request[0] == 0
    assert words_of(request[7:-2]) == (0xC0DE, 0b0010, 0, 0, 0, 0, 30, 0)


def test_the_light_and_the_clock_travel_as_the_map_says() -> None:
    light = Light(red=1, green=2, blue=3, pattern=Pattern.BREATHE, period_ms=4000, brightness_percent=30)
    assert light_words(light) == [4, 0x0102, 0x031E, 4000, 0, 0]
    assert time_words(datetime(2026, 11, 22, 20, 0, 0, 250_000, UTC)) == [*divmod(1795377600, 1 << 16), 250, 0]
    with pytest.raises(ValueError, match="aware"):
        time_words(datetime(2026, 11, 22, 20, 0, 0))  # noqa: DTZ001 - the point of the test


def test_it_can_do_everything_that_a_controller_can() -> None:
    names = [
        "StopsEverything",
        "SetsLight",
        "SetsTime",
        "Unlocks",
        "Restarts",
        "ClearsFaults",
        "TestsItself",
        "FetchesDump",
        "UpdatesFirmware",
    ]
    assert [name for name in names if not isinstance(NativeDriver(1), getattr(capabilities, name))] == []


# --- commands, dumps, firmware: a board in memory -------------------------------------------------------------


class MemoryBoard:
    """Mailbox, dump files and firmware slots of a board, by the map; replies may be lost on the way."""

    def __init__(self) -> None:
        self.sequence = 0
        self.command = 0
        self.result = CommandResult.OK
        self.executed: list[int] = []
        self.file = b""
        self.firmware_state = FirmwareState.IDLE
        self.stored = b""
        self.crc32 = 0
        self.error = 0

    def answer(self, request: bytes) -> bytes:
        address = int.from_bytes(request[2:4], "big")
        if request[1] == 0x14:
            return self._file_reply(request)
        if request[1] == 0x04:
            return read_reply(request, self._block(address))
        words = words_of(request[7:-2])
        if address == COMMAND_ADDRESS and words[0] != self.command:
            self._execute(words)
        if address == FIRMWARE_WINDOW_ADDRESS:
            block = octets_of(words[6:])[: words[2]]
            assert (words[0] << 16 | words[1], words[3]) == (len(self.stored), crc16(block))
            self.stored += block
        return sealed(request[:6])

    def _block(self, address: int) -> list[int]:
        self.sequence += 1
        if address == IDENTITY_ADDRESS:
            words = identity_words()
            words[Identity.FIRMWARE_CRC32 : Identity.FIRMWARE_CRC32 + 2] = divmod(self.crc32, 1 << 16)
            words[Identity.SLOT_BYTES : Identity.SLOT_BYTES + 2] = [1, 0]
            return words
        if address == FIRMWARE_STATUS_ADDRESS:
            return [self.firmware_state, *divmod(len(self.stored), 1 << 16), self.error, 0, 0, 0, 0]
        return status_words(self.sequence, COMMAND_ID=self.command, COMMAND_RESULT=self.result)

    def _execute(self, words: tuple[int, ...]) -> None:
        assert words[6] == crc16(octets_of(words[:6]))
        self.command = words[0]
        self.executed.append(words[1])
        states = {
            Opcode.FIRMWARE_BEGIN: FirmwareState.RECEIVING,
            Opcode.FIRMWARE_VERIFY: FirmwareState.VERIFIED,
            Opcode.FIRMWARE_COMMIT: FirmwareState.AWAITING_CONFIRM,
            Opcode.FIRMWARE_CONFIRM: FirmwareState.IDLE,
        }
        self.firmware_state = states.get(Opcode(words[1]), self.firmware_state)
        if words[1] == Opcode.FIRMWARE_COMMIT:
            self.crc32 = zlib.crc32(self.stored)

    def _file_reply(self, request: bytes) -> bytes:
        file, record, count = words_of(request[4:10])
        start = 2 * (file % 16 * DUMP_PAGE_RECORDS + record)
        content = self.file[start : start + 2 * count].ljust(2 * count, b"\0")
        return sealed(request[:2] + bytes((2 + len(content), 1 + len(content), 6)) + content)


def done(steps: Steps[T], board: MemoryBoard) -> T:
    exchange: Exchange = next(steps)
    while True:
        try:
            exchange = steps.send(board.answer(exchange.request))
        except StopIteration as end:
            result: T = end.value
            return result


def test_a_command_goes_on_from_the_number_that_the_board_saw_last() -> None:
    board = MemoryBoard()
    board.command = 0xFFFF
    driver = NativeDriver(1)
    done(driver.unlock(), board)
    done(driver.clear_faults(), board)
    assert board.command == 4
    assert board.executed == [
        Opcode.UNLOCK,
        Opcode.ACKNOWLEDGE_REBOOT,
        Opcode.RELEASE_EMERGENCY_STOP,
        Opcode.CLEAR_FAULTS,
    ]


def test_a_number_whose_reply_was_lost_is_not_given_to_another_command() -> None:
    board = MemoryBoard()
    driver = NativeDriver(1)
    driver._mailbox.seen(tuple(status_words()))
    lost = driver.unlock()
    board.answer(next(lost).request)
    done(driver.clear_faults(), board)
    assert len(board.executed) == 4


def test_a_restart_is_not_repeated_blindly() -> None:
    driver = NativeDriver(1)
    driver._mailbox.seen(tuple(status_words()))
    assert not next(driver.restart()).repeatable


@pytest.mark.parametrize(
    ("result", "sentence"), [(CommandResult.OK, "passed"), (CommandResult.HARDWARE_FAILURE, "failed")]
)
def test_a_self_test_ends_in_a_sentence(result: CommandResult, sentence: str) -> None:
    board = MemoryBoard()
    board.result = result
    assert sentence in done(NativeDriver(1).self_test(), board)


@pytest.mark.parametrize("length", [0, 1, 227, 228, 229, 2 * DUMP_PAGE_RECORDS + 501])
def test_a_dump_comes_whole_over_pages_and_odd_ends(length: int) -> None:
    content = bytes(index * 7 & 0xFF for index in range(length))
    board, driver, received, whole = MemoryBoard(), NativeDriver(1), b"", -1
    board.file = struct.pack(">IHHIII", 0x444D5031, 1, 0, length, zlib.crc32(content), 0) + content
    while len(received) != whole:
        # A driver of its own for every block: the bytes so far are all that is needed to go on.
        received, whole = done((driver if not received else NativeDriver(1)).fetch_dump(received), board)
    assert received[20:] == content
    assert board.executed == [Opcode.SNAPSHOT_DUMP]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ((0x444D5031, 1, 0, 4, 0, 0), "checksum"),
        ((0x444D5032, 1, 0, 4, 0, 0), "header"),
        ((0x444D5031, 2, 0, 4, 0, 0), "header"),
        ((0x444D5031, 1, 0, 0xFFFFFFFF, 0, 0), "header"),
    ],
)
def test_a_dump_that_is_not_what_it_says_is_refused(header: tuple[int, ...], why: str) -> None:
    board, driver = MemoryBoard(), NativeDriver(1)
    board.file = struct.pack(">IHHIII", *header) + b"abcd"
    with pytest.raises(Implausible, match=why):
        done(driver.fetch_dump(done(driver.fetch_dump(b""), board)[0]), board)


def updated(board: MemoryBoard, image: bytes, drivers: list[NativeDriver]) -> list[int]:
    steps = []
    for turn in range(60):
        driver = drivers[turn % len(drivers)]
        progress, whole = done(driver.update_firmware(image), board)
        steps.append(progress)
        if progress == whole:
            return steps
    raise AssertionError(steps)


def test_an_update_runs_through_and_is_done_when_asked_again() -> None:
    image, board, driver = bytes(range(250)) * 2, MemoryBoard(), NativeDriver(1)
    assert updated(board, image, [driver]) == [0, 232, 464, 500, 500, 501, 503]
    assert board.stored == image
    assert updated(board, image, [driver]) == [503]


def test_an_update_goes_on_after_a_restart_of_ours() -> None:
    image, board = bytes(1000), MemoryBoard()
    updated(board, image, [NativeDriver(1), NativeDriver(1)])
    assert board.stored == image
    assert board.crc32 == zlib.crc32(image)


def test_an_update_that_the_board_gave_up_is_refused_and_not_begun_again() -> None:
    image, board, driver = bytes(300), MemoryBoard(), NativeDriver(1)
    done(driver.update_firmware(image), board)
    board.firmware_state, board.error = FirmwareState.FAILED, 1
    with pytest.raises(Refused, match="error 1"):
        done(driver.update_firmware(image), board)
    assert board.executed == [Opcode.FIRMWARE_BEGIN]


@pytest.mark.parametrize("image", [b"", bytes(65537)])
def test_an_image_that_fits_no_slot_is_refused_before_anything_is_erased(image: bytes) -> None:
    board = MemoryBoard()
    with pytest.raises(Refused, match="slot"):
        done(NativeDriver(1).update_firmware(image), board)
    assert board.executed == []


def test_an_update_that_may_not_begin_says_why() -> None:
    board = MemoryBoard()
    board.result = CommandResult.WRONG_STATE
    with pytest.raises(Refused, match="FIRMWARE_BEGIN"):
        done(NativeDriver(1).update_firmware(bytes(10)), board)


def test_every_driver_has_recordings() -> None:
    assert list((Path(__file__).parent.parent / "recordings" / "native").glob("*.txt"))
