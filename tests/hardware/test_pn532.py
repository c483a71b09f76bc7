from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.errors import Corrupted, HardwareError, NoReply, Refused
from hardware.line import Line
from hardware.readers.pn532 import (
    ACK,
    BAUD_RATE,
    GET_FIRMWARE_VERSION,
    IN_LIST_PASSIVE_TARGET,
    IN_RELEASE,
    RF_CONFIGURATION,
    SAM_CONFIGURATION,
    WAKE_UP,
    Pn532,
    firmware_version,
    frame_of,
    id_tag_of,
    list_target,
    missing_of,
    uid_of,
)

from .far_end import FarEnd

CARD = bytes.fromhex("04A2B3C4D5E6F7")
ANOTHER = bytes.fromhex("DD17380A")


def from_chip(command: int, contents: bytes = b"") -> bytes:
    body = bytes((0xD5, command + 1)) + contents
    return b"\x00\x00\xff" + bytes((len(body), -len(body) & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


def target(uid: bytes) -> bytes:
    return b"\x01\x01\x00\x44\x20" + bytes((len(uid),)) + uid


class Chip:
    """A reader in a test: it knows its commands, and what lies on it."""

    def __init__(self) -> None:
        self.card: bytes | None = None
        self.noise = b""
        self.mute = False
        self.error = False
        self.commands: list[int] = []

    def answer(self, request: bytes) -> bytes:
        frame = request.removeprefix(WAKE_UP)
        command = frame[6]
        self.commands.append(command)
        if self.mute:
            return b""
        if self.error:
            return ACK + bytes.fromhex("0000FF01FF7F8100")
        contents = {GET_FIRMWARE_VERSION: bytes.fromhex("32010607"), IN_RELEASE: b"\x00"}.get(command, b"")
        if command == IN_LIST_PASSIVE_TARGET:
            contents = b"\x00" if self.card is None else target(self.card)
        noise, self.noise = self.noise, b""
        return noise + ACK + from_chip(command, contents)


class ChipEnd(FarEnd):
    """Its requests end where the chip's frames end."""

    def whole(self, received: bytes) -> int:
        start = received.find(b"\x00\xff")
        return start + 4 + received[start + 2] + 2 if start >= 0 and len(received) > start + 2 else 0


@pytest.fixture
def chip() -> Chip:
    return Chip()


@pytest.fixture
def reader(tmp_path: Path, chip: Chip) -> Iterator[Pn532]:
    far = ChipEnd(tmp_path / "rfid", chip.answer)
    line = Line(str(tmp_path / "rfid"), BAUD_RATE)
    yield Pn532(line)
    line.close()
    far.close()


def test_it_writes_frames_as_the_manual_shows_them() -> None:
    assert frame_of(GET_FIRMWARE_VERSION).hex(" ") == "00 00 ff 02 fe d4 02 2a 00"
    assert frame_of(SAM_CONFIGURATION, b"\x01\x14\x01").hex(" ") == "00 00 ff 05 fb d4 14 01 14 01 02 00"


def test_it_says_which_chip_answers() -> None:
    steps = firmware_version()
    exchange = next(steps)
    assert exchange.request.startswith(WAKE_UP)
    with pytest.raises(StopIteration) as end:
        steps.send(ACK + from_chip(GET_FIRMWARE_VERSION, bytes.fromhex("32010607")))
    assert end.value.value == "PN532 1.6"


def test_it_sets_the_chip_up_once_and_reports_a_card_once(reader: Pn532, chip: Chip) -> None:
    assert reader.poll() is None
    chip.card = CARD
    card = reader.poll()
    assert card is not None
    assert (card.uid, card.random) == (CARD, False)
    assert [reader.poll() for _ in range(3)] == [None, None, None]
    assert chip.commands[:2] == [SAM_CONFIGURATION, RF_CONFIGURATION]
    assert chip.commands.count(SAM_CONFIGURATION) == 1


def test_a_card_must_be_away_for_two_reads_before_it_counts_again(reader: Pn532, chip: Chip) -> None:
    seen = []
    for uid in (CARD, None, CARD, None, None, CARD, ANOTHER):
        chip.card = uid
        card = reader.poll()
        seen.append(card.uid if card else None)
    assert seen == [CARD, None, None, None, None, CARD, ANOTHER]


def test_two_cards_that_are_found_in_turn_count_once_each(reader: Pn532, chip: Chip) -> None:
    seen = []
    for uid in (CARD, ANOTHER, CARD, ANOTHER, None, ANOTHER, None, None, CARD):
        chip.card = uid
        card = reader.poll()
        seen.append(card.uid if card else None)
    assert seen == [CARD, ANOTHER, None, None, None, None, None, None, CARD]


def test_a_telephone_with_changing_identifiers_counts_once_and_as_random(reader: Pn532, chip: Chip) -> None:
    chip.card = bytes.fromhex("08112233")
    card = reader.poll()
    assert card is not None
    assert card.random
    chip.card = bytes.fromhex("08445566")
    assert reader.poll() is None


@pytest.mark.parametrize(
    "uid",
    [b"", b"\x01", b"\x01\x02\x03", bytes(range(1, 12)), bytes(4), b"\xff" * 4, b"\xff" * 7],
)
def test_an_identifier_that_no_card_has_is_dropped_and_counted(reader: Pn532, chip: Chip, uid: bytes) -> None:
    chip.card = uid
    assert reader.poll() is None
    assert reader.dropped == 1


def test_a_length_beyond_the_reply_is_no_identifier() -> None:
    assert uid_of(b"\x01\x01\x00\x44\x20\xff" + CARD) is None
    assert uid_of(b"\x01\x01") is None


def test_noise_before_a_reply_is_passed_over(reader: Pn532, chip: Chip) -> None:
    chip.noise = b"\x55\x00\x00\xff\x13"
    chip.card = CARD
    assert reader.alive()
    card = reader.poll()
    assert card is not None
    assert card.uid == CARD


def test_ten_kilobytes_of_garbage_are_survived_within_a_second(reader: Pn532, chip: Chip) -> None:
    assert reader.poll() is None
    chip.noise = b"\xaa" * 10_000
    chip.card = CARD
    found = None
    for _ in range(3):
        try:
            found = found or reader.poll()
        except HardwareError:
            continue
    assert found is not None


def test_a_mute_reader_is_not_alive_and_is_set_up_again_when_it_is_back(reader: Pn532, chip: Chip) -> None:
    assert reader.alive()
    assert reader.poll() is None
    chip.mute = True
    assert not reader.alive()
    with pytest.raises(NoReply):
        reader.poll()
    chip.mute = False
    chip.card = CARD
    assert reader.poll() is not None
    assert chip.commands.count(SAM_CONFIGURATION) > 1


def test_an_error_frame_is_refused(reader: Pn532, chip: Chip) -> None:
    chip.error = True
    with pytest.raises(Refused, match="reader refused"):
        reader.poll()


@pytest.mark.parametrize(
    "damaged",
    [
        from_chip(IN_LIST_PASSIVE_TARGET, b"\x00")[:-2] + b"\x00\x00",
        b"\x00\x00\xff\x03\xfe\xd5\x4b\x00\xe0\x00",
        from_chip(GET_FIRMWARE_VERSION, b"\x32"),
        b"\x00\x00\xff\x00\x00\x00\x00\x00",
    ],
)
def test_a_damaged_frame_is_corrupted(damaged: bytes) -> None:
    exchange = next(list_target())
    assert exchange.missing is not None
    with pytest.raises(Corrupted):
        exchange.missing(ACK + damaged)


@pytest.mark.fuzz
@given(octets=st.binary(max_size=400), acknowledged=st.booleans())
def test_any_bytes_end_in_a_length_or_a_typed_error(octets: bytes, acknowledged: bool) -> None:
    received = (ACK if acknowledged else b"") + octets
    try:
        missing = missing_of(IN_LIST_PASSIVE_TARGET)(received)
    except Corrupted:
        return
    assert 0 <= missing <= 262


@pytest.mark.fuzz
@given(uid=st.binary(min_size=4, max_size=10), cut=st.integers(0, 40))
def test_a_frame_cut_anywhere_is_never_complete(uid: bytes, cut: int) -> None:
    whole = ACK + from_chip(IN_LIST_PASSIVE_TARGET, target(uid))
    missing = missing_of(IN_LIST_PASSIVE_TARGET)
    assert missing(whole) == 0
    assert missing(whole[: min(cut, len(whole) - 1)]) > 0


@pytest.mark.parametrize(
    ("uid", "id_tag"),
    [
        ("04a2b3c4d5e6f7", "04A2B3C4D5E6F7"),
        ("dd17380a", "DD17380A"),
        ("dd17380af8", "DD17380A"),
        ("dd17380af9", "DD17380AF9"),
        ("00112233445566778899", "00112233445566778899"),
    ],
)
def test_an_identifier_becomes_the_id_tag_that_central_systems_know(uid: str, id_tag: str) -> None:
    assert id_tag_of(bytes.fromhex(uid)) == id_tag
    assert len(id_tag) <= 20


def test_the_order_and_the_check_byte_can_be_chosen() -> None:
    assert id_tag_of(ANOTHER, "lsb") == "0A3817DD"
    assert id_tag_of(bytes.fromhex("DD17380AF8"), strip_check_byte=False) == "DD17380AF8"
    assert id_tag_of(bytes.fromhex("DD17380AF8"), "lsb") == "0A3817DD"
