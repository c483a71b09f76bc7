"""What whoever answers a CALL is given: the payload, the thread that owns the database, and what it may trigger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ocpp_client.database_thread import OnDatabase
from ocpp_client.due import Payload
from ocpp_client.registration import Registered
from ocpp_client.rpc import Answer
from ocpp_client.triggers import Triggers

CENTRAL_SYSTEM: Final = "central_system"  # who asks, in the journal and among the sources of availability


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One CALL of the central system."""

    payload: Payload
    db: OnDatabase
    registration: Registered
    triggers: Triggers


Answering = Callable[[Asked], Awaitable[Payload | Answer]]


def in_database(handle: Callable[[Payload], Payload]) -> Answering:
    """An answer that only reads and writes rows."""

    async def handled(asked: Asked) -> Payload:
        return await asked.db(handle, asked.payload)

    return handled


def status(value: str) -> Payload:
    """The answer of most operations."""
    return {"status": value}


async def present_anew(asked: Asked) -> None:
    """Once the answer has left: end the link, and come back with other credentials."""
    asked.triggers.present_anew = True
