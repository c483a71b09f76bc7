from __future__ import annotations

from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.capabilities import Exchange, Steps
from hardware.errors import Corrupted, Implausible, Refused
from hardware.modbus_rtu import (
    broadcast_many,
    crc16,
    octets_of,
    read_file,
    read_holding,
    read_identity,
    read_input,
    sealed,
    words_of,
    write_many,
    write_one,
)

T = TypeVar("T")
WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


def conclusion(steps: Steps[T], reply: bytes) -> T:
    exchange = next(steps)
    assert exchange.missing is not None
    assert exchange.missing(reply) == 0
    with pytest.raises(StopIteration) as end:
        steps.send(reply)
    result: T = end.value.value
    return result


def judged(exchange: Exchange, received: bytes) -> int:
    assert exchange.missing is not None
    return exchange.missing(received)


@pytest.mark.parametrize(
    ("octets", "crc"),
    [(b"", 0xFFFF), (b"123456789", 0x4B37), (bytes.fromhex("01 04 00 00 00 40"), 0xFAF1), (b"\x00", 0x40BF)],
)
def test_it_computes_the_checksum_of_the_standard(octets: bytes, crc: int) -> None:
    assert crc16(octets) == crc


@pytest.mark.parametrize(
    ("steps", "request_hex"),
    [
        (read_holding(17, 0x006B, 3), "11 03 00 6b 00 03 76 87"),
        (read_input(17, 0x0008, 1), "11 04 00 08 00 01 b2 98"),
        (write_one(17, 0x0001, 3), "11 06 00 01 00 03 9a 9b"),
        (write_many(17, 0x0001, [0x000A, 0x0102]), "11 10 00 01 00 02 04 00 0a 01 02 c6 f0"),
        (read_identity(1), "01 2b 0e 01 00 70 77"),
        (read_file(1, 16, 124, 124), "01 14 07 06 00 10 00 7c 00 7c f8 de"),
    ],
)
def test_it_writes_requests_as_the_standard_shows_them(steps: Steps[object], request_hex: str) -> None:
    request = next(steps).request
    assert request.hex(" ") == request_hex
    assert crc16(request) == 0


def test_a_broadcast_expects_no_reply() -> None:
    exchange = broadcast_many(0x0200, [0xC0DE, 2])
    assert exchange.missing is None
    assert exchange.request[:2] == b"\x00\x10"


@given(unit=st.integers(1, 247), address=st.integers(0, 0xFFFF), words=WORDS)
def test_it_reads_back_what_a_controller_put_in(unit: int, address: int, words: list[int]) -> None:
    reply = sealed(bytes((unit, 4, 2 * len(words))) + octets_of(words))
    assert conclusion(read_input(unit, address, len(words)), reply) == tuple(words)
    assert words_of(octets_of(words)) == tuple(words)


@given(words=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=124))
def test_it_reads_back_a_file_record(words: list[int]) -> None:
    content = octets_of(words)
    reply = sealed(bytes((1, 0x14, 2 + len(content), 1 + len(content), 6)) + content)
    assert conclusion(read_file(1, 16, 0, len(words)), reply) == content


def test_it_reads_the_objects_of_an_identity_across_replies() -> None:
    steps = read_identity(1, 3)
    first = sealed(bytes((1, 0x2B, 14, 3, 0x83, 0xFF, 2, 2, 0, 4)) + b"ACME" + bytes((1, 2)) + b"M1")
    second = sealed(bytes((1, 0x2B, 14, 3, 0x83, 0, 0, 1, 2, 3)) + b"1.4")
    assert judged(next(steps), first) == 0
    following = steps.send(first)
    assert following.request[4] == 2
    with pytest.raises(StopIteration) as end:
        steps.send(second)
    assert end.value.value == {0: b"ACME", 1: b"M1", 2: b"1.4"}


def test_an_identity_that_announces_itself_again_and_again_ends() -> None:
    steps = read_identity(1)
    frame = sealed(bytes((1, 0x2B, 14, 1, 1, 0xFF, 0, 0)))
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(frame)
    assert end.value.value == {}


@pytest.mark.parametrize(("code", "words"), [(2, "no such register"), (6, "busy"), (99, "exception 99")])
def test_an_exception_reply_is_refused_with_its_code(code: int, words: str) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        conclusion(read_input(1, 0, 2), sealed(bytes((1, 0x84, code))))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("begin", "why"),
    [
        ("02", "unit 2 answered"),
        ("01 03", "function 3"),
        ("01 04 06", "6 bytes"),
        ("01 84 02 00 00", "checksum"),
        ("01 04 04 00 01 00 02 00 00", "checksum"),
    ],
)
def test_it_knows_a_wrong_reply_by_its_first_wrong_byte(begin: str, why: str) -> None:
    with pytest.raises(Corrupted, match=why):
        judged(next(read_input(1, 0, 2)), bytes.fromhex(begin))


@pytest.mark.parametrize(
    ("steps", "reply"),
    [
        (write_many(1, 0x200, [1, 2]), "01 10 02 00 00 03"),
        (write_one(1, 0x200, 5), "01 06 02 00 00 06"),
        (read_file(1, 16, 0, 1), "01 14 04 05 06 00 00"),
        (read_file(1, 16, 0, 1), "01 14 04 03 07 00 00"),
    ],
)
def test_an_intact_reply_to_another_request_is_corrupted(steps: Steps[object], reply: str) -> None:
    with pytest.raises(Corrupted):
        judged(next(steps), sealed(bytes.fromhex(reply)))


def test_contents_that_cannot_be_true_are_refused_before_they_are_accepted() -> None:
    def never(_words: tuple[int, ...]) -> None:
        raise Implausible("no")

    with pytest.raises(Implausible):
        judged(next(read_input(1, 0, 1, never)), sealed(bytes((1, 4, 2, 0, 0))))


@settings(max_examples=60)
@given(words=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=64), drawn=st.data())
def test_one_or_two_flipped_bits_are_never_accepted(words: list[int], drawn: st.DataObject) -> None:
    good = sealed(bytes((1, 4, 2 * len(words))) + octets_of(words))
    bits = drawn.draw(st.sets(st.integers(0, 8 * len(good) - 1), min_size=1, max_size=2))
    bad = bytearray(good)
    for bit in bits:
        bad[bit // 8] ^= 1 << bit % 8
    exchange = next(read_input(1, 0, len(words)))
    try:
        assert judged(exchange, bytes(bad)) > 0
    except Corrupted:
        return


@pytest.mark.fuzz
@given(octets=st.binary(max_size=300), which=st.integers(0, 5))
def test_any_bytes_end_in_a_length_or_a_typed_error(octets: bytes, which: int) -> None:
    steps: list[Steps[object]] = [
        read_input(1, 0, 64),
        read_holding(1, 0, 8),
        write_one(1, 0, 1),
        write_many(1, 0, [1]),
        read_file(1, 16, 0, 124),
        read_identity(1),
    ]
    exchange = next(steps[which])
    begin = bytes((1, exchange.request[1]))
    for received in (octets, begin + octets):
        try:
            missing = judged(exchange, received)
        except Corrupted:
            continue
        assert 0 <= missing <= 256


@pytest.mark.parametrize("count", [0, 126])
def test_a_read_beyond_the_standard_is_a_mistake_of_the_program(count: int) -> None:
    with pytest.raises(ValueError, match="registers"):
        next(read_input(1, 0, count))


def test_a_value_that_fits_no_register_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="65535"):
        next(write_one(1, 0, 70000))
