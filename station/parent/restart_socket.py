"""run/parent.sock: a process of the station asks for all of them to be started anew (docs/decisions/0022-resets.md)."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

RESTART: Final = b"restart"
DATAGRAM_BYTES: Final = 64


class RestartSocket:
    """A datagram socket in the station's private folder; `wanted` is set by the first `restart`."""

    def __init__(self, data_dir: Path) -> None:
        """Take the path over from whoever died with it. Raises OSError where the folder is missing or the disk full."""
        self.wanted = False
        path = data_dir / "run" / "parent.sock"
        path.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._wire = _bound_to(f"/proc/self/fd/{folder}/{path.name}")  # a socket's path may not exceed 107 bytes
        finally:
            os.close(folder)

    def close(self) -> None:
        """Hear no more."""
        self._wire.close()

    def fileno(self) -> int:
        """For a selector."""
        return self._wire.fileno()

    def read(self) -> None:
        """Take one datagram; anything but the word is ignored."""
        try:
            self.wanted |= self._wire.recv(DATAGRAM_BYTES) == RESTART
        except BlockingIOError:
            return


def _bound_to(path: str) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        wire.setblocking(False)
        wire.bind(path)
    except OSError:
        wire.close()
        raise
    return wire
