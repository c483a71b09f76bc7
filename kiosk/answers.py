"""A request that comes again is not done again: pages ask once more after they lost contact or were loaded anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from .messages import Asked

KEPT_FOR_S: Final = 30.0  # a page asks again for a shorter time
KEPT_AT_MOST: Final = 256

Outcome = tuple[bool, str]  # accepted, refusal


class Answers:
    """Requests of the last seconds, done or being done; one for all pages of a web process."""

    def __init__(self) -> None:
        self._kept: dict[Asked, tuple[float, asyncio.Future[Outcome]]] = {}

    async def once(self, asked: Asked, ask: Callable[[], asyncio.Future[Outcome]]) -> Outcome:
        """The outcome of *asked*: of *ask*, called now, or of the first time. Without a mark each one is another."""
        if not asked.request:
            return await ask()
        self._forget()
        if asked not in self._kept:
            self._kept[asked] = time.monotonic(), ask()
        # The one that came first may go away while the second still waits.
        return await asyncio.shield(self._kept[asked][1])

    def _forget(self) -> None:
        old = [asked for asked, (at_s, _) in self._kept.items() if time.monotonic() - at_s > KEPT_FOR_S]
        for asked in [*old, *list(self._kept)[: max(len(self._kept) - KEPT_AT_MOST, 0)]]:
            self._kept.pop(asked, None)
