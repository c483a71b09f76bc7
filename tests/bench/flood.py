"""`python -m tests.bench.flood PORT SECONDS`: a hostile client of the screen's websocket, in every way at once.

Bytes without a library, so that the attacker is quicker than the server. Prints one JSON object: what was answered.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Final

SOCKETS: Final = 1_000
ADDRESSES: Final = 250  # all of 127/8 is loopback, so that one program has as many addresses as it wants
MESSAGES_PER_S: Final = 10_000
AT_ONCE: Final = 50
LARGEST_BYTES: Final = 10_000_000
WITHIN_S: Final = 5.0
TEXT: Final = 1
FORGED: Final = (
    {"action": "stop", "connector": 1},
    {"action": "emergency_stop"},
    {"action": "start", "connector": 2, "request": "again"},
    {"action": "release", "connector": 1},
    {"action": "choose", "connector": 1, "card": 1},
    {"action": "shown", "sequence": 1},
    {"action": "set_current", "connector": 1, "a": 500},
)


def frame_of(payload: bytes) -> bytes:
    """One masked text frame (RFC 6455, 5.2); the mask is zero, which is allowed and quick."""
    length = len(payload)
    head = bytes([0x80 | TEXT])
    if length < 126:
        return head + bytes([0x80 | length]) + b"\0\0\0\0" + payload
    if length < 65_536:
        return head + b"\xfe" + length.to_bytes(2) + b"\0\0\0\0" + payload
    return head + b"\xff" + length.to_bytes(8) + b"\0\0\0\0" + payload


def opened(port: int, number: int, **headers: str) -> tuple[socket.socket, int]:
    """A socket of one of many addresses, after its handshake; and the answer's status."""
    wire = socket.create_connection(("127.0.0.1", port), WITHIN_S, (f"127.0.1.{1 + number % ADDRESSES}", 0))
    asked = {"Host": f"127.0.0.1:{port}", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **headers}
    lines = ["GET /ws/kiosk/ HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in asked.items()]
    wire.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = wire.recv(4_096)
    return wire, int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


class Attack:
    """Sockets that are open, and what came of everything that was tried."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.wires: list[socket.socket] = []
        self.seen: Counter[str] = Counter()
        self._flood = frame_of(b"{")
        self._forged = b"".join(frame_of(json.dumps(each).encode()) for each in FORGED)

    def open(self, what: str, number: int, **headers: str) -> bool:
        """One more socket; False when it was refused."""
        try:
            wire, status = opened(self.port, number, **headers)
        except OSError:
            self.seen[f"{what}: no answer"] += 1
            return False
        self.seen[f"{what}: {status}"] += 1
        if status == 101:
            wire.setblocking(False)
            self.wires.append(wire)
            return True
        wire.close()
        return False

    def strangers(self) -> None:
        """Other origins, other names, a cookie that was guessed."""
        name = f"127.0.0.1:{self.port}"
        for number, origin in enumerate(("http://evil.example", "null", "http://localhost:1", "file://")):
            self.open("foreign origin", number, Origin=origin)
        self.open("other host", 0, Host="evil.example", Origin="http://evil.example")
        self.open("guessed key", 9, Origin=f"http://{name}", Cookie=f"station_screen={'k' * 43}")

    def large(self) -> None:
        """One message of ten megabytes, as far as anybody takes it."""
        try:
            wire, _status = opened(self.port, 3)
            with wire:
                wire.sendall(frame_of(b"x" * LARGEST_BYTES))
                while wire.recv(65_536):
                    pass
            self.seen["10 MB: closed"] += 1
        except TimeoutError:
            self.seen["10 MB: still open"] += 1
        except OSError:
            self.seen["10 MB: closed"] += 1

    def tell(self, until_s: float, pace: int) -> None:
        """Send *pace* messages a second over the open sockets until *until_s*; every other socket is never read."""
        begun_s, sent = time.monotonic(), 0
        while (now_s := time.monotonic()) < until_s:
            if sent >= (now_s - begun_s) * pace:
                time.sleep(0.002)
                continue
            if not self.wires:
                time.sleep(0.1)
                self.open("again", sent)
                continue
            wire = self.wires[(sent // AT_ONCE) % len(self.wires)]
            sent += AT_ONCE
            try:
                if select.select([wire], [], [], 0)[0] and wire.fileno() % 2 and not wire.recv(65_536):
                    raise BrokenPipeError
                wire.send(self._forged + self._flood * (AT_ONCE - len(FORGED)))
            except BlockingIOError:
                self.seen["sends that found no room"] += 1
            except OSError:
                self.seen["shut out"] += 1
                self.wires.remove(wire)
                wire.close()
        self.seen["messages"] = sent


def main(port: int, seconds: float) -> None:
    """All of it; the flood lasts *seconds*."""
    attack = Attack(port)
    attack.strangers()
    half_open = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    for number in range(SOCKETS):
        attack.open("sockets", number)
    attack.seen["open at once"] = len(attack.wires)
    attack.large()
    attack.tell(time.monotonic() + seconds, MESSAGES_PER_S)
    for wire in [*half_open, *attack.wires]:
        with suppress(OSError):
            wire.close()
    print(json.dumps(attack.seen))  # noqa: T201 - the result


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
