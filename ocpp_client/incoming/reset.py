"""Core profile: the central system wants the station restarted (OCPP 1.6 section 5.14)."""

from __future__ import annotations

from functools import partial
from typing import Final

from charging import services
from ocpp_client.due import Payload
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, Asked, status
from ocpp_client.rpc import Answer


async def reset(asked: Asked) -> Payload | Answer:
    """The answer leaves before anything is stopped. Rejected: it cannot be done, or is being done already."""
    answer = await asked.db(partial(services.reset, asked.payload["type"], who=CENTRAL_SYSTEM))
    if answer.wish_id is None:
        return status("Rejected")
    return Answer(status("Accepted"), partial(asked.db, services.reset_begins, answer.wish_id))


ANSWERS: Final[dict[str, Answering]] = {"Reset": reset}
