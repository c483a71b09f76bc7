"""The station's own certificate is ordered, asked for, and renewed in time (security whitepaper, A02 and A03).

What to do next is read from the row each time, so that a kill at any point costs no more than the step it hit.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError

from charging.clock import Moment, now
from ocpp_client import configuration, credentials, registering
from ocpp_client.certificates import examination, own
from ocpp_client.database_thread import OnDatabase
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.models import CentralSystem, StationCertificate
from ocpp_client.triggers import Triggers
from ocpp_client.waiting import until_told

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 60.0
AGAIN_AFTER_S: Final = 60.0  # what was not answered at all
MOST_DOUBLINGS: Final = 16


async def carry_on(on_database: OnDatabase, woken: asyncio.Event, triggers: Triggers) -> None:
    """For ever: make the key of what is ordered, order what will be needed, and switch to what has become valid."""
    while True:
        woken.clear()
        try:
            if await on_database(look, now()):
                triggers.present_anew = True
            wanted = await on_database(wanted_key)
            if wanted is not None:
                row_id, question = wanted
                await on_database(own.made, row_id, await asyncio.to_thread(examination.key_made, **question))
        except (DatabaseError, OSError, examination.Refused, examination.Unexamined) as error:
            log.warning("The certificate of the station has to wait: %s", error)
        await until_told(woken, LOOK_EVERY_S)


def look(moment: Moment) -> bool:
    """What time alone brings: an end that comes, what is old, and a certificate that begins; True: present it."""
    expiring = own.expires(moment)
    if expiring is not None:
        renewed = own.in_hand() is None and can_be_ordered()
        log.warning("The certificate of the station is valid until %s.", expiring.valid_until)
        own.tell_expiry(expiring, renewed=renewed)
    own.sweep(moment)
    row = CentralSystem.objects.filter(pk=1).first()
    return row is not None and credentials.has_begun(row)


def ordered(who: str) -> bool:
    """Order another certificate, if that is possible. The key is made when the answer has left (A02.FR.02)."""
    if not can_be_ordered():
        return False
    own.order(who)
    return True


def can_be_ordered() -> bool:
    """The prerequisite of A02 and A03: CpoName says whose station it is."""
    return bool(configuration.text("CpoName"))


def wanted_key() -> tuple[int, dict[str, Any]] | None:
    """The order whose key is not made yet, and what the key is for."""
    row = own.in_hand()
    if row is None or row.csr or not can_be_ordered():
        return None
    path: Path = own.key_path(row)
    serial = registering.serial_of(CentralSystem.objects.get(pk=1))
    return row.pk, {"path": path, "organization": configuration.text("CpoName"), "serial": serial}


class Signing:
    """SignCertificate of one link. Called in the thread of the database only."""

    def __init__(self) -> None:
        self._held_until_s = 0.0

    def due(self, moment: Moment) -> Due | None:
        """The request that the central system has not accepted yet, or is to be reminded of."""
        if moment.mono_s < self._held_until_s:
            return None
        row = own.in_hand()
        if row is None or not row.csr or not _is_due(row, moment):
            return None
        return Due(
            action="SignCertificate",
            payload={"csr": row.csr},
            confirmed=partial(_confirmed, row.pk),
            failed=partial(self._failed, row.pk),
        )

    def _failed(self, row_id: int, failure: Failure) -> None:
        if failure.answered:
            own.refused(row_id, failure.sentence)
        else:
            self._held_until_s = now().mono_s + AGAIN_AFTER_S


def _is_due(row: StationCertificate, moment: Moment) -> bool:
    """A02 advises against reminders: they come as often as CertSigningRepeatTimes says, each after twice the time."""
    if row.sent_at is None:
        return True
    if row.times_sent > configuration.integer("CertSigningRepeatTimes"):
        return False
    wait_s = configuration.integer("CertSigningWaitMinimum") * 2 ** min(row.times_sent - 1, MOST_DOUBLINGS)
    return row.sent_at + timedelta(seconds=wait_s) <= moment.at


def _confirmed(row_id: int, answer: Payload) -> None:
    if answer["status"] == "Accepted":
        own.accepted(row_id, now())
    else:
        own.refused(row_id, "The central system rejected the request.")
