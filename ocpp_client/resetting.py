"""Carries the reset in hand on, beside the link and whether or not there is one (OCPP 1.6 section 5.14)."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from django.db import DatabaseError

from charging import record, services
from charging.clock import now
from charging.services.central_link import link_is_up
from ocpp_client import configuration
from ocpp_client.database_thread import OnDatabase
from ocpp_client.owed import anything_owed
from ocpp_client.waiting import until_told

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.2
IDLE_EVERY_S: Final = 5.0  # while there is none


async def carry_on(on_database: OnDatabase, woken: asyncio.Event) -> None:
    """For ever. What to do next is read from rows, so that a kill at any point costs nothing."""
    while True:
        woken.clear()
        again_s = LOOK_EVERY_S
        try:
            again_s = LOOK_EVERY_S if await on_database(step) else IDLE_EVERY_S
        except DatabaseError as error:
            log.warning("The reset waits for the record (%s).", error)
        await until_told(woken, again_s)


def step() -> bool:
    """Whether a reset is in hand. Its transactions are to be told before it, while there is somebody to tell."""
    if not services.reset_in_hand():
        return False
    moment = now()
    told = not (link_is_up(record.station_row(), moment) and anything_owed())
    return services.reset_step(moment, told=told, retries=configuration.integer("ResetRetries"))
