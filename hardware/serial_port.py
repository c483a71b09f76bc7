"""A serial port as a line uses it: exclusive, exact reads with a deadline. The only file that opens pyserial."""

from __future__ import annotations

import errno
import math
import os
import select
import termios
import time
from typing import Final

import serial

from .errors import PortError

BITS_PER_BYTE: Final = 10  # 8N1
_WRITE_WITHIN_S: Final = 1.0
_SOONER_S: Final = 0.0002  # wake before the last byte is due rather than after it


class SerialPort:
    """One open port, 8N1, locked against other programs. Every method raises PortError when it is gone."""

    def __init__(self, path: str, baud_rate: int) -> None:
        """Open *path*. Raises PortError: missing, not a serial port, or in use."""
        self.path = path
        self.byte_s = BITS_PER_BYTE / baud_rate
        try:
            self._serial = serial.Serial(path, baud_rate, timeout=0, exclusive=True)
        except (OSError, ValueError, termios.error) as error:
            raise PortError(f"{path} cannot be opened ({_reason_of(error)}): check the adapter") from error
        self._fd: int = self._serial.fileno()
        self._readable = select.poll()
        self._readable.register(self._fd, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(self._fd, select.POLLOUT)
        self._ask_for_low_latency()

    def _ask_for_low_latency(self) -> None:
        """Without it a USB adapter may sit on the bytes for 16 ms; ports that cannot are fast already."""
        try:
            self._serial.set_low_latency_mode(True)
        except (OSError, ValueError, NotImplementedError):
            return

    def write(self, octets: bytes) -> None:
        """Hand *octets* to the port; they are on the wire len(octets) * byte_s later."""
        rest = memoryview(octets)
        while rest:
            if not self._writable.poll(_WRITE_WITHIN_S * 1000):
                raise PortError(f"{self.path} does not take bytes any more: unplug the adapter and plug it in again")
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone(error) from error

    def wait_sent(self) -> None:
        """Return when the last byte has left the computer."""
        try:
            self._serial.flush()
        except (OSError, termios.error) as error:
            raise self._gone(error) from error

    def read(self, count: int, until: float) -> bytes:
        """Read 1..*count* bytes as soon as all of them can have come, or b"" at *until* (monotonic seconds)."""
        left_s = until - time.monotonic()
        if not self._readable.poll(max(0, math.ceil(left_s * 1000))):
            return b""
        # The rest of the frame is on the wire now: one sleep instead of one wake-up a byte. What an adapter
        # handed over in one piece has been on the wire already and is not waited for again.
        rest_s = (count - self._arrived()) * self.byte_s - _SOONER_S
        if rest_s > 0:
            time.sleep(rest_s)
        return self._taken(count)

    def _arrived(self) -> int:
        """How many bytes can be read now."""
        try:
            arrived: int = self._serial.in_waiting
        except OSError as error:
            raise self._gone(error) from error
        return arrived

    def waiting(self) -> bytes:
        """Take what has already come, without waiting; b"" when there is nothing."""
        return self._taken(4096) if self._readable.poll(0) else b""

    def _taken(self, count: int) -> bytes:
        try:
            octets = os.read(self._fd, count)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error) from error
        if not octets:
            raise self._gone(OSError(errno.EIO, "end of file"))
        return octets

    def _gone(self, error: Exception) -> PortError:
        return PortError(f"{self.path} was unplugged ({_reason_of(error)}): plug the adapter in again")

    def close(self) -> None:
        """Release the port; harmless when it is gone already."""
        try:
            self._serial.close()
        except OSError:
            return


def _reason_of(error: Exception) -> str:
    number = error.args[0] if isinstance(error, termios.error) and error.args else getattr(error, "errno", None)
    if number == errno.EAGAIN:
        return "another program uses it"
    return os.strerror(number) if isinstance(number, int) else str(error)
