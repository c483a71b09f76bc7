"""The far end of a serial line in a test: a real pseudo-terminal whose replies follow a script."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from hardware.modbus_rtu import crc16, octets_of, sealed
from hardware.native_map import (
    IDENTITY_ADDRESS,
    IDENTITY_BLOCK_ID,
    IDENTITY_COUNT,
    STATUS_BLOCK_ID,
    STATUS_COUNT,
    ConnectorType,
    Identity,
    Status,
)

Answer = Callable[[bytes], bytes]
TURNAROUND_S: Final = 0.00175


def status_words(sequence: int = 1, **changes: int) -> list[int]:
    """A plausible status block of an idle Type 2 connector; *changes* by the names of `Status`."""
    words = [0] * STATUS_COUNT
    words[Status.BLOCK_ID] = STATUS_BLOCK_ID
    words[Status.SEQUENCE] = words[Status.SEQUENCE_COPY] = sequence
    words[Status.PROTOCOL] = 0x0100
    words[Status.STATE] = 2
    words[Status.PILOT] = int.from_bytes(b"A1", "big")
    for offset in (Status.DC_VOLTAGE_DV, Status.SOC_PERMILLE, Status.EV_MAX_POWER_10W):
        words[offset] = 0xFFFF
    words[Status.DC_CURRENT_DA] = 0x8000
    for offset in (Status.VOLTAGE_L1_DV, Status.VOLTAGE_L2_DV, Status.VOLTAGE_L3_DV):
        words[offset] = 2300
    for name, word in changes.items():
        words[Status[name]] = word
    return words


def identity_words(serial: str = "SN-0001", kind: ConnectorType = ConnectorType.TYPE2_SOCKET) -> list[int]:
    """A plausible identity block."""
    words = [0] * IDENTITY_COUNT
    words[Identity.BLOCK_ID] = IDENTITY_BLOCK_ID
    for start, count, text in (
        (Identity.VENDOR, 8, "ACME"),
        (Identity.MODEL, 12, "AC-22"),
        (Identity.SERIAL, 12, serial),
    ):
        octets = text.encode().ljust(2 * count, b"\0")
        words[start : start + count] = [int.from_bytes(octets[i : i + 2], "big") for i in range(0, 2 * count, 2)]
    words[Identity.FIRMWARE_MAJOR : Identity.FIRMWARE_MAJOR + 3] = [1, 4, 2]
    words[Identity.CONNECTOR_TYPE] = kind
    words[Identity.PHASES], words[Identity.MAXIMUM_DA], words[Identity.MINIMUM_DA] = 3, 320, 60
    words[Identity.BOARD_INDEX], words[Identity.CAPABILITIES] = 1, 0b111
    words[Identity.PROTOCOL] = 0x0100
    return words


def read_reply(request: bytes, words: list[int]) -> bytes:
    """The reply of functions 03 and 04 to *request*."""
    return sealed(request[:2] + bytes((2 * len(words),)) + octets_of(words))


class Board:
    """A minimal native controller: status with a running sequence, identity, and writes it remembers."""

    def __init__(self, unit: int = 1, serial: str = "SN-0001") -> None:
        self.unit = unit
        self.serial = serial
        self.sequence = 0
        self.written: list[bytes] = []

    def answer(self, request: bytes) -> bytes:
        """The reply to one intact request for this unit, else nothing."""
        if len(request) < 8 or crc16(request) != 0 or request[0] not in {0, self.unit}:
            return b""
        if request[1] == 0x10:
            self.written.append(request)
            return sealed(request[:6]) if request[0] else b""
        address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        self.sequence = (self.sequence + 1) & 0xFFFF
        block = identity_words(self.serial) if address == IDENTITY_ADDRESS else status_words(self.sequence)
        return read_reply(request, block[:count])


def whole_request(received: bytes) -> int:
    """The length of the Modbus request that begins *received*; 0 while it is too short to tell."""
    if len(received) < 2:
        return 0
    match received[1]:
        case 0x10:
            return 9 + received[6] if len(received) > 6 else 0
        case 0x14:
            return 5 + received[2] if len(received) > 2 else 0
        case 0x2B:
            return 7
        case 0x03 | 0x04 | 0x06:
            return 8
        case _:
            return len(received)  # no Modbus at all: the board sees a wrong checksum


class FarEnd:
    """One pseudo-terminal; every request is handed to *answer* and the reply is written at the line's pace."""

    def __init__(self, path: Path, answer: Answer, byte_s: float = 0.0, turnaround_s: float = 0.0) -> None:
        self.path = path
        self.answer = answer
        self.requests: list[bytes] = []
        self.asked_at: list[float] = []
        self._byte_s = byte_s
        self._turnaround_s = turnaround_s
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(self._slave))
        self._stop_in, self._stop_out = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        received = b""
        while self._stop_in not in (ready := select.select([self._master, self._stop_in], [], [])[0]):
            if self._master in ready:
                received += os.read(self._master, 4096)
            length = self.whole(received)
            while length and len(received) >= length:
                request, received = received[:length], received[length:]
                self._reply(request)
                length = self.whole(received)

    def whole(self, received: bytes) -> int:
        """The length of the request that begins *received*, 0 while that cannot be known."""
        return whole_request(received)

    def _reply(self, request: bytes) -> None:
        asked_at = time.monotonic()
        self.asked_at.append(asked_at)
        self.requests.append(request)
        octets = self.answer(request)
        begin = asked_at + len(request) * self._byte_s + self._turnaround_s
        step = 8 if self._byte_s else max(len(octets), 1)
        for at in range(0, len(octets), step):
            chunk = octets[at : at + step]
            _wait_until(begin + (at + len(chunk)) * self._byte_s)
            self.put(chunk)

    def put(self, octets: bytes) -> None:
        """Write *octets* now, asked or not."""
        os.write(self._master, octets)

    def close(self) -> None:
        """Unplug: the master closes and the link disappears."""
        os.write(self._stop_out, b"x")
        self._thread.join(5)
        self.path.unlink(missing_ok=True)
        for fd in (self._master, self._slave, self._stop_in, self._stop_out):
            os.close(fd)


def _wait_until(at: float) -> None:
    if (left_s := at - time.monotonic()) > 0:
        threading.Event().wait(left_s)


@contextlib.contextmanager
def far_end(path: Path, answer: Answer, byte_s: float = 0.0, turnaround_s: float = 0.0) -> Iterator[FarEnd]:
    """A far end for the length of a test."""
    end = FarEnd(path, answer, byte_s, turnaround_s)
    try:
        yield end
    finally:
        with contextlib.suppress(OSError):
            end.close()
