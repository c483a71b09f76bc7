"""A page at the station's screen without a browser: the same websocket, the same document, the same requests."""

from __future__ import annotations

import itertools
import json
import threading
from contextlib import suppress
from typing import Any, Final

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.journeys.patience import rest, until

Snapshot = dict[str, Any]
AGAIN_AFTER_S: Final = 0.3
ANSWER_WITHIN_S: Final = 10.0
OLDEST_S: Final = 3.0
LARGEST_BYTES: Final = 4_000_000


class Screen:
    """Keeps one websocket open, again and again, and remembers the last picture."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.picture: Snapshot | None = None
        self.age_s: float | None = None
        self.answers: dict[str, dict[str, Any]] = {}
        self.errors: list[str] = []
        self._numbers = itertools.count(1)
        self._socket: ClientConnection | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="screen", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the page."""
        self._ended.set()
        if self._socket is not None:
            self._socket.close()
        self._thread.join(5)

    def connector(self, number: int) -> dict[str, Any]:
        """What the last fresh picture shows of one connector; {} while there is none."""
        if self.picture is None or self.age_s is None or self.age_s > OLDEST_S:
            return {}
        return next((each for each in self.picture["connectors"] if each["number"] == number), {})

    def station(self) -> dict[str, Any]:
        """What the last picture shows of the station; {} while there is none."""
        return self.picture["station"] if self.picture else {}

    def card(self) -> dict[str, Any]:
        """The card that the picture speaks of; {} when it speaks of none."""
        return (self.picture or {}).get("card") or {}

    def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        """Touch something; the station's answer. AssertionError when none comes."""
        request = f"touch-{next(self._numbers)}"
        self.say(json.dumps({"action": action, "request": request, **fields}))
        return until(lambda: self.answers.get(request), ANSWER_WITHIN_S, f"an answer to {action} {fields}")

    def say(self, text: str | bytes) -> None:
        """Send whatever it is."""
        until(lambda: self._socket is not None and self._sent(text), ANSWER_WITHIN_S, "the page is connected")

    def _sent(self, text: str | bytes) -> bool:
        with suppress(WebSocketException, OSError):
            if self._socket is not None:
                self._socket.send(text)
                return True
        return False

    def _listen(self) -> None:
        while not self._ended.is_set():
            with suppress(WebSocketException, OSError, TimeoutError):
                self._connected()
            self._socket, self.picture = None, None
            rest(AGAIN_AFTER_S)

    def _connected(self) -> None:
        with connect(f"ws://{self.address}/ws/kiosk/", max_size=LARGEST_BYTES, open_timeout=5) as socket:
            self._socket = socket
            for message in socket:
                self._take(json.loads(message))

    def _take(self, told: dict[str, Any]) -> None:
        if told["kind"] == "snapshot":
            self.picture, self.age_s = told["snapshot"], told["age_s"]
        elif told["kind"] == "answer":
            self.answers[told["request"]] = told
        else:
            self.errors.append(str(told))
