"""Remote Trigger profile: the central system wants a message now (OCPP 1.6 section 5.17).

ExtendedTriggerMessage of the security whitepaper, edition 3, is the same with other messages (sections 5.5 and 6.16).
A Pending station says what it is asked for, and one that was not answered yet its BootNotification only: section 4.2.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from charging import live, services
from charging.models import Connector
from ocpp_client import signing, statuses
from ocpp_client.due import Payload
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, Asked, status
from ocpp_client.registration import Registered
from ocpp_client.rpc import Answer

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"
NOT_IMPLEMENTED: Final = "NotImplemented"
# The messages that are one each whatever the connector: requestedMessage -> flag of ocpp_client.triggers. A message
# that is in no table is not implemented.
PLAIN: Final = {
    "DiagnosticsStatusNotification": "diagnostics",
    "FirmwareStatusNotification": "firmware",
    "Heartbeat": "heartbeat",
}
EXTENDED: Final = {
    "FirmwareStatusNotification": "signed_firmware",
    "Heartbeat": "heartbeat",
    "LogStatusNotification": "log",
}


async def trigger_message(asked: Asked) -> Payload | Answer:
    """Section 5.17."""
    return await _answer(asked, PLAIN)


async def extended_trigger_message(asked: Asked) -> Payload | Answer:
    """Whitepaper section 5.5: the status of firmware is that of signed firmware."""
    return await _answer(asked, EXTENDED)


async def _answer(asked: Asked, flags: Mapping[str, str]) -> Payload | Answer:
    """The answer leaves first; then what was asked for becomes due and is sent in its order."""
    match asked.payload["requestedMessage"]:
        case "BootNotification" if not _registered(asked):
            return _accepted(partial(_wanted, asked, "boot"))
        case "BootNotification":
            return status(REJECTED)  # once accepted it does not register again: errata sheet v4.0, 3.35
        case _ if asked.registration is Registered.NOT_YET:
            return status(REJECTED)
        case "SignChargePointCertificate" if flags is EXTENDED:
            return status(ACCEPTED if await asked.db(signing.ordered, CENTRAL_SYSTEM) else REJECTED)
        case "StatusNotification":
            return await _status_notification(asked)
        case "MeterValues":
            return await _meter_values(asked)
        case message if message in flags:
            return _accepted(partial(_wanted, asked, flags[message]))
        case _:
            return status(NOT_IMPLEMENTED)


def _registered(asked: Asked) -> bool:
    return asked.registration is Registered.ACCEPTED


def _accepted(then: Callable[[], Awaitable[None]]) -> Answer:
    return Answer(status(ACCEPTED), then)


async def _wanted(asked: Asked, trigger: str) -> None:
    setattr(asked.triggers, trigger, True)


async def _wanted_of(numbers: list[int], waiting: list[int]) -> None:
    """What is asked for twice before it could be sent is sent once (5.17)."""
    waiting.extend(number for number in numbers if number not in waiting)


async def _status_notification(asked: Asked) -> Payload | Answer:
    """Of one connector (0 = the station), or of all where none is named."""
    number = asked.payload.get("connectorId")
    if number and not await asked.db(_exists, number):
        return status(REJECTED)
    if _registered(asked):
        return _accepted(partial(asked.db, statuses.forget, number))
    numbers = [0, *await asked.db(_numbers)] if number is None else [number]
    return _accepted(partial(_wanted_of, numbers, asked.triggers.statuses))


async def _meter_values(asked: Asked) -> Payload | Answer:
    """Of one connector, or of all: there is no meter of the whole station. Refused where none can be read now.

    Of an accepted station they go out in the order of the transactions' messages, which begins with the acceptance.
    """
    number = asked.payload.get("connectorId") or 0
    readable = await asked.db(_readable, number)
    if not readable:
        return status(REJECTED)
    if _registered(asked):
        return _accepted(partial(asked.db, _measured, number))
    return _accepted(partial(_wanted_of, readable, asked.triggers.meter_values))


def _readable(number: int) -> list[int]:
    return [known for known in sorted(live.readings()) if number in (0, known)]


def _measured(number: int) -> None:
    services.meter_values_wanted(number, who=CENTRAL_SYSTEM)


def _exists(number: int) -> bool:
    return Connector.objects.filter(pk=number).exists()


def _numbers() -> list[int]:
    return list(Connector.objects.order_by("number").values_list("pk", flat=True))


ANSWERS: Final[dict[str, Answering]] = {
    "ExtendedTriggerMessage": extended_trigger_message,
    "TriggerMessage": trigger_message,
}
