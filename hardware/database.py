"""Threads outside of a request drop their own dead database connections."""

from __future__ import annotations

from django.db import connections


def healed() -> None:
    """Close what is unusable, so that the next query opens it again."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
