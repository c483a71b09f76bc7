"""The datagram socket of the controllers process: software stops, and answers about what only this process knows."""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from charging import live
from hardware.emergency import Emergency, scheduled_first

log = logging.getLogger(__name__)

DATAGRAM_BYTES: Final = 256  # a word and the path of a line
LOOK_EVERY_S: Final = 0.5  # whether to end


class ControlSocket(threading.Thread):
    """Obeys `stop` and answers a few words; everything else is ignored. No database, no Redis behind it.

    *answers*: what each word is answered with, from the text after it. They are quick: a stop waits behind them.
    """

    def __init__(self, emergency: Emergency, answers: Mapping[bytes, Callable[[str], dict[str, Any]]]) -> None:
        super().__init__(name="control socket", daemon=True)
        self._emergency, self._answers = emergency, answers
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._wire.setblocking(False)
        self._stop_asked = threading.Event()

    def bind(self) -> None:
        """Take the path over from whoever died with it. Raises OSError."""
        path = live.controllers_socket()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._wire.bind(f"/proc/self/fd/{folder}/{path.name}")  # a socket's path may not exceed 107 bytes
        finally:
            os.close(folder)
        path.chmod(0o600)

    def run(self) -> None:
        """Answer until stopped."""
        scheduled_first()
        with self._wire:
            while not self._stop_asked.is_set():
                ready, _, _ = select.select([self._wire], [], [], LOOK_EVERY_S)
                if ready:
                    self._heard(*self._wire.recvfrom(DATAGRAM_BYTES))

    def _heard(self, datagram: bytes, sender: Any) -> None:
        if datagram == live.STOP:
            self._emergency.raise_now("screen, console or remote")
            return
        word, _, about = datagram.partition(b" ")
        if word in self._answers and sender:
            self._answer(self._answers[word](about.decode(errors="replace")), sender)

    def _answer(self, told: dict[str, Any], sender: Any) -> None:
        try:
            self._wire.sendto(json.dumps(told).encode(), sender)
        except OSError as error:
            log.info("Somebody asked and left before the answer: %s.", error)

    def stop(self) -> None:
        """End within a second; a thread that was not started has nobody else to close its socket."""
        self._stop_asked.set()
        if not self.is_alive():
            self._wire.close()
