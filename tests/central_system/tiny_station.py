"""A charge point of fifty lines, written by hand: it says exactly what a test tells it to, right or wrong."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S: Final = 5.0
BOOT: Final = {"chargePointVendor": "Acme", "chargePointModel": "Tiny"}
START: Final = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": "2026-01-31T08:00:00Z"}


class TinyStation:
    """`with TinyStation(central.url) as station:` connects; no `credentials`, no basic authentication."""

    def __init__(
        self,
        url: str,
        identity: str = "CP1",
        *,
        credentials: tuple[str, bytes] | None = None,
        subprotocols: Sequence[str] = ("ocpp1.6",),
        compression: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        user, password = credentials or ("", b"")
        code = base64.b64encode(user.encode() + b":" + password).decode()
        self._open = ExitStack()
        opening = connect(
            f"{url}/{identity}",
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            additional_headers={"Authorization": f"Basic {code}"} if credentials else None,
            compression=compression,
            open_timeout=PATIENCE_S,
            ping_interval=None,
            close_timeout=1,
            proxy=None,
            ssl=tls,
        )
        self.socket: ClientConnection = self._open.enter_context(opening)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def say(self, text: str | bytes) -> None:
        """Send anything."""
        self.socket.send(text)

    def send(self, action: str, payload: dict[str, Any], message_id: str | None = None) -> str:
        """Send a CALL and do not wait; its id."""
        message_id = str(uuid4()) if message_id is None else message_id
        self.say(json.dumps([2, message_id, action, payload]))
        return message_id

    def hear(self, timeout_s: float = PATIENCE_S) -> Any:
        """The next message; TimeoutError, or ConnectionClosed when the link is gone."""
        return json.loads(self.socket.recv(timeout_s))

    def call(self, action: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a CALL and wait for its CALLRESULT."""
        message_id = self.send(action, payload or {})
        kind, answered, result = self.hear()
        assert (kind, answered) == (3, message_id)
        return dict(result)

    def answer(self, payload: dict[str, Any]) -> str:
        """Wait for a CALL and answer it; its action."""
        _, message_id, action, _ = self.hear()
        self.say(json.dumps([3, message_id, payload]))
        return str(action)

    def vanish(self) -> None:
        """End the TCP connection as a power cut does not: with a FIN and no close frame."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def registered(url: str, **options: Any) -> TinyStation:
    """A station that was accepted."""
    station = TinyStation(url, **options)
    assert station.call("BootNotification", BOOT)["status"] == "Accepted"
    return station
