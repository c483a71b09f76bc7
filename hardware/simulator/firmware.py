"""Which program runs on the board, and which one is being received? Two slots and a boot loader."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from hardware.native_map import CONFIRM_WITHIN_S, FirmwareState

from .image import Version, version_of

ERASE_S: Final = 1.0
VERIFY_S: Final = 0.5
SLOT_BYTES: Final = 512 * 1024
HARDWARE_REVISION: Final = 2  # of every simulated board
ERROR_NONE: Final = 0
ERROR_CRC32: Final = 1
ERROR_SIZE: Final = 2
ERROR_ROLLED_BACK: Final = 3
ERROR_ABORTED: Final = 4


FACTORY: Final = Version(1, 4, 2, 117, 0x5D0C1A52)


def _anything(_content: bytes, _running: Version) -> int:
    return ERROR_NONE


class Slots:
    """The running program, the one before it and the one being received. Times by the caller's clock.

    `error_of` is the boot loader's judgement of an intact image: FirmwareStatus.ERROR, 0 when it may run here.
    """

    def __init__(self, running: Version = FACTORY, error_of: Callable[[bytes, Version], int] = _anything) -> None:
        self.running = running
        self._error_of = error_of
        self.previous: Version | None = None
        self.slot = 0
        self.state = FirmwareState.IDLE
        self.error = ERROR_NONE
        self.session = 0
        self._image = bytearray()
        self._size = self._crc32 = 0
        self._due_at_s: float | None = None

    @property
    def receiving(self) -> bool:
        """The board does nothing but its update."""
        return self.state in {
            FirmwareState.ERASING,
            FirmwareState.RECEIVING,
            FirmwareState.VERIFYING,
            FirmwareState.VERIFIED,
        }

    @property
    def next_offset(self) -> int:
        """Where the next block belongs, in bytes."""
        return len(self._image)

    @property
    def progress_percent(self) -> int:
        """How much of the image has arrived."""
        return len(self._image) * 100 // self._size if self._size else 0

    def begin(self, size: int, crc32: int, session: int, now_s: float) -> bool:
        """Erase the idle slot, or go on with the same image where it stopped. False: impossible size."""
        if not 0 < size <= SLOT_BYTES:
            return False
        same = (size, crc32) == (self._size, self._crc32) and self.state is FirmwareState.RECEIVING
        self.session = session
        if same:
            return True
        self._size, self._crc32, self._image = size, crc32, bytearray()
        self.state, self.error, self._due_at_s = FirmwareState.ERASING, ERROR_NONE, now_s + ERASE_S
        return True

    def store(self, offset: int, block: bytes) -> bool:
        """Append *block*; one that is already stored is a no-op. False: not the expected offset or too long."""
        end = offset + len(block)
        if end > self._size or offset > len(self._image):
            return False
        if end <= len(self._image):
            return bytes(self._image[offset:end]) == block
        if offset != len(self._image):
            return False
        self._image += block
        return True

    def verify(self, now_s: float) -> bool:
        """Begin to check the image. False: it is not complete."""
        if self.state is not FirmwareState.RECEIVING or len(self._image) != self._size:
            return False
        self.state, self._due_at_s = FirmwareState.VERIFYING, now_s + VERIFY_S
        return True

    def abort(self) -> None:
        """Forget the image."""
        self.state, self.error, self._due_at_s = FirmwareState.IDLE, ERROR_ABORTED, None
        self._image, self._size, self._crc32 = bytearray(), 0, 0

    def swap(self, now_s: float) -> None:
        """The boot loader starts the received program; it must be confirmed in time."""
        self.previous, self.running = self.running, version_of(bytes(self._image), self._crc32)
        self.slot = 1 - self.slot
        self._image, self._size, self._crc32 = bytearray(), 0, 0
        self.state, self._due_at_s = FirmwareState.AWAITING_CONFIRM, now_s + CONFIRM_WITHIN_S

    def confirm(self) -> bool:
        """Keep the running program. False: nothing waits to be confirmed."""
        if self.state is not FirmwareState.AWAITING_CONFIRM:
            return False
        self.state, self._due_at_s, self.previous = FirmwareState.IDLE, None, None
        return True

    def advance(self, now_s: float) -> bool:
        """Let time pass. True: nobody confirmed, the old program is back and the board must reboot."""
        if self._due_at_s is None or self._due_at_s > now_s:
            return False
        self._due_at_s = None
        if self.state is FirmwareState.ERASING:
            self.state = FirmwareState.RECEIVING
        elif self.state is FirmwareState.VERIFYING:
            intact = zlib.crc32(self._image) == self._crc32
            self.error = self._error_of(bytes(self._image), self.running) if intact else ERROR_CRC32
            self.state = FirmwareState.FAILED if self.error else FirmwareState.VERIFIED
        elif self.state is FirmwareState.AWAITING_CONFIRM and self.previous is not None:
            self._roll_back(self.previous)
            return True
        return False

    def _roll_back(self, to: Version) -> None:
        self.running, self.previous = to, None
        self.slot = 1 - self.slot
        self.state, self.error = FirmwareState.FAILED, ERROR_ROLLED_BACK
