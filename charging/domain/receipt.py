"""How long the outcome of a session is told: until the vehicle has gone, and a while longer for who comes back."""

from __future__ import annotations

from typing import Final

from .connector import Connector

TOLD_FOR_S: Final = 900.0


def is_told(c: Connector, left_s: float) -> bool:
    """Whether the last outcome is still told *left_s* after its plug was pulled: not once somebody else came."""
    return c.idle and 0.0 <= left_s < TOLD_FOR_S
