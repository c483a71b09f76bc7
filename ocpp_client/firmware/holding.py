"""The connectors whose board will get firmware are out of service meanwhile (OCPP 1.6 section 5.19; L01.FR.07, FR.19).

A source of its own: what a technician or the central system has taken out of service stays so afterwards.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from charging import record, services
from charging.domain.connector import Connector

SOURCE: Final = "firmware"


def hold(numbers: Collection[int]) -> bool:
    """Take these out of service as soon as each is free; whether all of them are by now."""
    for connector in _of(numbers):
        if not _held(connector):
            services.set_availability(connector.number, operative=False, source=SOURCE, who=SOURCE)
    return all(SOURCE in connector.inoperative and connector.idle for connector in _of(numbers))


def free(numbers: Collection[int]) -> bool:
    """Whether nobody uses any of these now."""
    return all(connector.idle for connector in _of(numbers))


def release() -> None:
    """Put everything that is held back into service; nothing where nothing is held."""
    for connector in record.connectors():
        if _held(connector):
            services.set_availability(connector.number, operative=True, source=SOURCE, who=SOURCE)


def _of(numbers: Collection[int]) -> list[Connector]:
    return [connector for connector in record.connectors() if connector.number in numbers]


def _held(connector: Connector) -> bool:
    return SOURCE in connector.inoperative | connector.becomes_inoperative
