"""A firmware update of a native controller: the board says how far it is, each step does what comes next."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from hardware.capabilities import ConnectorIdentity, Steps
from hardware.errors import Implausible, Refused
from hardware.modbus_rtu import BUSY, crc16, read_input, words_of, write_many
from hardware.native_map import (
    FIRMWARE_BLOCK_BYTES,
    FIRMWARE_STATUS_ADDRESS,
    FIRMWARE_STATUS_COUNT,
    FIRMWARE_WINDOW_ADDRESS,
    FIRMWARE_WINDOW_COUNT,
    CommandResult,
    FirmwareState,
    FirmwareStatus,
    FirmwareWindow,
    Opcode,
)

from ._native_mailbox import Mailbox
from ._native_status import u32

_STEPS_AFTER_BLOCKS: Final = 3  # verified, committed, confirmed
_PATIENCE: Final = 200  # looks at a board that does not leave a state by itself

Progress = tuple[int, int]


class Update:
    """One update under way. What the board forgot or we forgot is begun again; what it stored is not resent."""

    def __init__(self, unit: int, mailbox: Mailbox, identify: Callable[[], Steps[ConnectorIdentity]]) -> None:
        """Speak to *unit*."""
        self._unit = unit
        self._mailbox = mailbox
        self._identify = identify
        self._crc32: int | None = None  # of the image this memory is about
        self._session: int | None = None
        self._committed = False
        self._looks = 0

    def step(self, image: bytes) -> Steps[Progress]:
        """Do the next thing for *image*; (done, of), equal when the board runs it confirmed. Raises Refused."""
        crc32 = zlib.crc32(image)
        if crc32 != self._crc32:
            self._forget(crc32)
        words = yield from read_input(self._unit, FIRMWARE_STATUS_ADDRESS, FIRMWARE_STATUS_COUNT)
        state, whole = self._state(words), len(image) + _STEPS_AFTER_BLOCKS
        match state:
            case FirmwareState.IDLE | FirmwareState.FAILED:
                done = yield from self._idle(image, words, whole)
            case FirmwareState.ERASING | FirmwareState.VERIFYING:
                done = self._wait(u32(words, FirmwareStatus.NEXT_OFFSET))
            case FirmwareState.RECEIVING:
                done = yield from self._receiving(image, u32(words, FirmwareStatus.NEXT_OFFSET))
            case FirmwareState.VERIFIED:
                done = yield from self._verified(image)
            case FirmwareState.AWAITING_CONFIRM:
                done = yield from self._confirm(whole)
        return done, whole

    def _forget(self, crc32: int | None) -> None:
        self._crc32, self._session, self._committed, self._looks = crc32, None, False, 0

    def _state(self, words: tuple[int, ...]) -> FirmwareState:
        try:
            return FirmwareState(words[FirmwareStatus.STATE])
        except ValueError as error:
            raise Implausible(f"firmware state {words[FirmwareStatus.STATE]} is unknown") from error

    def _idle(self, image: bytes, words: tuple[int, ...], whole: int) -> Steps[int]:
        """Nothing is under way: it is done, it went wrong, or it begins."""
        if not image:
            raise Refused("the firmware file is empty: nothing was written to a slot")
        identity = yield from self._identify()
        if identity.more["firmware_crc32"] == f"{self._crc32:08X}":
            self._forget(None)
            return whole
        if self._session is not None:
            self._forget(None)
            reason = words[FirmwareStatus.ERROR]
            raise Refused(f"unit {self._unit} did not keep the firmware (error {reason}): it runs {identity.firmware}")
        if len(image) > identity.slot_bytes:
            raise Refused(f"{len(image)} bytes of firmware do not fit into the {identity.slot_bytes} of a slot")
        yield from self._begin(len(image))
        return 0

    def _begin(self, size: int) -> Steps[None]:
        """Erase the idle slot; a board that holds the beginning of this very image goes on where it was."""
        crc32 = self._crc32 or 0
        arguments = (*divmod(size, 1 << 16), *divmod(crc32, 1 << 16))
        result = yield from self._mailbox.order(Opcode.FIRMWARE_BEGIN, *arguments, polls=1)
        if result not in {CommandResult.OK, CommandResult.BUSY}:
            raise self._mailbox.refusal(Opcode.FIRMWARE_BEGIN, result)
        self._session, self._looks = self._mailbox.last_id, 0

    def _receiving(self, image: bytes, offset: int) -> Steps[int]:
        if self._session is None:
            yield from self._begin(len(image))
            return 0
        if offset >= len(image):
            yield from self._mailbox.post(Opcode.FIRMWARE_VERIFY)
            return self._wait(len(image))
        self._looks = 0
        block = image[offset : offset + FIRMWARE_BLOCK_BYTES]
        words = [0] * FIRMWARE_WINDOW_COUNT
        words[FirmwareWindow.OFFSET : FirmwareWindow.OFFSET + 2] = divmod(offset, 1 << 16)
        words[FirmwareWindow.LENGTH] = len(block)
        words[FirmwareWindow.CRC16] = crc16(block)
        words[FirmwareWindow.SESSION] = self._session
        words[FirmwareWindow.BLOCK] = offset // FIRMWARE_BLOCK_BYTES & 0xFFFF
        words[FirmwareWindow.BYTES :] = words_of(block.ljust(FIRMWARE_BLOCK_BYTES, b"\xff"))
        try:
            yield from write_many(self._unit, FIRMWARE_WINDOW_ADDRESS, words)
        except Refused as error:
            if error.code != BUSY:
                raise
            return self._wait(offset)
        return offset + len(block)

    def _verified(self, image: bytes) -> Steps[int]:
        # The boot loader still says "verified": a second commit would only reboot it again.
        if self._committed:
            return self._wait(len(image) + 1)
        yield from self._mailbox.post(Opcode.FIRMWARE_COMMIT)
        self._session, self._committed, self._looks = self._session or 0, True, 0
        return len(image) + 1

    def _confirm(self, whole: int) -> Steps[int]:
        identity = yield from self._identify()
        if identity.more["firmware_crc32"] != f"{self._crc32:08X}":
            raise Refused(f"unit {self._unit} runs another firmware than this one: wait until it has gone back")
        yield from self._mailbox.demand(Opcode.FIRMWARE_CONFIRM)
        self._forget(None)
        return whole

    def _wait(self, done: int) -> int:
        self._looks += 1
        if self._looks > _PATIENCE:
            self._forget(None)
            raise Refused(f"unit {self._unit} does not come to an end with its firmware update: restart it")
        return done
