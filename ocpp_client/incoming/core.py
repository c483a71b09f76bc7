"""Core profile: what the central system asks of a station. OCPP 1.6 chapter 5.

Every answer is a call into `charging.services`, like everybody's; what it answers is what really came of it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from charging import services
from charging.models import Wish
from ocpp_client import configuration
from ocpp_client.due import Payload
from ocpp_client.errors import ErrorCode, Refuse
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, Asked, in_database, present_anew, status
from ocpp_client.incoming.smart_charging import profile_in
from ocpp_client.rpc import Answer

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"
REMOTE: Final = "remote"
LOOK_EVERY_S: Final = 0.2
UNFINISHED: Final = (Wish.State.WAITING, Wish.State.STARTED)


def _accepted(answer: services.Answer) -> Payload:
    return status(ACCEPTED if answer.accepted else REJECTED)


def remote_start(payload: Payload) -> Payload:
    """Section 5.11. A charging profile in it is for the transaction that follows, and has no transactionId (5.16.2).

    Connector 0 is no place to charge at; without a connector the plug that waits is meant, or else a free one.
    """
    number, told = payload.get("connectorId"), payload.get("chargingProfile")
    if (number is not None and number < 1) or (told and "transactionId" in told):
        return status(REJECTED)
    profile = profile_in(told, number or 0) if told else None
    id_tag = payload["idTag"].upper()
    return _accepted(services.start(number or 0, by=REMOTE, who=CENTRAL_SYSTEM, id_tag=id_tag, profile=profile))


def remote_stop(payload: Payload) -> Payload:
    """Section 5.12: only a transaction that runs, by the number that the central system gave it."""
    running = services.transaction_of(payload["transactionId"])
    if running is None:
        return status(REJECTED)
    return _accepted(services.stop(running.connector_id, by=REMOTE, who=CENTRAL_SYSTEM, reason="Remote"))


def change_availability(payload: Payload) -> Payload:
    """Section 5.2: kept over restarts; Scheduled where a transaction has to end first."""
    answer = services.set_availability(
        payload["connectorId"],
        operative=payload["type"] == "Operative",
        source=CENTRAL_SYSTEM,
        who=CENTRAL_SYSTEM,
    )
    return status("Scheduled") if answer.accepted and answer.scheduled else _accepted(answer)


def get_configuration(payload: Payload) -> Payload:
    """Section 5.8: the keys that were named, or all; names that are unknown are listed as such."""
    named = payload.get("key") or []
    if len(named) > (most := configuration.integer("GetConfigurationMaxKeys")):
        raise Refuse(
            ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
            f"At most {most} keys are answered at a time (GetConfigurationMaxKeys)",
        )
    found = [configuration.key_named(name) for name in named] if named else list(configuration.KEYS.values())
    known = {key.name: key for key in found if key}
    unknown = [name for name in named if configuration.key_named(name) is None]
    answer: Payload = {
        "configurationKey": [
            {"key": key.name, "readonly": key.readonly}
            | ({} if key.secret else {"value": configuration.text(key.name)})
            for key in known.values()
        ]
    }
    return answer | ({"unknownKey": unknown} if unknown else {})


async def change_configuration(asked: Asked) -> Payload | Answer:
    """Section 5.3. Where others credentials are tried, the answer leaves before the link ends (whitepaper A01, A05)."""
    name, value = asked.payload["key"], asked.payload["value"]
    answer = status(await asked.db(configuration.change, name, value, CENTRAL_SYSTEM))
    key = configuration.key_named(name)
    if key is None or key.order is None or answer != status(ACCEPTED):
        return answer
    return Answer(answer, partial(present_anew, asked))


def clear_cache(_payload: Payload) -> Payload:
    """Section 5.4: Rejected where there is no cache."""
    return _accepted(services.clear_cache(CENTRAL_SYSTEM))


async def unlock_connector(asked: Asked) -> Payload:
    """Section 5.18: what the lock's feedback says, not that somebody was asked. Running transactions end first."""
    number = asked.payload["connectorId"]
    answer = await asked.db(_unlock, number)
    if answer.wish_id is None:
        return status("NotSupported")
    # The row is the only word of another process; a wake-up would come over Redis, which may be away.
    while (state := await asked.db(_state_of, answer.wish_id)) in UNFINISHED:  # noqa: ASYNC110 - as said
        await asyncio.sleep(LOOK_EVERY_S)
    return status("Unlocked" if state == Wish.State.DONE else "UnlockFailed")


def _unlock(number: int) -> services.Answer:
    return services.release_cable(number, CENTRAL_SYSTEM, by=REMOTE)


def _state_of(wish_id: int) -> str:
    return Wish.objects.values_list("state", flat=True).get(pk=wish_id)


ANSWERS: Final[dict[str, Answering]] = {
    "ChangeAvailability": in_database(change_availability),
    "ChangeConfiguration": change_configuration,
    "ClearCache": in_database(clear_cache),
    "GetConfiguration": in_database(get_configuration),
    "RemoteStartTransaction": in_database(remote_start),
    "RemoteStopTransaction": in_database(remote_stop),
    "UnlockConnector": unlock_connector,
}
