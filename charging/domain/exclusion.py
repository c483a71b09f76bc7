"""Connectors that exclude each other: one cabinet, two cables, one of them at a time."""

from __future__ import annotations

from collections.abc import Iterable

from .connector import Connector
from .events import ClaimChanged, Fact, TransactionStarted, TransactionStopped


def claim_of(after: Connector, facts: Iterable[Fact], now_s: float) -> ClaimChanged | None:
    """What the others of its group are told after *facts* happened to *after*; None: the claim did not move.

    Taken with the start of a transaction and free with its end, in the same commit (architecture.md, The core).
    """
    moved = any(isinstance(fact, TransactionStarted | TransactionStopped) for fact in facts)
    if not (after.capability.exclusion_group and moved):
        return None
    return ClaimChanged(now_s=now_s, holder=after.number if after.transaction else None)
