"""How do bytes travel? The far end of one serial line: a pseudo-terminal that keeps the pace of its baud rate."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import time
import tty
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

BITS_PER_CHARACTER: Final = 10  # 8N1
TURNAROUND_S: Final = 0.00175  # Modbus over serial line, 2.5.1.1: above 19200 baud
CHUNK_S: Final = 0.004  # a USB adapter hands over no finer than this either
_SPEEDS: Final = {115200: termios.B115200, 57600: termios.B57600, 19200: termios.B19200, 9600: termios.B9600}
_INPUT_SPEED: Final = 4  # place in the list of tcgetattr


class SerialEnd:
    """A pseudo-terminal that *link* points to. One thread serves it; only `close` may come from another."""

    def __init__(self, link: Path, baud_rate: int) -> None:
        self._link = link
        self._speed = _SPEEDS[baud_rate]
        self.character_s = BITS_PER_CHARACTER / baud_rate
        # Our own slave descriptor keeps the line alive while no station has it open (no EIO on the master).
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[_INPUT_SPEED] = attributes[_INPUT_SPEED + 1] = self._speed
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        os.set_blocking(self._master, False)
        self._wake_read, self._wake_write = os.pipe()
        self._received_until_s = 0.0
        self.closed = False
        self._make_link()

    def receive(self, timeout_s: float | None) -> bytes:
        """The bytes that came, or b"" after *timeout_s* (None = until there are some) or when closed.

        `received_until_s` is then the moment at which their last bit would have arrived.
        """
        readable, _, _ = select.select([self._master, self._wake_read], [], [], timeout_s)
        if self._master not in readable or self.closed:
            return b""
        received = os.read(self._master, 4096)
        self._received_until_s = max(self._received_until_s, time.monotonic()) + len(received) * self.character_s
        # Bytes at another speed are framing errors and nothing else.
        at_our_speed = termios.tcgetattr(self._slave)[_INPUT_SPEED] == self._speed
        return received if at_our_speed else b""

    @property
    def received_until_s(self) -> float:
        """When the last bit of what was received would have arrived."""
        return self._received_until_s

    def send(self, content: bytes, start_s: float) -> float:
        """Send *content* so that no byte is readable before it could have travelled; the time of its last bit."""
        size = max(1, int(CHUNK_S / self.character_s))
        end_s = start_s
        for offset in range(0, len(content), size):
            chunk = content[offset : offset + size]
            end_s = start_s + (offset + len(chunk)) * self.character_s
            wait_until(end_s)
            # Nobody listens: the bytes are gone, as on a wire.
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, chunk)
        return end_s

    def close(self) -> None:
        """Wake the thread that receives; it calls `release`."""
        self.closed = True
        self._remove_link()
        os.write(self._wake_write, b"x")

    def release(self) -> None:
        """Give the descriptors back, after the serving thread has ended: the cable is pulled."""
        for descriptor in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(descriptor)

    def _make_link(self) -> None:
        self._link.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(os.ttyname(self._slave))
        unfinished.replace(self._link)

    def _remove_link(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if str(self._link.readlink()) == os.ttyname(self._slave):
                self._link.unlink()


def wait_until(moment_s: float) -> None:
    """Sleep until *moment_s* of the monotonic clock."""
    remaining_s = moment_s - time.monotonic()
    if remaining_s > 0:
        time.sleep(remaining_s)
