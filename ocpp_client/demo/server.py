"""Who is let in, and where to? One port: stations at /ocpp/<identity>, the page at /, its WebSocket at /live."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from .answers import Answers
from .files import page_files, plain, response_of
from .pages import Pages
from .station import Station
from .station_socket import StationSocket

SUBPROTOCOL: Final = Subprotocol("ocpp1.6")
STATION_PATH: Final = "/ocpp/"
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
IDENTITY: Final = re.compile(r"[\x21-\x7e]{1,48}")
MOST_STATIONS: Final = 100
MAX_BYTES: Final = 1_048_576
EPOCH_S: Final = 1_767_225_600  # 2026-01-01: transaction ids are unique over restarts although nothing is stored
logger = logging.getLogger(__name__)


class DemoCentralSystem:
    """Everything is in memory and ends with the program."""

    def __init__(self, host: str, fonts: Mapping[str, Path]) -> None:
        self.stations: dict[str, Station] = {}
        self.answers = Answers()
        self.pages = Pages(self._snapshot, self._command)
        self._host = host
        self._files = page_files(fonts)
        self._sockets: dict[str, StationSocket] = {}
        self._last_id = int(time.time()) - EPOCH_S
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, port: int, ready: Callable[[int], None]) -> None:
        """Serve until cancelled; `ready(port)` once. OSError when the port is taken."""
        async with serve(
            self._serve,
            self._host,
            port,
            process_request=self._door,
            select_subprotocol=self._subprotocol,
            compression=None,
            max_size=MAX_BYTES,
            close_timeout=1,
            server_header=None,
            logger=logging.getLogger("demo_csms.websockets"),
        ) as server:
            ready(next(iter(server.sockets)).getsockname()[1])
            await self.pages.publish()

    def _door(self, _: ServerConnection, request: Request) -> Response | None:
        """None lets a WebSocket in."""
        path = urlsplit(request.path).path
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if path.startswith(STATION_PATH):
            return self._station_refused(path, request, origin)
        # A page of another site may neither read this one nor command a station through it (DNS rebinding, cross-site
        # WebSockets): the name must be one of this computer, and the page's origin must be this server.
        if self._host in LOOPBACK and host.rpartition(":")[0] not in LOOPBACK:
            return plain(HTTPStatus.FORBIDDEN, "Open this page as http://127.0.0.1 with its port.")
        if path != "/live":
            return response_of(path, self._files)
        if origin != f"http://{host}":
            return plain(HTTPStatus.FORBIDDEN, "Only this server's own page may look.")
        return None

    def _station_refused(self, path: str, request: Request, origin: str | None) -> Response | None:
        identity = unquote(path.removeprefix(STATION_PATH))
        if not IDENTITY.fullmatch(identity):
            return plain(HTTPStatus.NOT_FOUND, "The address ends with the identity: 1 to 48 printable characters.")
        if origin is not None:
            return plain(HTTPStatus.FORBIDDEN, "A browser is no charging station.")
        offered = ", ".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            logger.warning("%s was refused: it offers %r instead of ocpp1.6.", identity, offered[:80])
            return plain(HTTPStatus.BAD_REQUEST, "Offer the WebSocket sub-protocol ocpp1.6.")
        if identity not in self.stations and len(self.stations) >= MOST_STATIONS:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_STATIONS} stations are enough for a demonstration.")
        return None

    def _subprotocol(self, _: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return SUBPROTOCOL if SUBPROTOCOL in offered else None

    async def _serve(self, connection: ServerConnection) -> None:
        path = urlsplit(connection.request.path if connection.request else "").path
        if path.startswith(STATION_PATH):
            await self._serve_station(connection, unquote(path.removeprefix(STATION_PATH)))
        else:
            await self.pages.serve(connection)

    async def _serve_station(self, connection: ServerConnection, identity: str) -> None:
        station = self.stations.setdefault(identity, Station(identity))
        before = self._sockets.get(identity)
        socket = StationSocket(connection, station, self.answers, tell=self.pages.tell, next_id=self._next_id)
        self._sockets[identity] = socket
        if before is not None:
            await before.close()
        station.connected(is_connected=True)
        self.pages.tell(station)
        logger.info("%s has connected.", identity)
        try:
            await socket.serve()
        finally:
            if self._sockets.get(identity) is socket:
                del self._sockets[identity]
                station.connected(is_connected=False)
                self.pages.tell(station)
                logger.info("%s has gone.", identity)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _snapshot(self) -> dict[str, Any]:
        exchanges = [
            {"identity": station.identity, **exchange.as_shown()}
            for station in self.stations.values()
            for exchange in station.exchanges.kept()
        ]
        return {
            "hello": {"boot": self.answers.boot, "cards": self.answers.cards},
            "stations": [station.as_shown() for station in self.stations.values()],
            "exchanges": exchanges,
        }

    async def _command(self, wish: dict[str, Any]) -> None:
        """What a page asks: `{"answers": {...}}`, or `{"identity", "action", "payload"}` for a station."""
        chosen = wish.get("answers")
        if isinstance(chosen, dict):
            self.answers.choose(chosen.get("boot"), chosen.get("cards"))
            return
        identity, action, payload = wish.get("identity"), wish.get("action"), wish.get("payload")
        if not (isinstance(identity, str) and isinstance(action, str) and isinstance(payload, dict)):
            return
        socket = self._sockets.get(identity)
        if socket is not None:
            task = asyncio.create_task(socket.ask(action, payload))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
