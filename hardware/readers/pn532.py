"""The PN532 card reader over its high speed UART, 115200 8N1: frames, conversation, presence of cards.

Source: NXP UM0701-02 (PN532 user manual): 6.2.1 frames, 7.2.2 GetFirmwareVersion,
7.2.10 SAMConfiguration, 7.3.1 RFConfiguration, 7.3.5 InListPassiveTarget, 7.3.11 InRelease.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeVar

from hardware.capabilities import Exchange, Steps
from hardware.errors import Corrupted, HardwareError, Refused

T = TypeVar("T")

BAUD_RATE: Final = 115200
WAKE_UP: Final = b"\x55\x55" + bytes(14)  # a sleeping chip misses the bytes that wake it
ACK: Final = bytes.fromhex("0000FF00FF00")

GET_FIRMWARE_VERSION: Final = 0x02
SAM_CONFIGURATION: Final = 0x14
RF_CONFIGURATION: Final = 0x32
IN_LIST_PASSIVE_TARGET: Final = 0x4A
IN_RELEASE: Final = 0x52

_TO_CHIP: Final = 0xD4
_FROM_CHIP: Final = 0xD5
_START: Final = b"\x00\xff"
_HEADER_BYTES: Final = 4  # start code, LEN, LCS
_SHORTEST_FRAME_BYTES: Final = 8  # the error frame, with preamble and postamble
_ERROR_BODY: Final = b"\x7f"
_GARBAGE_AT_MOST_BYTES: Final = 300
_UID_AT: Final = 6  # NbTg, Tg, SENS_RES (2), SEL_RES, length
_UID_LENGTHS: Final = frozenset({4, 7, 10})  # ISO/IEC 14443-3, 6.5.4
_RANDOM_FIRST_BYTE: Final = 0x08  # the same: a 4-byte identifier that changes with every presentation
_ANSWER_S: Final = 0.1
_LIST_S: Final = 0.4
_ACTIVATION_RETRIES: Final = 0x02
_EMPTY_READS_UNTIL_GONE: Final = 2


def frame_of(command: int, arguments: bytes = b"") -> bytes:
    """Build a normal information frame to the chip."""
    body = bytes((_TO_CHIP, command)) + arguments
    return b"\x00" + _START + bytes((len(body), -len(body) & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


def _answer_begins(received: bytes) -> int | None:
    """Where the bytes after the acknowledgement begin; bytes before it are noise."""
    at = received.find(ACK)
    return None if at < 0 else at + len(ACK)


def _missing_of_frame(rest: bytes, command: int) -> int:
    start = rest.find(_START)
    if start < 0 or len(rest) < start + _HEADER_BYTES:
        return max(1, _SHORTEST_FRAME_BYTES - len(rest))
    length, check = rest[start + 2], rest[start + 3]
    if (length + check) & 0xFF or not length:
        raise Corrupted("the reader's reply has a damaged length")
    end = start + _HEADER_BYTES + length
    if len(rest) < end + 2:
        return end + 2 - len(rest)
    body = rest[start + _HEADER_BYTES : end]
    if (sum(body) + rest[end]) & 0xFF:
        raise Corrupted("the checksum of the reader's reply is wrong")
    if body != _ERROR_BODY and body[:2] != bytes((_FROM_CHIP, command + 1)):
        raise Corrupted("the reader answered another command")
    return 0


def missing_of(command: int) -> Callable[[bytes], int]:
    """How many bytes of the acknowledgement and the reply to *command* are still to come. Raises Corrupted."""

    def missing(received: bytes) -> int:
        if len(received) > _GARBAGE_AT_MOST_BYTES:
            raise Corrupted("the reader sends bytes that are no frame: check its cable and its speed")
        begins = _answer_begins(received)
        if begins is not None:
            return _missing_of_frame(received[begins:], command)
        partial = max(length for length in range(len(ACK)) if received.endswith(ACK[:length]))
        return len(ACK) - partial

    return missing


def _body_of(received: bytes) -> bytes:
    """The contents after TFI and command code of a complete reply; the error frame is Refused."""
    rest = received[_answer_begins(received) :]
    start = rest.find(_START)
    body = rest[start + _HEADER_BYTES : start + _HEADER_BYTES + rest[start + 2]]
    if body == _ERROR_BODY:
        raise Refused("the reader refused the command: it does not know it")
    return body[2:]


def _ask(command: int, arguments: bytes = b"", *, wake: bool = False, wait_s: float = _ANSWER_S) -> Steps[bytes]:
    request = (WAKE_UP if wake else b"") + frame_of(command, arguments)
    reply = yield Exchange(request, missing_of(command), wait_s)
    return _body_of(reply)


def firmware_version() -> Steps[str]:
    """Ask who is there, waking it: "PN532 1.6". Also the proof of life. Raises Refused for another chip."""
    body = yield from _ask(GET_FIRMWARE_VERSION, wake=True)
    if len(body) < 3:  # noqa: PLR2004 - IC, version, revision
        raise Refused("the reader does not say what it is: replace it with a PN532")
    return f"PN5{body[0]:02X} {body[1]}.{body[2]}"


def set_up() -> Steps[None]:
    """Wake the chip, normal mode, and bound the search for a card, which otherwise never ends."""
    yield from _ask(SAM_CONFIGURATION, bytes((0x01, 0x14, 0x01)), wake=True)
    yield from _ask(RF_CONFIGURATION, bytes((0x05, 0xFF, 0x01, _ACTIVATION_RETRIES)))


def list_target() -> Steps[bytes]:
    """Look for one card of ISO/IEC 14443 A: the contents of the reply, its first byte the number of cards."""
    return (yield from _ask(IN_LIST_PASSIVE_TARGET, bytes((0x01, 0x00)), wait_s=_LIST_S))


def release() -> Steps[None]:
    """Let the card go, so that it is found again as long as it stays."""
    yield from _ask(IN_RELEASE, b"\x00")


def uid_of(body: bytes) -> bytes | None:
    """The identifier in a reply to `list_target`; None for one that no card can have."""
    if len(body) < _UID_AT:
        return None
    length = body[_UID_AT - 1]
    uid = body[_UID_AT : _UID_AT + length]
    if length not in _UID_LENGTHS or len(uid) != length:
        return None
    return None if set(uid) <= {0x00} or set(uid) <= {0xFF} else uid


def id_tag_of(uid: bytes, order: Literal["msb", "lsb"] = "msb", *, strip_check_byte: bool = True) -> str:
    """*uid* as an OCPP idTag: upper-case hexadecimal, at most 20 characters.

    *order* "lsb" reverses the bytes. Some readers append the check byte (the exclusive or of the first
    four) of ISO/IEC 14443-3, 6.5.2; it is taken away unless *strip_check_byte* is off.
    """
    check_byte = len(uid) == 5 and uid[4] == uid[0] ^ uid[1] ^ uid[2] ^ uid[3]  # noqa: PLR2004 - four and a check
    if strip_check_byte and check_byte:
        uid = uid[:4]
    return (uid if order == "msb" else uid[::-1]).hex().upper()


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was just put to the reader. A random identifier cannot name a person."""

    uid: bytes
    random: bool


class RunsSteps(Protocol):
    """What a reader needs of a line."""

    def run(self, steps: Steps[T]) -> T: ...  # noqa: D102 - hardware.line.Line


class Pn532:
    """One reader on a line of its own. Every card in the field is reported once, until the field was empty.

    Of two cards the chip names now one and now the other, so each is remembered for itself.
    """

    def __init__(self, line: RunsSteps) -> None:
        """Speak over *line* (115200)."""
        self.dropped = 0  # replies with an identifier that no card can have
        self._line = line
        self._ready = False
        self._present: set[Card] = set()
        self._empty_reads = 0

    def alive(self) -> bool:
        """Whether the reader answers; after a failure the next poll sets it up again."""
        try:
            self._line.run(firmware_version())
        except HardwareError:
            self._ready = False
            return False
        return True

    def poll(self) -> Card | None:
        """Return the card that appeared since the last call. Raises HardwareError when the reader is lost."""
        try:
            body = self._listed()
        except HardwareError:
            self._ready = False
            raise
        if not body or not body[0]:
            self._gone()
            return None
        uid = uid_of(body)
        if uid is None:
            self.dropped += 1
            return None
        return self._seen(Card(uid, random=len(uid) == 4 and uid[0] == _RANDOM_FIRST_BYTE))  # noqa: PLR2004

    def _listed(self) -> bytes:
        if not self._ready:
            self._line.run(set_up())
            self._ready = True
        body = self._line.run(list_target())
        if body and body[0]:
            try:
                self._line.run(release())
            except HardwareError:  # the card was read all the same
                self._ready = False
        return body

    def _seen(self, card: Card) -> Card | None:
        # A telephone may draw another random identifier while it lies there.
        same = card in self._present or (card.random and any(before.random for before in self._present))
        self._present.add(card)
        self._empty_reads = 0
        return None if same else card

    def _gone(self) -> None:
        self._empty_reads += 1
        if self._empty_reads >= _EMPTY_READS_UNTIL_GONE:
            self._present.clear()
