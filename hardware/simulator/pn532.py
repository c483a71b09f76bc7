"""What does the card reader answer? A PN532 on its high-speed UART (NXP UM0701-02, chapters 6.2 and 7)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .serial_end import SerialEnd

if TYPE_CHECKING:
    from pathlib import Path

BAUD_RATE: Final = 115200
ACK: Final = bytes.fromhex("0000ff00ff00")
ERROR_FRAME: Final = bytes.fromhex("0000ff01ff7f8100")
ANSWER_S: Final = 0.002
NO_CARD_S: Final = 0.150
LOOK_S: Final = 0.010
FOR_EVER: Final = 0xFF
MAX_RETRIES: Final = b"\x05"  # item of RFConfiguration: ATR, PSL, passive activation
WAKE_UP: Final = 0x55
HOST: Final = 0xD4
CHIP: Final = 0xD5
VERSION: Final = bytes.fromhex("32010607")  # IC 0x32, firmware 1.6, ISO 14443 A, B and 18092
LONGEST_BODY: Final = 264
_BYTES_KEPT: Final = 600
# SENS_RES and SEL_RES of common cards by length of the UID: MIFARE Classic, NTAG, DESFire.
_CARD_KINDS: Final = {4: bytes.fromhex("000408"), 7: bytes.fromhex("004400"), 10: bytes.fromhex("008420")}


class Command:
    """Command codes (UM0701-02, table 13)."""

    GET_FIRMWARE_VERSION: Final = 0x02
    SAM_CONFIGURATION: Final = 0x14
    RF_CONFIGURATION: Final = 0x32
    IN_LIST_PASSIVE_TARGET: Final = 0x4A
    IN_RELEASE: Final = 0x52


@dataclass(frozen=True, slots=True)
class Frame:
    """What was found at the start of the received bytes. `command` is None for an ACK or a damaged frame."""

    used: int
    command: bytes | None = None
    is_ack: bool = False


def next_frame(received: bytes) -> Frame | None:
    """The first frame of *received* (normal or extended, UM0701-02 6.2.1); None while it is not complete."""
    start = received.find(b"\x00\xff")
    if start < 0 or len(received) < start + 4:
        return None
    length, check = received[start + 2], received[start + 3]
    begin = start + 4
    if (length, check) == (0x00, 0xFF):
        return Frame(begin, is_ack=True)
    if (length, check) == (0xFF, 0xFF):
        if len(received) < begin + 3:
            return None
        length = received[begin] << 8 | received[begin + 1]
        check = (-(received[begin] + received[begin + 1])) & 0xFF
        intact = check == received[begin + 2]
        begin += 3
    else:
        intact = (length + check) & 0xFF == 0
    if not intact or not 1 <= length <= LONGEST_BODY:
        return Frame(start + 2)
    if len(received) < begin + length + 1:
        return None
    body, total = received[begin : begin + length], sum(received[begin : begin + length + 1]) & 0xFF
    whole = total == 0 and body[0] == HOST and length > 1
    return Frame(begin + length + 1, body[1:] if whole else b"")


def framed(body: bytes) -> bytes:
    """*body* (with its TFI) as a normal frame."""
    length = len(body)
    return bytes([0, 0, 0xFF, length, -length & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])


class Chip:
    """The conversation of one PN532, without a line: commands in, answers out. Times by the caller's clock."""

    def __init__(self) -> None:
        self._gone_at_s: dict[bytes, float] = {}  # by UID; the card that was found last stands last
        self._retries = FOR_EVER
        self._looking_until_s: float | None = None

    def hold(self, uid: bytes, until_s: float) -> None:
        """A card with *uid* is in the field until *until_s*, beside those that are there."""
        self._gone_at_s[uid] = until_s

    def uid(self, now_s: float) -> bytes:
        """The card in the field that waits longest to be found, or b""."""
        self._gone_at_s = {uid: gone_at_s for uid, gone_at_s in self._gone_at_s.items() if now_s < gone_at_s}
        return next(iter(self._gone_at_s), b"")

    @property
    def looking(self) -> bool:
        """It waits for a card."""
        return self._looking_until_s is not None

    def cancel(self) -> None:
        """An ACK of the host, or its next command, ends what is under way (UM0701-02, 6.2.2.1)."""
        self._looking_until_s = None

    def answer(self, command: bytes, now_s: float) -> bytes | None:
        """The answer frame to *command*; None while the chip looks for a card."""
        self.cancel()
        code, arguments = command[0], command[1:]
        if code == Command.GET_FIRMWARE_VERSION:
            return framed(bytes([CHIP, code + 1]) + VERSION)
        if code == Command.SAM_CONFIGURATION:
            return framed(bytes([CHIP, code + 1]))
        if code == Command.RF_CONFIGURATION:
            if arguments[:1] == MAX_RETRIES:
                self._retries = arguments[-1]
            return framed(bytes([CHIP, code + 1]))
        if code == Command.IN_RELEASE:
            return framed(bytes([CHIP, code + 1, 0]))
        if code == Command.IN_LIST_PASSIVE_TARGET and len(arguments) > 1:
            return self._start_looking(arguments, now_s)
        return ERROR_FRAME

    def look(self, now_s: float) -> bytes | None:
        """Look into the field: the answer with a card, the one without when the retries are over, or None."""
        if self._looking_until_s is None:
            return None
        uid = self.uid(now_s)
        if not uid and now_s < self._looking_until_s:
            return None
        self._looking_until_s = None
        if uid:  # released cards are halted, so that the next look finds another one first (ISO/IEC 14443-3, 6.3)
            self._gone_at_s[uid] = self._gone_at_s.pop(uid)
        target = bytes([1, 1]) + _CARD_KINDS[len(uid)] + bytes([len(uid)]) + uid if uid else b"\x00"
        return framed(bytes([CHIP, Command.IN_LIST_PASSIVE_TARGET + 1]) + target)

    def _start_looking(self, arguments: bytes, now_s: float) -> bytes | None:
        type_a = arguments[1] == 0
        if not type_a:
            return framed(bytes([CHIP, Command.IN_LIST_PASSIVE_TARGET + 1, 0]))
        self._looking_until_s = float("inf") if self._retries == FOR_EVER else now_s + NO_CARD_S
        return self.look(now_s)


class Reader:
    """The reader at its place: a line that can be pulled and put back, and a hand with a card."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._chip = Chip()
        self._lock = threading.Lock()
        self._plugging = threading.Lock()
        self._line: _ReaderLine | None = None

    @property
    def present(self) -> bool:
        """The reader is at its place."""
        return self._line is not None

    @property
    def card(self) -> str | None:
        """The UID in the field, in hexadecimal digits."""
        with self._lock:
            return self._chip.uid(time.monotonic()).hex().upper() or None

    def hold(self, uid: bytes, hold_s: float) -> None:
        """Hold a card with *uid* (4, 7 or 10 bytes) into the field for *hold_s* seconds."""
        with self._lock:
            self._chip.hold(uid, time.monotonic() + hold_s)

    def plug(self, *, present: bool) -> None:
        """Put the reader in its place or pull it out."""
        with self._plugging:
            if present and self._line is None:
                self._chip = Chip()
                self._line = _ReaderLine(self._link, self._chip, self._lock)
                self._line.start()
            elif not present and self._line is not None:
                line, self._line = self._line, None
                line.stop()


class _ReaderLine(threading.Thread):
    """Serves the reader's serial line. The chip sleeps until it hears a wake-up (UM0701-02, 7.2.11)."""

    def __init__(self, link: Path, chip: Chip, lock: threading.Lock) -> None:
        super().__init__(name=link.name, daemon=True)
        self._end = SerialEnd(link, BAUD_RATE)
        self._chip, self._lock = chip, lock
        self._received = b""
        self._awake = False

    def run(self) -> None:
        """Serve until stopped."""
        try:
            while not self._end.closed:
                self._turn()
        finally:
            self._end.release()

    def stop(self) -> None:
        """Pull the cable out."""
        self._end.close()
        self.join(timeout=2)

    def _turn(self) -> None:
        self._received += self._end.receive(LOOK_S if self._chip.looking else None)
        self._wake_up()
        while self._awake and (frame := next_frame(self._received)) is not None:
            self._received = self._received[frame.used :]
            self._take(frame)
        self._received = self._received[-_BYTES_KEPT:]
        with self._lock:
            answer = self._chip.look(time.monotonic())
        self._reply(answer, time.monotonic())

    def _wake_up(self) -> None:
        # Adapters differ: a burst of 0x55, or a long preamble of zeros.
        if not self._awake and (WAKE_UP in self._received or b"\0" * 8 in self._received):
            self._awake = True
        elif not self._awake:
            self._received = b""

    def _take(self, frame: Frame) -> None:
        received_s = self._end.received_until_s
        if frame.command is None:
            with self._lock:
                self._chip.cancel()
            return
        if not frame.command:
            self._reply(ERROR_FRAME, received_s)
            return
        acknowledged_s = self._end.send(ACK, received_s + ANSWER_S / 2)
        with self._lock:
            answer = self._chip.answer(frame.command, time.monotonic())
        self._reply(answer, acknowledged_s)

    def _reply(self, answer: bytes | None, after_s: float) -> None:
        if answer is not None:
            self._end.send(answer, after_s + ANSWER_S)
