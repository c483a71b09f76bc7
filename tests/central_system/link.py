"""One WebSocket of the station: what comes goes to the desk, what the desk says is done."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from .desk import Cut, Desk, Reaction
from .frames import Frame as OcppFrame

ABNORMAL: Final = 1006
RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: the kernel sends RST instead of FIN


class StationSocket(ServerConnection):
    """A WebSocket that tells of pings, and that may stop to read and to write without closing (half open)."""

    on_ping: Callable[[], None] | None = None

    def process_event(self, event: Event) -> None:
        """See `on_ping`."""
        if isinstance(event, Frame) and event.opcode is Opcode.PING and self.on_ping:
            self.on_ping()
        super().process_event(event)

    def drop(self, *, reset: bool) -> None:
        """End the TCP connection without a close frame."""
        if reset and not self.transport.is_closing():
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    @property
    def is_held_by_station(self) -> bool:
        """Does the station still hold its end? The kernel knows, even when nobody reads."""
        if self.transport.is_closing():
            return False
        state: int = self.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state == TCP_ESTABLISHED


TCP_ESTABLISHED: Final = 1  # linux/tcp.h


class StationLink:
    """From the handshake to the end of one WebSocket. Lives in the server's loop."""

    def __init__(self, number: int, connection: StationSocket, desk: Desk) -> None:
        self.number = number
        self.connection = connection
        self.is_stalled = False
        self._desk = desk
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._answering: set[asyncio.Task[None]] = set()

    async def serve(self) -> int:
        """Until the link ends; its close code."""
        try:
            async for message in self.connection:
                await self._flowing.wait()
                received_s = asyncio.get_running_loop().time()  # a delay counts from here: judging is part of it
                self._react(self._desk.received(self.number, message), received_s)
        except ConnectionClosed:
            pass
        finally:
            for task in self._answering:
                task.cancel()
        return self.connection.close_code or ABNORMAL

    async def send(self, text: str | bytes, call: OcppFrame | None = None) -> None:
        """One message, unless the link is gone, stalled, or to be cut at this frame."""
        if self.is_stalled or self.connection.transport.is_closing():
            return
        cut = self._desk.sending(self.number, text if isinstance(text, str) else repr(text), call)
        if cut is not Cut.NOW:
            await self.connection.send(text)
        if cut is not Cut.NEVER:
            self.connection.drop(reset=cut is Cut.NOW)

    def stall(self) -> None:
        """Neither read nor write: the station's frames stay in the kernel, its pings stay unanswered."""
        self.is_stalled = True
        self._flowing.clear()
        self.connection.transport.pause_reading()

    def resume(self) -> None:
        """Read what has been waiting."""
        self.is_stalled = False
        self._flowing.set()
        self.connection.transport.resume_reading()

    def _react(self, reaction: Reaction, received_s: float) -> None:
        if reaction.cut is Cut.NOW:
            self.connection.drop(reset=True)
        elif reaction.text:
            # A task of its own: the station may say something while its answer is late.
            task = asyncio.get_running_loop().create_task(self._answer(reaction, received_s + reaction.delay_s))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, reaction: Reaction, answer_at_s: float) -> None:
        left_s = answer_at_s - asyncio.get_running_loop().time()
        if left_s > 0:
            lost: set[asyncio.Future[Any]] = {self.connection.connection_lost_waiter}
            await asyncio.wait(lost, timeout=left_s)
        try:
            await self.send(reaction.text, reaction.call)
        except ConnectionClosed:
            return
        if reaction.cut is Cut.AFTER:
            self.connection.drop(reset=False)
