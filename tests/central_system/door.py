"""How is a station let in? One port for the whole life; open, or shut in one of the ways that networks know."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from .link import StationSocket
from .record import Record
from .violations import Breach, Rule

SUBPROTOCOL: Final = Subprotocol("ocpp1.6")
PATH: Final = "/ocpp/"
LOGGER: Final = logging.getLogger("central system")
LOGGER.setLevel(logging.WARNING)  # every link is in the record already
HOST: Final = "127.0.0.1"


class Shut(Enum):
    """How the door is shut; a number stands for that HTTP status."""

    REFUSED = auto()  # nobody listens: ECONNREFUSED
    UNREACHABLE = auto()  # the SYN is dropped: the station's connect hangs
    SILENT = auto()  # TCP is accepted, the HTTP request is never answered
    NO_SUBPROTOCOL = auto()  # the WebSocket opens without a sub-protocol
    OTHER_SUBPROTOCOL = auto()  # ... with ocpp2.0.1


class Door:
    """Lives in the server's loop. `enter` serves one WebSocket; `tls` None is plain TCP."""

    def __init__(
        self,
        identity: str,
        record: Record,
        enter: Callable[[StationSocket], Awaitable[None]],
        tls: ssl.SSLContext | None,
    ) -> None:
        self.identity = identity
        self.password: bytes | None = None
        self.shut: Shut | int | None = None
        self.port = 0
        self.sockets: set[StationSocket] = set()
        self._record = record
        self._enter = enter
        self.tls = tls
        self._servers: list[Server] = []
        self._plugs: list[socket.socket] = []  # what keeps the port, or fills its queue
        self._handshakes: dict[StationSocket, int] = {}

    async def set(self, shut: Shut | int | None) -> None:
        """Open (None) or shut; links that are open stay."""
        self._stop_listening()
        self._unplug()
        self.shut = shut
        if shut is Shut.REFUSED:
            self._plugs.append(self._bound())
        elif shut is Shut.UNREACHABLE:
            self._plugs.extend(self._full_queue())
        else:
            listening = self._bound()
            listening.listen()
            self._servers.append(await self._serving(listening))

    async def close(self) -> None:
        """End everything."""
        self._stop_listening()
        self._unplug()
        for connection in [*self.sockets, *self._handshakes]:
            connection.drop(reset=True)
        for server in self._servers:
            await server.wait_closed()

    async def _serving(self, listening: socket.socket) -> Server:
        return await serve(
            self._admitted,
            sock=listening,
            ssl=self.tls,
            create_connection=StationSocket,
            select_subprotocol=self._subprotocol,
            process_request=self._judge,
            process_response=self._noted,
            compression=None,
            open_timeout=None,
            ping_interval=None,
            close_timeout=1,
            max_size=16 * 2**20,
            logger=LOGGER,
        )

    async def _admitted(self, connection: ServerConnection) -> None:
        assert isinstance(connection, StationSocket)
        self.sockets.add(connection)
        try:
            await self._enter(connection)
        finally:
            self.sockets.discard(connection)

    async def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, StationSocket)
        connection.on_ping = self._record.ping  # before the first ping can come
        self._handshakes[connection] = self._record.shake_hands(request.path, dict(request.headers.raw_items()))
        if self.shut is Shut.SILENT:
            await asyncio.wait({connection.connection_lost_waiter})
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "")
        status = self.shut if isinstance(self.shut, int) else self._status_for(request)
        if status == HTTPStatus.SWITCHING_PROTOCOLS:
            self._judge_offer(request.headers)
            return None
        response = connection.respond(status, "")
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="central system"'
        return response

    def _status_for(self, request: Request) -> int:
        if unquote(request.path) != PATH + self.identity:
            return HTTPStatus.NOT_FOUND
        user, password = credentials_in(request.headers)
        if user is not None and user != self.identity:
            self._record.breach(Breach(Rule.BASIC_AUTH, f"user {user!r} at {request.path}"))
        if self.password is not None and (user, password) != (self.identity, self.password):
            return HTTPStatus.UNAUTHORIZED
        return HTTPStatus.SWITCHING_PROTOCOLS

    def _judge_offer(self, headers: Headers) -> None:
        if "permessage-deflate" in headers.get("Sec-WebSocket-Extensions", ""):
            self._record.breach(Breach(Rule.COMPRESSION, headers["Sec-WebSocket-Extensions"]))
        held = [connection for connection in self.sockets if connection.is_held_by_station]
        if held:
            self._record.breach(Breach(Rule.TWO_SOCKETS, f"{len(held)} still open"))

    def _subprotocol(self, _: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        if SUBPROTOCOL not in offered:
            self._record.breach(Breach(Rule.SUBPROTOCOL, f"offered {list(offered)}"))
            return None
        if self.shut is Shut.NO_SUBPROTOCOL:
            return None
        return Subprotocol("ocpp2.0.1") if self.shut is Shut.OTHER_SUBPROTOCOL else SUBPROTOCOL

    def _noted(self, connection: ServerConnection, _: Request, response: Response) -> None:
        assert isinstance(connection, StationSocket)
        self._record.answered(self._handshakes.pop(connection), response.status_code)

    def _bound(self) -> socket.socket:
        """A socket on our port that does not listen yet: nobody else gets the port, and who connects is refused."""
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, self.port))
        self.port = bound.getsockname()[1]
        return bound

    def _full_queue(self) -> list[socket.socket]:
        """With a full queue of connections that nobody accepts, Linux drops every further SYN."""
        listening = self._bound()
        listening.listen(0)
        fillers = [socket.socket() for _ in range(2)]
        for filler in fillers:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((HOST, self.port))
        return [listening, *fillers]

    def _stop_listening(self) -> None:
        for server in self._servers:
            server.server.close()  # at once: websockets' own close would do it a moment later
            server.close(close_connections=False)

    def _unplug(self) -> None:
        for plug in self._plugs:
            plug.close()
        self._plugs.clear()


def credentials_in(headers: Headers) -> tuple[str | None, bytes | None]:
    """User and password of basic authentication (RFC 7617); the password may be any bytes (whitepaper A00.FR.204)."""
    kind, _, code = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None, None
    try:
        user, _, password = base64.b64decode(code, validate=True).partition(b":")
    except binascii.Error:
        return "", None
    return user.decode("utf-8", "replace"), password
