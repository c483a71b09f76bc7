"""Where does a request end, is it intact, and what is answered? Modbus RTU, far end (Modbus over serial line V1.02)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, Protocol

from hardware.native_map import BROADCAST_UNIT, Function, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST_FRAME: Final = 4
LONGEST_FRAME: Final = 256
_FIXED: Final = {Function.READ_HOLDING: 8, Function.READ_INPUT: 8, Function.WRITE_ONE: 8, Function.READ_IDENTITY: 7}
_COUNTED: Final = {Function.WRITE_MANY: 6, Function.READ_FILE: 2}  # where the byte count stands
LARGEST_READ: Final = 125
LARGEST_WRITE: Final = 123
MEI_IDENTITY: Final = 0x0E
FILE_REFERENCE: Final = 6
ONE_OBJECT: Final = 4
_LAST_OBJECT: Final = {1: 0x02, 2: 0x7F, 3: 0xFF}  # by access code: basic, regular, extended
_PAIR: Final = struct.Struct(">HH")
_WRITE_HEAD: Final = struct.Struct(">HHB")
_SUB_REQUEST: Final = struct.Struct(">BHHH")


class RefusedRequest(Exception):
    """The unit understood the request and answers it with an exception code."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.name)
        self.code = code


class Registers(Protocol):
    """One unit as Modbus sees it. Every method may raise RefusedRequest."""

    @property
    def answers(self) -> bool:
        """It is there and not silent."""
        ...

    def read_input(self, address: int, count: int, now_s: float) -> list[int]:
        """*count* input registers."""
        ...

    def read_holding(self, address: int, count: int, now_s: float) -> list[int]:
        """*count* holding registers."""
        ...

    def write(self, address: int, words: list[int], now_s: float, *, broadcast: bool) -> None:
        """Obey a write; what is refused has changed nothing."""
        ...

    def read_file(self, number: int, record: int, count: int) -> bytes:
        """*count* registers of a file, as bytes."""
        ...

    def identity_objects(self) -> dict[int, bytes]:
        """The objects of function 43/14."""
        ...


def _crc_table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        rows.append(crc)
    return tuple(rows)


_CRC_TABLE: Final = _crc_table()


def crc16(content: bytes) -> int:
    """CRC of a Modbus frame, polynomial 0xA001, start 0xFFFF (section 6.2.2)."""
    crc = 0xFFFF
    for byte in content:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def sealed(content: bytes) -> bytes:
    """*content* with its CRC, low byte first."""
    return content + crc16(content).to_bytes(2, "little")


def is_intact(frame: bytes) -> bool:
    """The CRC at the end of *frame* is right."""
    return len(frame) >= SHORTEST_FRAME and crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")


def request_length(received: bytes) -> int | None:
    """How long the request at the start of *received* is; None while that cannot be known."""
    if len(received) <= 1:
        return None
    function = received[1]
    if function in _FIXED:
        return _FIXED[Function(function)]
    place = _COUNTED[Function(function)] if function in _COUNTED else None
    if place is None or len(received) <= place:
        return None
    return place + 1 + received[place] + 2


def answer(frame: bytes, units: Mapping[int, Registers], now_s: float) -> bytes | None:
    """The reply to the intact request *frame*; None for a broadcast, an absent or a silent unit."""
    number, function = frame[0], frame[1]
    if number == BROADCAST_UNIT:
        for unit in units.values():
            _obey_broadcast(unit, frame, now_s)
        return None
    addressed = units.get(number)
    if addressed is None or not addressed.answers:
        return None
    try:
        return sealed(frame[:2] + _reply(addressed, function, frame[2:-2], now_s))
    except RefusedRequest as refused:
        return sealed(bytes([number, function | 0x80, refused.code]))


def _obey_broadcast(unit: Registers, frame: bytes, now_s: float) -> None:
    if not unit.answers or frame[1] != Function.WRITE_MANY:
        return
    try:
        address, words = _written_words(frame[2:-2])
        unit.write(address, words, now_s, broadcast=True)
    except RefusedRequest:
        return  # nobody may answer a broadcast (section 2.1)


def _reply(unit: Registers, function: int, body: bytes, now_s: float) -> bytes:
    if function in {Function.READ_INPUT, Function.READ_HOLDING}:
        address, count = _addressed(body)
        if not 1 <= count <= LARGEST_READ:
            raise RefusedRequest(Refusal.VALUE)
        read = unit.read_input if function == Function.READ_INPUT else unit.read_holding
        return bytes([count * 2]) + struct.pack(f">{count}H", *read(address, count, now_s))
    if function == Function.WRITE_ONE:
        address, word = _addressed(body)
        unit.write(address, [word], now_s, broadcast=False)
        return body
    if function == Function.WRITE_MANY:
        address, words = _written_words(body)
        unit.write(address, words, now_s, broadcast=False)
        return body[:4]
    if function == Function.READ_FILE:
        return _file_reply(unit, body)
    if function == Function.READ_IDENTITY:
        return _identity_reply(unit, body)
    raise RefusedRequest(Refusal.FUNCTION)


def _addressed(body: bytes) -> tuple[int, int]:
    if len(body) != _PAIR.size:
        raise RefusedRequest(Refusal.VALUE)
    address, value = _PAIR.unpack(body)
    return address, value


def _written_words(body: bytes) -> tuple[int, list[int]]:
    if len(body) < _WRITE_HEAD.size:
        raise RefusedRequest(Refusal.VALUE)
    address, count, length = _WRITE_HEAD.unpack_from(body)
    if not 1 <= count <= LARGEST_WRITE or length != count * 2 or len(body) != _WRITE_HEAD.size + length:
        raise RefusedRequest(Refusal.VALUE)
    return address, list(struct.unpack(f">{count}H", body[_WRITE_HEAD.size :]))


def _file_reply(unit: Registers, body: bytes) -> bytes:
    """Function 20, one or more sub-requests of seven bytes (Modbus application protocol V1.1b3, 6.14)."""
    if len(body) <= _SUB_REQUEST.size or body[0] != len(body) - 1 or body[0] % _SUB_REQUEST.size:
        raise RefusedRequest(Refusal.VALUE)
    groups = b""
    for start in range(1, len(body), _SUB_REQUEST.size):
        kind, number, record, count = _SUB_REQUEST.unpack_from(body, start)
        if kind != FILE_REFERENCE:
            raise RefusedRequest(Refusal.ADDRESS)
        content = unit.read_file(number, record, count)
        groups += bytes([len(content) + 1, FILE_REFERENCE]) + content
    if len(groups) > LONGEST_FRAME - 5:
        raise RefusedRequest(Refusal.VALUE)
    return bytes([len(groups)]) + groups


def _identity_reply(unit: Registers, body: bytes) -> bytes:
    """Function 43/14 (V1.1b3, 6.21): 1 basic, 2 regular, 3 extended as a stream, 4 one object."""
    if body[:1] != bytes([MEI_IDENTITY]):
        raise RefusedRequest(Refusal.FUNCTION)
    access, first = body[1:]
    objects = unit.identity_objects()
    if access == ONE_OBJECT:
        if first not in objects:
            raise RefusedRequest(Refusal.ADDRESS)
        return _identity_stream(access, {first: objects[first]})
    highest = _LAST_OBJECT.get(access)
    if highest is None:
        raise RefusedRequest(Refusal.VALUE)
    start = first if first in objects and first <= highest else 0
    return _identity_stream(access, {key: value for key, value in objects.items() if start <= key <= highest})


def _identity_stream(access: int, objects: dict[int, bytes]) -> bytes:
    listed, following = b"", 0
    count = 0
    for key in sorted(objects):
        row = bytes([key, len(objects[key])]) + objects[key]
        if len(listed) + len(row) > LONGEST_FRAME - 12:
            following = key
            break
        listed += row
        count += 1
    return bytes([MEI_IDENTITY, access, 0x83, 0xFF if following else 0, following, count]) + listed
