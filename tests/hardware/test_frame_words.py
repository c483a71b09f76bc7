"""What a technician reads beside the bytes of a frame."""

from __future__ import annotations

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from charging.lines import FrameTold
from hardware.frame_words import FAILURES, frames_shown
from hardware.modbus_rtu import octets_of, sealed
from hardware.native_map import COMMAND_COUNT, Command, Opcode
from hardware.readers import pn532
from tests.hardware.far_end import status_words

READ_STATUS = sealed(bytes.fromhex("01 04 0000 0040"))
READ_WORD = sealed(bytes.fromhex("01 03 0123 0001"))
STATUS = sealed(bytes.fromhex("01 04 80") + octets_of(status_words(7)))
SETPOINT = sealed(bytes.fromhex("01 10 0200 0008 10 C0DE 000F 00A0 0000 2B20 0000 001E 0000"))
UNLOCK = [0] * COMMAND_COUNT
UNLOCK[Command.OPCODE] = Opcode.UNLOCK
COMMAND = sealed(bytes.fromhex("01 10 0210 0008 10") + octets_of(UNLOCK))


def told(direction: str, octets: bytes, failure: str = "") -> FrameTold:
    return FrameTold(at_s=1.5, direction=direction, octets=octets.hex(), whole_bytes=len(octets), failure=failure)


def words_of(*frames: FrameTold, reader: bool = False) -> str:
    """Of the newest."""
    with override("en"):
        return frames_shown(frames, reader=reader)[0].words


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (READ_STATUS, "read: status"),
        (sealed(bytes.fromhex("01 04 0100 0040")), "read: identity"),
        (sealed(bytes.fromhex("01 03 0123 0002")), "read: registers from 0x0123"),
        (SETPOINT, "write: setpoint, charging allowed, 16.0 A, 11040 W"),
        (COMMAND, "write: command UNLOCK"),
        (sealed(bytes.fromhex("01 06 0123 0002")), "write: registers from 0x0123"),
        (sealed(bytes.fromhex("01 14 07 06 0010 0000 007C")), "read: dump"),
        (sealed(bytes.fromhex("01 2B 0E 01 00")), "read: identity"),
        (sealed(bytes.fromhex("01 41 00")), "function 65"),
    ],
)
def test_it_tells_a_request_by_itself(request_: bytes, words: str) -> None:
    assert words_of(told(">", request_)) == words


@pytest.mark.parametrize(
    ("request_", "reply", "words"),
    [
        (SETPOINT, sealed(bytes.fromhex("01 10 0200 0008")), "done: setpoint"),
        (READ_STATUS, sealed(bytes.fromhex("01 84 06")), "refused: it is busy"),
        (READ_STATUS, sealed(bytes.fromhex("01 84 63")), "refused: 99"),
        (READ_WORD, sealed(bytes.fromhex("01 03 02 0005")), "answer: registers from 0x0123"),
        (READ_STATUS, sealed(bytes.fromhex("02 04 02 0005")), ""),  # of another unit: what it answers is not known
        (READ_STATUS, STATUS[:-1] + bytes((STATUS[-1] ^ 1,)), ""),  # damaged: what it says is not believed
    ],
)
def test_it_tells_a_reply_by_the_request_before_it(request_: bytes, reply: bytes, words: str) -> None:
    assert words_of(told(">", request_), told("<", reply)) == words


def test_it_tells_what_a_status_says() -> None:
    words = words_of(told(">", READ_STATUS), told("<", STATUS))
    assert words.startswith("answer: ")
    assert "sequence 7" in words


def test_it_shows_the_newest_first_with_unit_and_failure() -> None:
    with override("en"):
        newest, oldest = frames_shown([told(">", READ_STATUS, "NoReply"), told("?", b"\xff\x00")], reader=False)
    assert (oldest.unit, oldest.failure, oldest.octets) == (1, "no reply", READ_STATUS.hex(" "))
    assert (newest.unit, newest.words, newest.direction) == (None, "", "?")
    assert set(FAILURES) == {"NoReply", "Truncated", "Corrupted", "Implausible"}


def test_it_tells_the_commands_of_the_reader() -> None:
    look = pn532.WAKE_UP + pn532.frame_of(pn532.IN_LIST_PASSIVE_TARGET, b"\x01\x00")
    none = pn532.ACK + bytes.fromhex("00 00 FF 03 FD D5 4B 00 E0 00")
    assert words_of(told(">", look), reader=True) == "look for a card"
    assert words_of(told(">", look), told("<", none), reader=True) == "answer: look for a card"
    assert words_of(told("<", pn532.ACK), reader=True) == ""


@given(st.lists(st.tuples(st.sampled_from("><?"), st.binary(max_size=80)), max_size=5), st.booleans())
def test_any_bytes_are_shown(frames: list[tuple[str, bytes]], reader: bool) -> None:
    shown = frames_shown([told(direction, octets) for direction, octets in frames], reader=reader)
    assert [bytes.fromhex(frame.octets) for frame in reversed(shown)] == [octets for _direction, octets in frames]


@given(st.sampled_from([3, 4, 6, 16, 20, 43, 132]), st.binary(max_size=140))
def test_any_intact_frame_is_shown(function: int, contents: bytes) -> None:
    frame = sealed(bytes((1, function)) + contents)
    assert len(frames_shown([told(">", frame), told("<", frame)], reader=False)) == 2
