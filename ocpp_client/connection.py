"""The WebSocket to the central system that always comes back. No database, no Django.

Rule 1: there is never more than one socket: the old one is closed, or cut, before the next one is opened.
Rule 2: whatever happens, it tries again: every address in turn, then a wait of 1 s to 2, 4, 8 s, by chance.
Rule 3: a link that is dead is noticed: by a ping, by a close that hangs, by a far end that takes nothing.
Rule 4: why there is no link is always known, as a code and a sentence.

Sources: OCPP-J 1.6, sections 3.1.2 and 3.2 (sub-protocol), 5.3 and 7 (ping), its errata 3.4 and 3.11; RFC 6455.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from .addresses import Address
from .causes import ENDED, INTERNAL, NO_PONG, NO_SUBPROTOCOL, NOT_READING, Cause, Disconnect, Reason, reason_of
from .dialling import dial
from .errors import LinkLost
from .frames import MAX_BYTES
from .rpc import Rpc, Send

SUBPROTOCOL: Final = Subprotocol("ocpp1.6")

_MOST_UNSENT_BYTES: Final = MAX_BYTES
_LONGEST_PONG_WAIT_S: Final = 25.0

_logger = logging.getLogger(__name__)
# The library would write passwords and whole frames at level DEBUG (whitepaper, A01.FR.12).
_socket_logger = logging.getLogger(f"{__name__}.socket")
_socket_logger.setLevel(logging.WARNING)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of a connection in s, and the chance in them. Only tests make their own."""

    shortest_wait_s: float = 1.0
    longest_wait_s: float = 8.0
    stayed_s: float = 30.0  # a link that was open for so long was a good one
    open_s: float = 10.0
    pong_s: float = 5.0
    close_s: float = 2.0
    look_s: float = 1.0
    chance: Callable[[float, float], float] = random.uniform
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = _now


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow none: the password would go where nobody entered it."""
        return exc


class _Socket(ClientConnection):
    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        """Keep what the network said: a refused certificate is more than an answer that did not come."""
        try:
            await super().handshake(*args, **kwargs)
        except InvalidHandshake as error:
            if self.connection_exc is None:
                raise
            raise error from self.connection_exc


class Connection:
    """The link to one central system. `run` it as a task; cancel the task to end it.

    `addresses` is asked before every round; `on_open` makes the Rpc of a link that has just opened, `on_closed` hears
    of every link that ended and of every attempt that failed; both return at once. `ping_interval_s` is
    WebSocketPingInterval, asked all the time; 0 means no pings.
    """

    def __init__(
        self,
        addresses: Callable[[], Awaitable[Sequence[Address]]],
        on_open: Callable[[Send, Address], Rpc],
        on_closed: Callable[[Disconnect], None],
        *,
        ping_interval_s: Callable[[], float],
        pace: Pace | None = None,
    ) -> None:
        self.address: Address | None = None  # of the open link
        self.anchor = ""  # of the open link: SHA-256 of the root certificate that vouches for it; "": not encrypted
        self.last: Disconnect | None = None
        self._addresses = addresses
        self._on_open = on_open
        self._on_closed = on_closed
        self._ping_interval_s = ping_interval_s
        self._pace = pace or Pace()
        self._dropping: asyncio.Future[Reason] | None = None
        self._told: Cause | None = None

    async def run(self) -> None:
        """Keep a link for ever."""
        failures = 0
        while True:
            self._dropping = asyncio.get_running_loop().create_future()
            stayed = False
            for address in await self._addresses():
                stayed = await self._link(address, self._dropping)
                if stayed or self._dropping.done():
                    break
            failures = 0 if stayed or self._dropping.done() else failures + 1
            await self._pace.wait(self._wait_s(failures))

    def drop(self, sentence: str) -> None:
        """End the link that is open or being opened, for example because the password changed."""
        if self._dropping is not None and not self._dropping.done():
            self._dropping.set_result((Cause.ASKED, sentence))

    def _wait_s(self, failures: int) -> float:
        """Full jitter: a thousand stations whose central system restarts come back spread out (errata 3.4)."""
        pace = self._pace
        ceiling_s = pace.shortest_wait_s * 2 ** min(max(failures, 1), 10)
        return pace.chance(pace.shortest_wait_s, min(ceiling_s, pace.longest_wait_s))

    async def _link(self, address: Address, dropping: asyncio.Future[Reason]) -> bool:
        """Try one address and keep the link until it is gone. Return whether it had stayed for a while."""
        clock = asyncio.get_running_loop().time
        opened_s = None
        try:
            socket = await self._opened(address)
            opened_s = clock()
            reason = await self._kept(socket, address, dropping)
        except Exception as error:
            # Of an open link the network's errors are reasons already; what is left is our own mistake.
            reason = reason_of(error) if opened_s is None else INTERNAL
            if reason is INTERNAL:
                _logger.exception("The link to the central system failed by a mistake of this program")
        self._tell(reason)
        return opened_s is not None and clock() - opened_s >= self._pace.stayed_s

    async def _opened(self, address: Address) -> ClientConnection:
        url = parse_uri(address.connection_url())
        tls: dict[str, Any] = {"ssl": address.tls} if url.secure and address.tls is not None else {}
        with ExitStack() as unless_open:
            async with asyncio.timeout(self._pace.open_s):
                dialled = unless_open.enter_context(closing(await dial(url.host, url.port)))
                opened = await _Connect(
                    address.connection_url(),
                    sock=dialled,  # and therefore no proxy
                    subprotocols=[SUBPROTOCOL],
                    compression=None,
                    additional_headers=address.headers(),
                    user_agent_header=None,
                    open_timeout=None,
                    ping_interval=None,
                    close_timeout=self._pace.close_s,
                    max_size=MAX_BYTES,
                    logger=_socket_logger,
                    create_connection=_Socket,
                    **tls,
                )
            unless_open.pop_all()
        return opened

    async def _kept(self, socket: ClientConnection, address: Address, dropping: asyncio.Future[Reason]) -> Reason:
        """Serve the open *socket* until something ends it; return what. The socket is closed then."""
        reason = ENDED
        rpc: Rpc | None = None
        tasks: list[asyncio.Task[Reason]] = []
        try:
            # Section 3.2: without agreement there is no sub-protocol in the answer.
            if socket.subprotocol != SUBPROTOCOL:
                return NO_SUBPROTOCOL
            loop = asyncio.get_running_loop()
            self.anchor = _anchor_of(socket)
            rpc = self._on_open(partial(_send, socket), address)
            self._begin(address)
            works = (_read(socket, rpc), self._ping(socket), self._watch(socket), _result_of(dropping))
            tasks = [loop.create_task(work) for work in works]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            reason = next(task for task in tasks if task.done()).result()
            return reason
        finally:
            self.address, self.anchor = None, ""
            if rpc is not None:
                rpc.close(reason[1])
            await self._cut(socket, tasks)

    async def _cut(self, socket: ClientConnection, tasks: Sequence[asyncio.Task[Reason]]) -> None:
        """Close with a goodbye, and without one when that takes too long; then the socket is gone."""
        try:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            async with asyncio.timeout(self._pace.close_s):
                await socket.close(CloseCode.GOING_AWAY)
        except TimeoutError:
            _logger.info("The central system did not close in time; the connection is cut")
        finally:
            socket.transport.abort()
        await socket.wait_closed()

    async def _ping(self, socket: ClientConnection) -> Reason:
        """Ask for a sign of life every interval; a dead link is noticed within two intervals and 5 s."""
        while True:
            wait_s = min(await self._interval_s(), _LONGEST_PONG_WAIT_S) + self._pace.pong_s
            try:
                # The sending is within the time, too: a far end that takes nothing lets it wait for ever.
                async with asyncio.timeout(wait_s):
                    await (await socket.ping())
            except TimeoutError:
                return NO_PONG
            except ConnectionClosed as closed:
                return reason_of(closed)

    async def _interval_s(self) -> float:
        """Wait one ping interval, which may change meanwhile, and return it."""
        waited_s = 0.0
        while not 0 < (interval_s := self._ping_interval_s()) <= waited_s:
            step_s = min(self._pace.look_s, interval_s - waited_s) if interval_s > 0 else self._pace.look_s
            await asyncio.sleep(step_s)
            waited_s += step_s
        return interval_s

    async def _watch(self, socket: ClientConnection) -> Reason:
        """Look for what no message tells: a pile of bytes that nobody takes, a close that hangs."""
        while True:
            await asyncio.sleep(self._pace.look_s)
            if socket.transport.get_write_buffer_size() > _MOST_UNSENT_BYTES:
                return NOT_READING
            if socket.state is not State.OPEN:
                await asyncio.sleep(self._pace.close_s)
                socket.transport.abort()  # then reading ends, and knows why

    def _begin(self, address: Address) -> None:
        self.address = address
        self._told = None
        _logger.info("Connected to the central system")

    def _tell(self, reason: Reason) -> None:
        self.last = Disconnect(*reason, at=self._pace.now())
        if self._told is not reason[0]:
            self._told = reason[0]
            _logger.warning(reason[1])
        self._on_closed(self.last)


def _anchor_of(socket: ClientConnection) -> str:
    tls = socket.transport.get_extra_info("ssl_object")
    if tls is None:
        return ""
    # Public with Python 3.13 only; what it returns there are the same certificates, as bytes.
    chain = tls._sslobj.get_verified_chain()  # noqa: SLF001 - as said
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(chain[-1].public_bytes())).hexdigest()


async def _send(socket: ClientConnection, text: str) -> None:
    try:
        await socket.send(text)
    except ConnectionClosed as closed:
        raise LinkLost(reason_of(closed)[1]) from closed


async def _read(socket: ClientConnection, rpc: Rpc) -> Reason:
    try:
        while True:
            rpc.received(await socket.recv())
            # Between two messages everybody else has a turn, however fast they come.
            await asyncio.sleep(0)
    except ConnectionClosed as closed:
        return reason_of(closed)


async def _result_of(future: asyncio.Future[Reason]) -> Reason:
    # Who waits is cancelled when the link ends; the future lives on.
    return await asyncio.shield(future)
