"""Remote Trigger profile: the central system wants a message now (OCPP 1.6 section 5.17)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from charging import live, services
from charging.models import Connector
from ocpp_client import statuses
from ocpp_client.due import Payload
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, Asked, status
from ocpp_client.rpc import Answer

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"
NOT_IMPLEMENTED: Final = "NotImplemented"


async def trigger_message(asked: Asked) -> Payload | Answer:
    """The answer leaves first; then what was asked for becomes due and is sent in its order."""
    match asked.payload["requestedMessage"]:
        case "BootNotification" if not asked.registered:
            return _accepted(partial(_boot, asked))
        case "BootNotification":
            return status(REJECTED)  # once accepted it does not register again: errata sheet v4.0, 3.35
        case "FirmwareStatusNotification":
            return _accepted(partial(_firmware, asked))
        case "Heartbeat":
            return _accepted(partial(_heartbeat, asked))
        case "StatusNotification":
            return await _status_notification(asked)
        case "MeterValues" if asked.registered:
            return await _meter_values(asked)
        case "MeterValues":
            return status(REJECTED)  # they are sent in the order of the transactions', which waits for Accepted
        case _:
            return status(NOT_IMPLEMENTED)


def _accepted(then: Callable[[], Awaitable[None]]) -> Answer:
    return Answer(status(ACCEPTED), then)


async def _boot(asked: Asked) -> None:
    asked.triggers.boot = True


async def _firmware(asked: Asked) -> None:
    asked.triggers.firmware = True


async def _heartbeat(asked: Asked) -> None:
    asked.triggers.heartbeat = True


async def _status_notification(asked: Asked) -> Payload | Answer:
    """Of one connector (0 = the station), or of all where none is named."""
    number = asked.payload.get("connectorId")
    if number and not await asked.db(_exists, number):
        return status(REJECTED)
    if asked.registered:
        return _accepted(partial(asked.db, statuses.forget, number))
    numbers = [0, *await asked.db(_numbers)] if number is None else [number]
    return _accepted(partial(_statuses, asked, numbers))


async def _statuses(asked: Asked, numbers: list[int]) -> None:
    asked.triggers.statuses = numbers


async def _meter_values(asked: Asked) -> Payload | Answer:
    """Of one connector, or of all: there is no meter of the whole station. Refused where none can be read now."""
    number = asked.payload.get("connectorId") or 0
    if not await asked.db(_can_be_read, number):
        return status(REJECTED)
    return _accepted(partial(asked.db, _measured, number))


def _can_be_read(number: int) -> bool:
    return any(number in (0, known) for known in live.readings())


def _measured(number: int) -> None:
    services.meter_values_wanted(number, who=CENTRAL_SYSTEM)


def _exists(number: int) -> bool:
    return Connector.objects.filter(pk=number).exists()


def _numbers() -> list[int]:
    return list(Connector.objects.order_by("number").values_list("pk", flat=True))


ANSWERS: Final[dict[str, Answering]] = {"TriggerMessage": trigger_message}
