"""How do the loops of this worker wait for the next thing to do? Until they are told, or for as long as they may.

Not with asyncio.wait_for: that of Python 3.11 loses a cancellation that comes together with what is awaited.
"""

from __future__ import annotations

import asyncio
import contextlib


async def until_told(told: asyncio.Event, most_s: float) -> None:
    """Return as soon as *told* is set, after *most_s* at the latest."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await told.wait()
