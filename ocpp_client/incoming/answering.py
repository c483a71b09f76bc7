"""Who answers a CALL, and whether at all. OCPP 1.6 section 4.2 says what is heard before the station is accepted."""

from __future__ import annotations

from typing import Final

from ocpp_client.database_thread import OnDatabase
from ocpp_client.due import Payload
from ocpp_client.errors import ErrorCode, Refuse, Unanswered
from ocpp_client.incoming import (
    certificates,
    core,
    diagnostics,
    firmware,
    local_list,
    remote_trigger,
    reservation,
    reset,
    smart_charging,
    vendors,
)
from ocpp_client.incoming.asked import Answering, Asked, status
from ocpp_client.registration import Heard, Registration
from ocpp_client.rpc import Answer
from ocpp_client.triggers import Triggers

ANSWERS: Final[dict[str, Answering]] = {
    **certificates.ANSWERS,
    **core.ANSWERS,
    **diagnostics.ANSWERS,
    **firmware.ANSWERS,
    **local_list.ANSWERS,
    **remote_trigger.ANSWERS,
    **reservation.ANSWERS,
    **smart_charging.ANSWERS,
    **reset.ANSWERS,
    **vendors.ANSWERS,
}


async def answer(
    action: str, payload: Payload, *, registration: Registration, triggers: Triggers, on_database: OnDatabase
) -> Payload | Answer:
    """The confirmation of *action*. Raises Refuse for what is not supported here, Unanswered while rejected."""
    match registration.hears(action):
        case Heard.IGNORED:
            raise Unanswered("The central system has rejected this station")
        case Heard.REFUSED:
            return status("Rejected")
    answering = ANSWERS.get(action)
    if answering is None:
        raise Refuse(ErrorCode.NOT_SUPPORTED, f"{action} is not supported by this station")
    asked = Asked(payload=payload, db=on_database, registration=registration.status, triggers=triggers)
    return await answering(asked)
