"""Modbus RTU as a master speaks it: requests, and replies recognised byte by byte. Pure.

Sources: MODBUS Application Protocol V1.1b3, sections 6.3 (03), 6.4 (04), 6.6 (06), 6.12 (16),
6.14 (20), 6.21 (43/14) and 7 (exceptions); MODBUS over Serial Line V1.02, 2.5.1 and 6.2.2 (CRC).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .capabilities import Exchange, Steps
from .errors import Corrupted, Refused

Check = Callable[[tuple[int, ...]], None]

READ_HOLDING: Final = 0x03
READ_INPUT: Final = 0x04
WRITE_ONE: Final = 0x06
WRITE_MANY: Final = 0x10
READ_FILE: Final = 0x14
READ_IDENTITY: Final = 0x2B

BUSY: Final = 6  # the exception after which the same question may be asked again

_LAST_UNIT: Final = 247  # MODBUS over Serial Line, 2.2
_LONGEST_FRAME: Final = 256  # the same, 2.5.1
_MOST_READ: Final = 125  # section 6.3
_MOST_WRITTEN: Final = 123  # section 6.12
_MOST_FILED: Final = 124  # section 6.14
_LAST_RECORD: Final = 9999
_EXCEPTION: Final = 0x80
_EXCEPTION_BYTES: Final = 5  # unit, function, code, CRC: also the shortest reply of all
_WRITE_REPLY_BYTES: Final = 8
_FILE_REFERENCE: Final = 6
_MEI_IDENTITY: Final = 14
_IDENTITY_HEADER_BYTES: Final = 8
_WAIT_S: Final = 0.05
_REFUSALS: Final = {
    1: "it does not know the function",
    2: "it has no such register",
    3: "it does not accept the value",
    4: "its hardware failed",
    5: "it needs more time",
    6: "it is busy",
}


def _crc_table() -> tuple[int, ...]:
    table = []
    for index in range(256):
        crc = index
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC_TABLE: Final = _crc_table()


def crc16(octets: bytes) -> int:
    """CRC-16/MODBUS of *octets*; on the wire the low byte comes first."""
    crc = 0xFFFF
    for octet in octets:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ octet) & 0xFF]
    return crc


def sealed(body: bytes) -> bytes:
    """*body* (unit, function, contents) with its CRC: a whole frame."""
    return body + crc16(body).to_bytes(2, "little")


def octets_of(words: Sequence[int]) -> bytes:
    """Registers as they travel, high byte first. Raises ValueError outside 0..65535."""
    try:
        return struct.pack(f">{len(words)}H", *words)
    except struct.error as error:
        raise ValueError(f"A register holds 0..65535: {list(words)}.") from error


def words_of(octets: bytes) -> tuple[int, ...]:
    """The registers in *octets*, an even number of bytes."""
    return struct.unpack(f">{len(octets) // 2}H", octets)


def _whole_bytes_of_write(_received: bytes) -> int:
    return _WRITE_REPLY_BYTES


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the reply to one request must look like."""

    unit: int
    function: int
    whole_bytes: Callable[[bytes], int]  # from the bytes so far (two or more); raises Corrupted
    check: Callable[[bytes], None] | None = None  # the complete, undamaged frame

    def missing(self, received: bytes) -> int:
        """How many bytes are still to come; never more than the shortest possible continuation."""
        if received and received[0] != self.unit:
            raise Corrupted(f"unit {received[0]} answered in place of unit {self.unit}")
        if len(received) <= 1:
            return _EXCEPTION_BYTES - len(received)
        whole = self._whole(received)
        if len(received) < whole:
            return whole - len(received)
        if len(received) > whole or crc16(received) != 0:
            raise Corrupted(f"unit {self.unit}: the checksum of the reply is wrong")
        if self.check is not None and received[1] == self.function:
            self.check(received)
        return 0

    def _whole(self, received: bytes) -> int:
        if received[1] == self.function | _EXCEPTION:
            return _EXCEPTION_BYTES
        if received[1] != self.function:
            raise Corrupted(f"unit {self.unit}: function {received[1]} answered in place of {self.function}")
        return max(self.whole_bytes(received), _EXCEPTION_BYTES)


def _asked(exchange: Exchange) -> Steps[bytes]:
    reply = yield exchange
    if reply[1] & _EXCEPTION:
        code = reply[2]
        because = _REFUSALS.get(code, f"exception {code}")
        raise Refused(f"unit {exchange.unit} refused function {exchange.request[1]}: {because}", code)
    return reply


def _counted(position: int, expected: int, whole: int) -> Callable[[bytes], int]:
    """The length of a reply whose byte *position* must hold *expected*."""

    def whole_bytes(received: bytes) -> int:
        if len(received) > position and received[position] != expected:
            raise Corrupted(f"the reply announces {received[position]} bytes in place of {expected}")
        return whole

    return whole_bytes


def _body(unit: int, function: int, contents: bytes) -> bytes:
    if not 0 <= unit <= _LAST_UNIT:
        raise ValueError(f"A unit is 0..{_LAST_UNIT}, not {unit}.")
    return sealed(bytes((unit, function)) + contents)


def _read(unit: int, function: int, address: int, count: int, check: Check | None) -> Exchange:
    if not 1 <= count <= _MOST_READ:
        raise ValueError(f"One read covers 1..{_MOST_READ} registers, not {count}.")

    def checked(frame: bytes) -> None:
        if check is not None:
            check(words_of(frame[3:-2]))

    reply = _Reply(unit, function, _counted(2, 2 * count, 5 + 2 * count), checked)
    request = _body(unit, function, octets_of((address, count)))
    return Exchange(request, reply.missing, _WAIT_S, unit=unit)


def bytes_of_read(count: int) -> int:
    """How long a read of *count* registers is on the wire, request and reply together."""
    return 8 + 5 + 2 * count


def bytes_of_write(count: int) -> int:
    """How long function 16 with *count* registers is on the wire, request and reply together."""
    return 9 + 2 * count + 8


def read_input(unit: int, address: int, count: int, check: Check | None = None) -> Steps[tuple[int, ...]]:
    """Function 04. *check* judges the words before they are accepted (raises Implausible: asked again)."""
    reply = yield from _asked(_read(unit, READ_INPUT, address, count, check))
    return words_of(reply[3:-2])


def read_holding(unit: int, address: int, count: int, check: Check | None = None) -> Steps[tuple[int, ...]]:
    """Function 03; *check* as in `read_input`."""
    reply = yield from _asked(_read(unit, READ_HOLDING, address, count, check))
    return words_of(reply[3:-2])


def _write(request: bytes) -> Exchange:
    unit, expected = request[0], request[:6]

    def repeats_the_request(frame: bytes) -> None:
        if frame[:6] != expected:
            raise Corrupted(f"unit {unit}: the reply confirms another write")

    reply = _Reply(unit, request[1], _whole_bytes_of_write, repeats_the_request)
    return Exchange(request, reply.missing, _WAIT_S, unit=unit)


def write_one(unit: int, address: int, word: int) -> Steps[None]:
    """Function 06: one holding register."""
    yield from _asked(_write(_body(unit, WRITE_ONE, octets_of((address, word)))))


def _write_many_request(unit: int, address: int, words: Sequence[int]) -> bytes:
    if not 1 <= len(words) <= _MOST_WRITTEN:
        raise ValueError(f"One write covers 1..{_MOST_WRITTEN} registers, not {len(words)}.")
    contents = octets_of((address, len(words))) + bytes((2 * len(words),)) + octets_of(words)
    return _body(unit, WRITE_MANY, contents)


def write_many(
    unit: int,
    address: int,
    words: Sequence[int],
    *,
    energizes: bool = False,
    repeatable: bool = True,
) -> Steps[None]:
    """Function 16: holding registers from *address* on. *repeatable* = False where doing it twice does harm."""
    exchange = _write(_write_many_request(unit, address, words))
    yield from _asked(replace(exchange, energizes=energizes, repeatable=repeatable))


def broadcast_many(address: int, words: Sequence[int]) -> Exchange:
    """Function 16 to unit 0: every controller of the line obeys, none answers."""
    return Exchange(_write_many_request(0, address, words), None)


def read_file(unit: int, file: int, record: int, count: int) -> Steps[bytes]:
    """Function 20 with one group: *count* registers (1..124) from *record* on, as bytes."""
    if not 1 <= count <= _MOST_FILED or not 0 <= record <= _LAST_RECORD:
        raise ValueError(f"One file read covers 1..124 registers of records 0..9999, not {count} from {record}.")
    group = bytes((_FILE_REFERENCE,)) + octets_of((file, record, count))
    request = _body(unit, READ_FILE, bytes((len(group),)) + group)

    def is_one_group(frame: bytes) -> None:
        if frame[3] != 1 + 2 * count or frame[4] != _FILE_REFERENCE:
            raise Corrupted(f"unit {unit}: the reply is not the file record that was asked for")

    reply = _Reply(unit, READ_FILE, _counted(2, 2 + 2 * count, 7 + 2 * count), is_one_group)
    frame = yield from _asked(Exchange(request, reply.missing, _WAIT_S, unit=unit))
    return frame[5:-2]


def _whole_bytes_of_identity(received: bytes) -> int:
    """Walk the objects: (id, length, text) each; the eighth byte counts them."""
    if received[2:3] not in {b"", bytes((_MEI_IDENTITY,))}:
        raise Corrupted(f"the reply is of interface {received[2]}, not of a device identification")
    if len(received) < _IDENTITY_HEADER_BYTES:
        return _IDENTITY_HEADER_BYTES + 2
    end = _IDENTITY_HEADER_BYTES
    for _ in range(received[7]):
        if len(received) < end + 2:
            return end + 2 + 2
        end += 2 + received[end + 1]
        if end + 2 > _LONGEST_FRAME:
            raise Corrupted("the objects of the reply are longer than a frame")
    return end + 2


def _objects_of(frame: bytes) -> dict[int, bytes]:
    objects = {}
    position = _IDENTITY_HEADER_BYTES
    for _ in range(frame[7]):
        length = frame[position + 1]
        objects[frame[position]] = frame[position + 2 : position + 2 + length]
        position += 2 + length
    return objects


def read_identity(unit: int, category: int = 1) -> Steps[dict[int, bytes]]:
    """Function 43/14: the objects of *category* (1 basic, 2 regular, 3 extended) by their number.

    Follows "more follows" as long as the next object's number grows, so that it always ends.
    """
    objects: dict[int, bytes] = {}
    wanted = 0
    while True:
        request = _body(unit, READ_IDENTITY, bytes((_MEI_IDENTITY, category, wanted)))
        reply = _Reply(unit, READ_IDENTITY, _whole_bytes_of_identity)
        frame = yield from _asked(Exchange(request, reply.missing, _WAIT_S, unit=unit))
        objects.update(_objects_of(frame))
        more, following = frame[5], frame[6]
        if not more or following <= wanted:
            return objects
        wanted = following
