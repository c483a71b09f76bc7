"""Central systems that listen on a real port: one that behaves, and raw ones that do what no library would."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ocpp_client.addresses import Address
from ocpp_client.causes import Disconnect
from ocpp_client.connection import Connection, Pace
from ocpp_client.rpc import Rpc, Send

from .far_end import WITHIN_S, no_answer

OCPP: Final = [Subprotocol("ocpp1.6")]
FAST: Final = Pace(
    shortest_wait_s=0.01, longest_wait_s=0.02, stayed_s=30, open_s=WITHIN_S, pong_s=0.1, close_s=0.1, look_s=0.01
)
Script = Callable[[ServerConnection], Awaitable[None]]
RawScript = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def stay(socket: ServerConnection) -> None:
    await socket.wait_closed()


@dataclass
class CentralSystem:
    """A server of the `websockets` package that counts its sockets and remembers who came."""

    script: Script = stay
    status: int | None = None
    location: str | None = None
    live: int = 0
    most: int = 0
    sockets: list[ServerConnection] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    def _asked(self, _socket: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self.status is None:
            return None
        return Response(self.status, "", Headers({"Location": self.location} if self.location else {}), b"")

    async def _came(self, socket: ServerConnection) -> None:
        self.live += 1
        self.most = max(self.most, self.live)
        self.sockets.append(socket)
        try:
            await self.script(socket)
        finally:
            self.live -= 1

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[Server]:
        settings = {"subprotocols": OCPP, "ping_interval": None, "port": self.port, "close_timeout": 0.1, **options}
        async with serve(self._came, "127.0.0.1", process_request=self._asked, **settings) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield server


@dataclass
class RawServer:
    """A TCP server; `script` gets the stream. It counts its sockets, too."""

    script: RawScript
    live: int = 0
    most: int = 0
    came: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        self.live += 1
        self.most = max(self.most, self.live)
        try:
            await self.script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.live -= 1
            writer.close()

    @asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
        server = await asyncio.start_server(self._came, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, more: str = "") -> str:
    """The opening handshake of RFC 6455, 4.2.2; return the request."""
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line for line in request.split("\r\n") if line.lower().startswith("sec-websocket-key:")).split()[1]
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())  # noqa: S324
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + f"\r\n{more}\r\n".encode()
    )
    return request


def frame(octets: bytes, opcode: int = 1, *, first: int = 0x80, masked: bool = False) -> bytes:
    """One WebSocket frame; `first` holds FIN and the reserved bits."""
    size = len(octets)
    length = (
        bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65_536 else b"\x7f" + size.to_bytes(8)
    )
    mask = bytes([length[0] | 0x80]) + length[1:] + b"\0\0\0\0" if masked else length
    return bytes([first | opcode]) + mask + octets


async def until_gone(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


class Station:
    """The near end: a Connection with an Rpc, and all that was told about its links."""

    def __init__(
        self, *addresses: Address | str, pace: Pace = FAST, ping_s: float = 0.0, password: bytes | str | None = None
    ) -> None:
        self.addresses = [each if isinstance(each, Address) else Address(each, "CP 1", password) for each in addresses]
        self.ping_s = ping_s
        self.opened: asyncio.Queue[Rpc] = asyncio.Queue()
        self.closed: asyncio.Queue[Disconnect] = asyncio.Queue()
        self.connection = Connection(
            self.asked, self.open, self.closed.put_nowait, ping_interval_s=lambda: self.ping_s, pace=pace
        )

    async def asked(self) -> list[Address]:
        return self.addresses

    def open(self, send: Send, _address: Address) -> Rpc:
        rpc = Rpc(send, no_answer, on_invalid=lambda *_: None, trace=lambda *_: None, strict=True)
        self.opened.put_nowait(rpc)
        return rpc

    async def link(self) -> Rpc:
        async with asyncio.timeout(WITHIN_S):
            return await self.opened.get()

    async def loss(self) -> Disconnect:
        async with asyncio.timeout(WITHIN_S):
            return await self.closed.get()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Station]:
        task = asyncio.create_task(self.connection.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=WITHIN_S)
            assert task.cancelled(), task
