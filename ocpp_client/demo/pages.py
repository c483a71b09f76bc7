"""What do the open pages see? A snapshot at first, then what changed, in a batch ten times a second at most."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from .exchange import LONGEST_SHOWN, Exchange
from .station import Station

BATCH_S: Final = 0.1
MOST_IN_A_BATCH: Final = 150  # exchanges; a drained queue of thousands must not freeze a page
MOST_PAGES: Final = 20
Command = Callable[[dict[str, Any]], Awaitable[None]]


class Pages:
    """All browsers that look at this central system."""

    def __init__(self, snapshot: Callable[[], dict[str, Any]], command: Command) -> None:
        self._snapshot = snapshot
        self._command = command
        self._open: set[ServerConnection] = set()
        self._stations: dict[str, Station] = {}
        self._exchanges: dict[tuple[str, int], Exchange] = {}
        self._changed = asyncio.Event()

    def tell(self, station: Station, exchange: Exchange | None = None) -> None:
        """Something changed."""
        self._stations[station.identity] = station
        if exchange is not None:
            self._exchanges[station.identity, exchange.number] = exchange
            while len(self._exchanges) > MOST_IN_A_BATCH:
                self._exchanges.pop(next(iter(self._exchanges)))
        self._changed.set()

    async def publish(self) -> None:
        """For ever: send what changed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            broadcast(self._open, shown(self._batch()))
            await asyncio.sleep(BATCH_S)

    async def serve(self, connection: ServerConnection) -> None:
        """One page until it is closed."""
        if len(self._open) >= MOST_PAGES:
            await connection.close(1013, "too many pages are open")
            return
        with contextlib.suppress(ConnectionClosed):
            text = shown(self._snapshot())
            self._open.add(connection)  # before it is sent, or a change meanwhile would be missed
            await connection.send(text)
            async for message in connection:
                wish = _object_in(message)
                if wish:
                    await self._command(wish)
        self._open.discard(connection)

    def _batch(self) -> dict[str, Any]:
        batch = {
            "stations": [station.as_shown() for station in self._stations.values()],
            "exchanges": [
                {"identity": identity, **exchange.as_shown()} for (identity, _), exchange in self._exchanges.items()
            ],
        }
        self._stations.clear()
        self._exchanges.clear()
        return batch


def shown(facts: dict[str, Any]) -> str:
    """As JSON; what is too long to read is cut."""
    for exchange in facts.get("exchanges", ()):
        for part in ("request", "answer"):
            text = json.dumps(exchange[part])
            if len(text) > LONGEST_SHOWN:
                exchange[part] = f"{len(text)} characters, beginning with {text[:2000]}"
    return json.dumps(facts)


def _object_in(message: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
