"""One TCP socket to a host: its IP addresses are tried one after the other, never two at a time."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, closing
from typing import Any, Final

# An IPv6 that leads nowhere is common; the other addresses get their chance while there is still time.
_PATIENCE_S: Final = 3.0


async def dial(host: str, port: int) -> socket.socket:
    """Return a connected socket, not blocking. Raises OSError: socket.gaierror, or of the last address tried."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, _, _, _, place in found[:-1]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await _connected(family, place)
        except OSError:
            continue
    return await _connected(found[-1][0], found[-1][4])


async def _connected(family: int, place: tuple[Any, ...]) -> socket.socket:
    with ExitStack() as unless_connected:
        dialled = unless_connected.enter_context(closing(socket.socket(family, socket.SOCK_STREAM)))
        dialled.setblocking(False)
        await asyncio.get_running_loop().sock_connect(dialled, place)
        unless_connected.pop_all()
    return dialled
