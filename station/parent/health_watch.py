"""Asks /healthz without ever waiting: the parent has other work than one slow answer."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from selectors import BaseSelector

LONGEST_ANSWER_S: Final = 5.0
LARGEST_ANSWER_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Health:
    """One answer: are the connectors ready, what is missing, and the age of every sign of life in seconds."""

    healthy: bool
    problems: tuple[str, ...] = ()
    heartbeats: dict[str, float] = field(default_factory=dict)


def parse(answer: bytes) -> Health | None:
    """The health in a whole HTTP answer; None when it is no answer of /healthz."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if status not in ([b"200"], [b"503"]):
        return None
    try:
        found = json.loads(body)
        return Health(
            status == [b"200"],
            tuple(str(sentence) for sentence in found["problems"]),
            {str(name): float(age_s) for name, age_s in found["heartbeats"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class HealthQuestion:
    """One GET /healthz on its way; `health` is set when it was answered, `over` when nothing more will come."""

    def __init__(self, address: tuple[str, int], selector: BaseSelector) -> None:
        self.health: Health | None = None
        self.over = False
        self.asked_at_s = time.monotonic()
        self._selector = selector
        self._answer = b""
        self._socket = socket.create_connection(address, timeout=LONGEST_ANSWER_S)
        self._socket.sendall(f"GET /healthz HTTP/1.0\r\nHost: {address[0]}:{address[1]}\r\n\r\n".encode())
        self._socket.setblocking(False)
        selector.register(self._socket, 1, self.read)

    def read(self) -> None:
        """Take what arrived."""
        try:
            arrived = self._socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            arrived = b""
        self._answer += arrived
        if not arrived or len(self._answer) > LARGEST_ANSWER_BYTES:
            self.health = parse(self._answer)
            self.close()

    def give_up_when_late(self) -> None:
        """End a question that was not answered in time."""
        if not self.over and time.monotonic() - self.asked_at_s > LONGEST_ANSWER_S:
            self.close()

    def close(self) -> None:
        """Forget the connection."""
        if not self.over:
            self._selector.unregister(self._socket)
            self._socket.close()
            self.over = True
