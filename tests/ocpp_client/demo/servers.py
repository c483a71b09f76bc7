"""A running demo central system, a page's WebSocket without a browser, and a station that answers by itself."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.central_system.tiny_station import TinyStation
from tests.conftest import line_with, running

PATIENCE_S: Final = 5.0


@contextmanager
def running_demo(*arguments: str, port: int = 0) -> Iterator[str]:
    """`manage.py demo_csms`, on a free port at first; yields its page's address without a slash at the end."""
    with running(sys.executable, "manage.py", "demo_csms", "--port", str(port), *arguments) as child:
        page = line_with(child, "page ").split()[1]
        line_with(child, "demo central system ready")
        yield page.rstrip("/")


def stations_at(url: str) -> str:
    """Where a station connects, as TinyStation wants it."""
    return url.replace("http", "ws") + "/ocpp"


class Watcher:
    """What a page would know: the latest of every station and exchange."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.stations: dict[str, Any] = {}
        self.exchanges: dict[tuple[str, int], Any] = {}
        self.hello: dict[str, Any] = {}
        self.look()

    def look(self) -> None:
        """Take one message of the server."""
        facts = json.loads(self.socket.recv(PATIENCE_S))
        self.hello = facts.get("hello", self.hello)
        self.stations |= {one["identity"]: one for one in facts["stations"]}
        self.exchanges |= {(one["identity"], one["number"]): one for one in facts["exchanges"]}

    def say(self, **wish: Any) -> None:
        """As the page does on a click."""
        self.socket.send(json.dumps(wish))

    def wait(self, identity: str, action: str, **fields: Any) -> dict[str, Any]:
        """The newest such exchange whose fields are these; TimeoutError when it does not come."""
        while True:
            for (whose, _), one in reversed(self.exchanges.items()):
                if (whose, one["action"]) == (identity, action) and fields.items() <= one.items():
                    return dict(one)
            self.look()


@contextmanager
def watching(url: str) -> Iterator[Watcher]:
    """A page's WebSocket."""
    with connect(url.replace("http", "ws") + "/live", additional_headers={"Origin": url}, proxy=None) as socket:
        yield Watcher(socket)


class WillingStation(TinyStation):
    """Accepts every CALL in a thread of its own and keeps them."""

    def __init__(self, url: str, identity: str) -> None:
        super().__init__(url, identity)
        self.identity = identity
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.heard = threading.Condition()
        self._answers: dict[str, dict[str, Any]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def call(self, action: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        message_id = self.send(action, payload or {})
        with self.heard:
            assert self.heard.wait_for(lambda: message_id in self._answers, PATIENCE_S)
            return self._answers.pop(message_id)

    def wait_asked(self, action: str) -> dict[str, Any]:
        """The last payload of that CALL."""
        with self.heard:
            assert self.heard.wait_for(lambda: any(asked == action for asked, _ in self.asked), PATIENCE_S), self.asked
            return next(payload for asked, payload in reversed(self.asked) if asked == action)

    def _listen(self) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            while True:
                kind, message_id, *rest = self.hear(60)
                with self.heard:
                    if kind == 2:
                        self.asked.append((rest[0], rest[1]))
                        self.say(json.dumps([3, message_id, answer_to(rest[0])]))
                    else:
                        self._answers[message_id] = rest[0]
                    self.heard.notify_all()


def answer_to(action: str) -> dict[str, Any]:
    """A valid answer to every command."""
    match action:
        case "GetConfiguration":
            return {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}]}
        case "UnlockConnector":
            return {"status": "Unlocked"}
        case "GetLocalListVersion":
            return {"listVersion": 0}
        case "GetDiagnostics" | "UpdateFirmware":
            return {}
        case _:
            return {"status": "Accepted"}
