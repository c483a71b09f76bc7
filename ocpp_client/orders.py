"""What every order has in common that is carried out beside the link, and told of while it goes on.

Everything is in its row, see `ocpp_client.models.Order`. There is one in hand of each kind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any, Final, Generic, TypeVar

from charging.clock import Moment, now
from ocpp_client.database_thread import OnDatabase, unless_away
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.masks import without_user
from ocpp_client.models import CentralSystem, Order

T = TypeVar("T")
Row = TypeVar("Row", bound=Order)

log = logging.getLogger(__name__)

KEPT: Final = 50  # orders of the past, of each kind
REASON_LENGTH: Final = 300
LOOK_EVERY_S: Final = 0.5
IDLE_EVERY_S: Final = 5.0  # while there is no order
NOBODY: Final = ""  # the place of no central system
NOBODY_TO_TELL: Final = "Another central system, or none, is in use now."
TOLD_AGAIN_AFTER_S: Final = 10.0


def place_of(row: CentralSystem | None) -> str:
    """Which central system it is, and who we are there: an order of another one is not carried out any more."""
    return f"{row.primary_url} {row.charge_point_id}" if row else NOBODY


def tell(row: Order, status: str) -> None:
    """Put *status*, unless it is empty, behind what is to be told of it. Not saved."""
    row.untold = ",".join(each for each in (row.untold, status) if each)


def end(row: Order, moment: Moment) -> None:
    """What has ended keeps no password. Not saved."""
    row.ended_at, row.location = moment.at, without_user(row.location)


def put_off(row: Order, reason: str, moment: Moment) -> bool:
    """Whether there is another attempt after this one, later."""
    if row.attempts_left <= 1:
        return False
    row.attempts_left -= 1
    row.due_at = moment.at + timedelta(seconds=row.retry_interval_s)
    row.reason = reason[:REASON_LENGTH]
    row.save(update_fields=["attempts_left", "due_at", "reason"])
    return True


async def while_wanted(
    work: Coroutine[Any, Any, T], wanted: Callable[[], bool], ended: Callable[[T], None], on_database: OnDatabase
) -> None:
    """Do *work* and keep what came of it; stop it at once when it is not *wanted* any more. Both look at rows."""
    working = asyncio.ensure_future(work)
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=LOOK_EVERY_S)
            if await unless_away(on_database, wanted) is False:
                return
        await unless_away(on_database, ended, working.result())
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


class Notifications(Generic[Row]):
    """Each status of the orders of one kind, once and in its order, however long nobody could be told.

    *message* makes action and payload of a row and a status. Called in the thread of the database only.
    """

    def __init__(self, kind: type[Row], message: Callable[[Row, str], tuple[str, Payload]]) -> None:
        self._kind, self._message = kind, message
        self._held_until_s = 0.0

    def due(self) -> Due | None:
        """The oldest status that was not told yet."""
        if now().mono_s < self._held_until_s:
            return None
        row = self._kind.untold_first()
        if row is None:
            return None
        status = row.untold.split(",")[0]
        action, payload = self._message(row, status)
        told = partial(_told, self._kind, row.pk, status)
        return Due(action=action, payload=payload, confirmed=told, failed=partial(self._failed, action, told))

    def _failed(self, action: str, told: Callable[[Payload], None], failure: Failure) -> None:
        """What is refused once is refused again; what was not answered is told later."""
        if failure.answered:
            log.warning("The central system refused %s: %s", action, failure.sentence)
            told({})
        else:
            self._held_until_s = now().mono_s + TOLD_AGAIN_AFTER_S


def _told(kind: type[Order], row_id: int, status: str, _answer: Payload) -> None:
    """Only what was told is taken off: the order may have moved on meanwhile."""
    row = kind.found(row_id)
    if row is not None and row.untold.split(",")[0] == status:
        row.untold = ",".join(row.untold.split(",")[1:])
        row.told = status
        row.save(update_fields=["untold", "told"])
