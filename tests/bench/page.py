"""What does a page of the screen say to the station? The kiosk's websocket, without a browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .waiting import wait_for

ANSWER_WITHIN_S = 10.0


class Page:
    """One open page: takes every snapshot, remembers answers by their mark."""

    def __init__(self, wire: ClientConnection) -> None:
        self._wire = wire
        self._count = 0
        self._answers: dict[str, dict[str, Any]] = {}
        self.snapshot: dict[str, Any] = {}  # the last message of that kind
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            for text in self._wire:
                told = json.loads(text)
                if told["kind"] == "snapshot":
                    self.snapshot = told
                else:
                    self._answers[str(told.get("request", ""))] = told
        except ConnectionClosed:
            return

    def touch(self, action: str, **fields: Any) -> tuple[float, str]:
        """Say what somebody touched; the monotonic moment before it was said, and the mark of the answer."""
        self._count += 1
        mark = f"{action} {self._count}"
        touched_s = time.monotonic()
        self._wire.send(json.dumps({"action": action, "request": mark, **fields}))
        return touched_s, mark

    def answer(self, mark: str) -> dict[str, Any]:
        """The station's answer. Raises NotInTimeError."""
        return wait_for(f"an answer to {mark}", lambda: self._answers.get(mark), ANSWER_WITHIN_S)


@contextmanager
def page_of(port: int) -> Iterator[Page]:
    """A page of the station whose web port is *port*, after its first snapshot."""
    with connect(f"ws://127.0.0.1:{port}/ws/kiosk/", compression=None, proxy=None) as wire:
        page = Page(wire)
        wait_for("the first snapshot", lambda: page.snapshot, ANSWER_WITHIN_S)
        yield page
