"""The native protocol, byte by byte, without a line: blocks, mailbox, dumps, firmware and hostile requests."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.native_map import (
    FIRMWARE_BLOCK_BYTES,
    BoardState,
    CommandResult,
    DumpKind,
    FirmwareState,
    FirmwareStatus,
    Identity,
    Opcode,
    Refusal,
    Status,
)
from hardware.simulator.modbus import answer, crc16, request_length, sealed
from tests.hardware.firmware_images import firmware_image

from .rig import UNIX_S, Rig, setpoint_frame, status_frame

REFUSALS = [
    ("a wrong key", setpoint_frame(1, 7, 16, 22_000).replace(b"\xc0\xde", b"\xde\xc0")[:-2], Refusal.VALUE),
    ("a watchdog of 0", setpoint_frame(1, 7, 16, 22_000, watchdog_s=0)[:-2], Refusal.VALUE),
    ("half a setpoint", bytes.fromhex("01100200000102c0de"), Refusal.VALUE),
    ("a count that lies", bytes.fromhex("01100200000804c0de0007"), Refusal.VALUE),
    ("an unknown function", bytes.fromhex("0155"), Refusal.FUNCTION),
    ("a block that is not there", bytes.fromhex("010400500001"), Refusal.ADDRESS),
    ("one register too many", bytes.fromhex("010400000041"), Refusal.ADDRESS),
    ("no register at all", bytes.fromhex("010400000000"), Refusal.VALUE),
    ("an unknown mode of the light", bytes.fromhex("010602200009"), Refusal.VALUE),
    ("a command without its CRC", bytes.fromhex("011002100008100001000100000000000000000000ffff"), Refusal.VALUE),
    ("a dump that was not taken", bytes.fromhex("01140706001000000001"), Refusal.ADDRESS),
    ("a record beyond the page", bytes.fromhex("011407060010270f0001"), Refusal.VALUE),
    ("an identity object that is not there", bytes.fromhex("012b0e0477"), Refusal.ADDRESS),
]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, lock=True, register_wh=70_000.75)


def test_it_knows_the_crc_of_the_standard() -> None:
    assert sealed(bytes.fromhex("0207")).hex() == "02074112"  # Modbus over serial line V1.02, 6.2.2


def test_it_counts_every_status_and_repeats_the_count_at_the_end(rig: Rig) -> None:
    first, second = rig.status(), rig.status()
    assert (first[0], first[2]) == (0x5301, 0x0100)
    assert (first[1], first[63], second[1], second[63]) == (1, 1, 2, 2)


def test_it_reports_whole_watt_hours_of_its_lifetime(rig: Rig) -> None:
    assert rig.status()[Status.REGISTER_WH : Status.REGISTER_WH + 4] == (0, 0, 1, 70_000 - 65_536)


def test_it_identifies_itself_by_registers_and_by_objects(rig: Rig) -> None:
    words = struct.unpack(">64H", rig.ask(sealed(bytes.fromhex("010401000040")))[2:])
    serial = b"".join(word.to_bytes(2, "big") for word in words[Identity.SERIAL : Identity.SERIAL + 12])
    assert (words[0], serial.rstrip(b"\0")) == (0x4944, b"SIM-TEST-1")
    assert (words[Identity.MAXIMUM_DA], words[Identity.MINIMUM_DA], words[Identity.CONNECTOR_TYPE]) == (320, 60, 1)
    objects = rig.ask(sealed(bytes.fromhex("012b0e0300")))
    assert objects[:6] == bytes.fromhex("2b0e0383ff00")[:3] + bytes([0x83, 0, 0])
    assert b"SIM-TEST-1" in objects
    assert b"1.4.2" in objects


@pytest.mark.parametrize(("request_", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_it_refuses(rig: Rig, request_: bytes, code: Refusal) -> None:
    before = rig.unit.setpoint
    reply = answer(sealed(request_), {1: rig.registers}, rig.now_s)
    assert reply is not None
    assert (reply[1], reply[2]) == (request_[1] | 0x80, code)
    assert rig.unit.setpoint == before


def test_it_obeys_a_broadcast_silently(rig: Rig) -> None:
    assert answer(setpoint_frame(0, 7, 0, 0), {1: rig.registers}, rig.now_s) is None
    assert rig.unit.setpoint.enable == 7
    assert answer(status_frame(2), {1: rig.registers}, rig.now_s) is None  # nobody lives there


def test_it_does_the_same_command_id_only_once(rig: Rig) -> None:
    rig.unit.obey(rig.unit.setpoint, rig.now_s)
    frame = rig.command_frame(5, Opcode.LOCK)
    rig.ask(frame)
    rig.unit.lock_wanted = False
    rig.ask(frame)
    assert rig.unit.lock_wanted is False
    assert rig.status()[Status.COMMAND_ID] == 5


@pytest.mark.parametrize(
    ("opcode", "arguments", "result"),
    [
        (Opcode.UNLOCK, (), CommandResult.OK),
        (Opcode.CLEAR_FAULTS, (), CommandResult.OK),
        (Opcode.SELF_TEST, (), CommandResult.BUSY),
        (Opcode.SNAPSHOT_DUMP, (9,), CommandResult.BAD_ARGUMENT),
        (Opcode.FIRMWARE_VERIFY, (), CommandResult.WRONG_STATE),
        (Opcode.FIRMWARE_CONFIRM, (), CommandResult.WRONG_STATE),
        (Opcode.FIRMWARE_BEGIN, (0, 0, 0, 0), CommandResult.BAD_ARGUMENT),
        (99, (), CommandResult.UNKNOWN),
    ],
)
def test_it_answers_commands(rig: Rig, opcode: int, arguments: tuple[int, ...], result: CommandResult) -> None:
    assert rig.command(opcode, *arguments) == result


def test_it_keeps_a_latched_fault_until_it_is_acknowledged(rig: Rig) -> None:
    rig.unit.raise_fault("EVSEContactorFault", rig.now_s)
    assert rig.command(Opcode.CLEAR_FAULTS) == CommandResult.WRONG_STATE
    rig.unit.clear_fault("EVSEContactorFault", rig.now_s)
    assert rig.state() is BoardState.FAULT
    assert rig.command(Opcode.CLEAR_FAULTS) == CommandResult.OK
    assert rig.state() is BoardState.IDLE


def test_it_takes_the_time_and_drifts_by_20_ppm(rig: Rig) -> None:
    rig.ask(sealed(struct.pack(">BBHHB4H", 1, 0x10, 0x0228, 4, 8, int(UNIX_S) >> 16, int(UNIX_S) & 0xFFFF, 500, 0)))
    rig.now_s += 100_000
    assert rig.board.clock_s(rig.now_s) - UNIX_S - 100_000.5 == pytest.approx(2.0)


def test_it_shows_a_light_for_its_duration(rig: Rig) -> None:
    rig.ask(sealed(struct.pack(">BBHHB6H", 1, 0x10, 0x0220, 6, 12, 3, 0xFF00, 0x0064, 500, 10, 0)))
    assert rig.registers.light(rig.now_s + 9)[:3] == [3, 0xFF00, 0x0064]
    assert rig.registers.light(rig.now_s + 10)[0] == 0


def test_it_hands_over_a_dump_that_does_not_move(rig: Rig) -> None:
    for name in ("GroundFailure", "PilotFault"):
        rig.unit.raise_fault(name, rig.now_s)
        rig.board.log(2, rig.now_s, 1)  # type: ignore[arg-type]
    assert rig.command(Opcode.SNAPSHOT_DUMP, DumpKind.EVENTS) == CommandResult.OK
    rig.board.log(2, rig.now_s, 2)  # type: ignore[arg-type]
    first = read_file(rig, 16, 0, 10)
    magic, kind, _, length, crc32, created = struct.unpack(">IHHIII", first)
    assert (magic, kind, created) == (0x444D5031, 1, int(UNIX_S))
    content = b"".join(read_file(rig, 16, record, 8) for record in range(10, 10 + length // 2, 8))
    assert (len(content), zlib.crc32(content)) == (length, crc32)
    assert length % 16 == 0


def read_file(rig: Rig, number: int, record: int, count: int) -> bytes:
    reply = rig.ask(sealed(struct.pack(">BBBBHHH", 1, 0x14, 7, 6, number, record, count)))
    assert reply[3] == 6
    return reply[4:]


# --- firmware -------------------------------------------------------------------------------------------

IMAGE = firmware_image("Sim TYPE2_SOCKET", program_bytes=444)


def window(session: int, offset: int, block: bytes, crc: int | None = None) -> bytes:
    padded = block.ljust(FIRMWARE_BLOCK_BYTES, b"\0")
    head = (offset >> 16, offset & 0xFFFF, len(block), crc16(block) if crc is None else crc, session, 0)
    return sealed(struct.pack(">BBHHB6H", 1, 0x10, 0x0400, 122, 244, *head) + padded)


def firmware_status(rig: Rig) -> tuple[int, ...]:
    return struct.unpack(">8H", rig.ask(sealed(bytes.fromhex("010404400008")))[2:])


def begun(rig: Rig, image: bytes = IMAGE, crc32: int | None = None) -> int:
    crc32 = zlib.crc32(image) if crc32 is None else crc32
    assert rig.command(Opcode.FIRMWARE_BEGIN, 0, len(image), crc32 >> 16, crc32 & 0xFFFF) == CommandResult.BUSY
    assert rig.ask(window(rig.command_id, 0, image[:10]))[:2] == bytes([0x90, Refusal.BUSY])
    rig.run(1.1)
    assert firmware_status(rig)[FirmwareStatus.STATE] == FirmwareState.RECEIVING
    return rig.command_id


def sent(rig: Rig, image: bytes = IMAGE, crc32: int | None = None) -> Rig:
    session = begun(rig, image, crc32)
    for offset in range(0, len(image), FIRMWARE_BLOCK_BYTES):
        assert rig.ask(window(session, offset, image[offset : offset + FIRMWARE_BLOCK_BYTES]))[0] == 0x10
    rig.command(Opcode.FIRMWARE_VERIFY)
    rig.run(0.6)
    return rig


def committed(rig: Rig) -> Rig:
    sent(rig).command_id += 1
    rig.ask(rig.command_frame(rig.command_id, Opcode.FIRMWARE_COMMIT))
    assert not rig.board.answers
    rig.run(1.1)
    assert rig.status()[Status.STATE] == BoardState.FIRMWARE_UPDATE
    rig.run(1.1)
    rig.command_id = 0
    return rig


def test_it_installs_firmware_and_keeps_it_when_confirmed(rig: Rig) -> None:
    committed(rig)
    assert rig.board.slots.running.text == "2.0.1"
    assert firmware_status(rig)[FirmwareStatus.STATE] == FirmwareState.AWAITING_CONFIRM
    assert rig.command(Opcode.FIRMWARE_CONFIRM) == CommandResult.OK
    rig.run(70, step_s=1)
    assert (rig.board.slots.running.text, rig.state()) == ("2.0.1", BoardState.IDLE)


def test_it_rolls_back_when_nobody_confirms_in_60_s(rig: Rig) -> None:
    committed(rig).run(64, step_s=0.5)
    assert rig.board.slots.running.text == "1.4.2"
    assert firmware_status(rig)[FirmwareStatus.STATE] == FirmwareState.FAILED


def test_it_goes_on_where_it_was_interrupted(rig: Rig) -> None:
    session = begun(rig)
    rig.ask(window(session, 0, IMAGE[:232]))
    assert rig.ask(window(session, 0, IMAGE[:232]))[0] == 0x10  # stored already: nothing happens
    assert rig.ask(window(session, 464, IMAGE[464:]))[0] == 0x90  # a gap is refused
    crc32 = zlib.crc32(IMAGE)
    rig.command(Opcode.FIRMWARE_BEGIN, 0, len(IMAGE), crc32 >> 16, crc32 & 0xFFFF)
    assert firmware_status(rig)[FirmwareStatus.NEXT_OFFSET + 1] == 232


def test_it_refuses_a_damaged_block_and_a_damaged_image(rig: Rig) -> None:
    session = begun(rig)
    assert rig.ask(window(session, 0, IMAGE[:232], crc=1))[:2] == bytes([0x90, Refusal.VALUE])
    rig.command(Opcode.FIRMWARE_ABORT)
    sent(rig, IMAGE[:-1] + b"\0", zlib.crc32(IMAGE))
    assert firmware_status(rig)[FirmwareStatus.STATE] == FirmwareState.FAILED
    assert rig.command(Opcode.FIRMWARE_COMMIT) == CommandResult.WRONG_STATE


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (b"no header" * 60, 5),
        (IMAGE[:-1], 5),
        (IMAGE + b"\0", 5),
        (IMAGE[:-1] + b"\0", 5),
        (firmware_image("Sim CCS2", program_bytes=444), 6),
        (firmware_image("Sim TYPE2_SOCKET", revisions=(3, 9), program_bytes=444), 6),
    ],
    ids=["without a header", "cut", "one byte more", "damaged", "another model", "another hardware revision"],
)
def test_its_boot_loader_judges_an_image_by_itself(rig: Rig, image: bytes, error: int) -> None:
    sent(rig, image)
    status = firmware_status(rig)
    assert (status[FirmwareStatus.STATE], status[FirmwareStatus.ERROR]) == (FirmwareState.FAILED, error)
    assert rig.command(Opcode.FIRMWARE_COMMIT) == CommandResult.WRONG_STATE


def test_it_never_goes_back_behind_a_security_counter(rig: Rig) -> None:
    rig.board.slots.running = replace(rig.board.slots.running, security_counter=2)
    sent(rig, firmware_image("Sim TYPE2_SOCKET", security_counter=1))
    assert firmware_status(rig)[FirmwareStatus.ERROR] == 7


def test_it_does_not_update_with_a_car_at_the_connector(rig: Rig) -> None:
    rig.plug()
    assert rig.command(Opcode.FIRMWARE_BEGIN, 0, 100, 0, 0) == CommandResult.WRONG_STATE


# --- any bytes ------------------------------------------------------------------------------------------


@given(st.binary(min_size=2, max_size=300))
def test_it_survives_any_intact_request(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    rig = Rig(tmp_path_factory.mktemp("any"))
    reply = answer(sealed(b"\x01" + body[1:]), {1: rig.registers}, rig.now_s)
    assert reply is not None
    assert reply[0] == 1


@given(st.binary(max_size=300))
def test_it_never_asks_for_more_than_a_frame(received: bytes) -> None:
    length = request_length(received)
    assert length is None or 5 <= length <= 264
