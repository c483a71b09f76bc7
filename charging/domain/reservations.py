"""Reservations of the whole station: at any time one connector stays free for each (OCPP 1.6 section 5.13)."""

from __future__ import annotations

from collections.abc import Sequence

from .authorization import owns
from .connector import Connector, Reservation
from .requests import Refusal
from .status import Status, status_of


def matching(reservations: Sequence[Reservation], id_tag: str, parent_id_tag: str) -> Reservation | None:
    """The reservation that is for this idTag or its group; the one that ends first."""
    mine = [r for r in reservations if owns(r.id_tag, r.parent_id_tag, id_tag, parent_id_tag)]
    return min(mine, key=lambda r: (r.expires_s, r.reservation_id), default=None)


def leaves_enough_free(connectors: Sequence[Connector], taken: int, reservations: int) -> bool:
    """Whether connector *taken* may be taken by somebody for whom nothing is reserved."""
    return len([c for c in connectors if c.number != taken and _is_free(c)]) >= reservations


def station_refusal(connectors: Sequence[Connector], others: int) -> Refusal | None:
    """Why some connector cannot be kept free beside *others* reservations of the station."""
    if len([c for c in connectors if _is_free(c)]) > others:
        return None
    if all(c.blocked for c in connectors):
        return Refusal.FAULTED
    if all(c.blocked or c.inoperative or c.becomes_inoperative for c in connectors):
        return Refusal.OUT_OF_SERVICE
    return Refusal.OCCUPIED


def _is_free(c: Connector) -> bool:
    return status_of(c) is Status.AVAILABLE and not c.becomes_inoperative
