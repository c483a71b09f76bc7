"""Times on the wire: ISO 8601 in UTC with milliseconds, OCPP 1.6 section 3.14."""

from __future__ import annotations

from datetime import UTC, datetime

from .schemas import time_of


def utc_text(at: datetime) -> str:
    """*at* (aware) as 2026-11-26T09:30:00.250Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str | None) -> datetime | None:
    """An aware time of the central system, or None where it said none that can be read."""
    if text is None:
        return None
    try:
        return time_of(text)
    except ValueError:
        return None
