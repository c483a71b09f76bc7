"""Long reads of the record: in a thread of their own with connections of its own, so that nothing waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")


async def aside(function: Callable[..., T], *arguments: Any) -> T:
    """The function's result; what it raises is raised here."""
    return await asyncio.to_thread(partial(_closing, function), *arguments)


def _closing(function: Callable[..., T], *arguments: Any) -> T:
    try:
        return function(*arguments)
    finally:
        connections.close_all()  # of this thread only
