"""How do the loops of this worker reach the record? In the one thread that talks to the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from django.db import DatabaseError

T = TypeVar("T")

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 0.5


class OnDatabase(Protocol):
    """Runs a function in the one thread that talks to the database."""

    async def __call__(self, function: Callable[..., T], /, *arguments: Any) -> T:
        """The function's result; what it raises is raised here."""


async def unless_away(on_database: OnDatabase, function: Callable[..., T], *arguments: Any) -> T | None:
    """None, and half a second later, while the record cannot be read or written: the rows say the same then."""
    try:
        return await on_database(function, *arguments)
    except DatabaseError as error:
        log.warning("What the central system ordered waits for the record (%s).", error)
        await asyncio.sleep(AGAIN_AFTER_S)
        return None
