"""Who may use a port next: turns are taken in order, and an emergency goes before the next turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PortLock:
    """A lock with two queues. Whoever comes by `urgent` waits for the current holder only.

    Turns are serialised among themselves first, so that at most one of them stands at the inner door.
    """

    def __init__(self) -> None:
        self._turns = threading.Lock()
        self._door = threading.Lock()
        self._port = threading.Lock()
        self._waiting = 0

    @property
    def wanted_urgently(self) -> bool:
        """True while an emergency waits or works; the holder should end what it can end early."""
        return self._waiting > 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the port for one exchange."""
        with self._turns:
            with self._door:
                self._port.acquire()
            try:
                yield
            finally:
                self._port.release()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Hold the port right after the current exchange. For one thread per line."""
        self._waiting += 1
        try:
            with self._door:
                self._port.acquire()
            try:
                yield
            finally:
                self._port.release()
        finally:
            self._waiting -= 1
