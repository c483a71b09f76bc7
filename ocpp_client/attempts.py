"""How often something of a server is tried, and how far apart: as its order says, within bounds of our own.

`retries` counts attempts, as OCPP 1.6 sections 6.25 and 6.55 and the security whitepaper say it: at least one.
"""

from __future__ import annotations

from typing import Final

ATTEMPTS: Final = 3  # where the order says nothing
INTERVAL_S: Final = 60
MOST_ATTEMPTS: Final = 100
MOST_INTERVAL_S: Final = 7 * 86_400


def attempts_of(retries: int | None) -> int:
    """None: left to the station."""
    return ATTEMPTS if retries is None else min(max(retries, 1), MOST_ATTEMPTS)


def interval_s_of(told_s: int | None) -> int:
    """Between two attempts. None: left to the station."""
    return INTERVAL_S if told_s is None else min(max(told_s, 0), MOST_INTERVAL_S)
