"""The parent of all processes, as far as a restart needs one, and what is left of a station that it starts anew."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from charging import services
from charging.clock import now


class Parent:
    """Hears who wants everything started again; does nothing."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self.heard: list[bytes] = []

    def restarts(self) -> int:
        """How often a restart was asked for."""
        while True:
            try:
                self.heard.append(self._wire.recv(64))
            except BlockingIOError:
                return self.heard.count(b"restart")


@contextmanager
def parent() -> Iterator[Parent]:
    """A parent that listens, until the end of the block."""
    path = Path(settings.DATA_DIR) / "run" / "parent.sock"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(path))
        wire.setblocking(False)
        yield Parent(wire)
    path.unlink()


@contextmanager
def started_again() -> Iterator[None]:
    """Another start of the software: inside the block every process is of it."""
    with override_settings(BOOT_ID=str(uuid.uuid4())):
        services.power_returned(now())
        yield
