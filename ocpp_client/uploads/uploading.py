"""Carries the upload in hand on, one step after another; beside the link, and whether or not there is one.

What to do next is read from the row each time, so that a kill at any point costs no more than the step it hit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from django.db import DatabaseError

from charging import journal, services
from charging.clock import Moment, now
from ocpp_client.models import Upload
from ocpp_client.transfers.asking import SECURITY_EVENTS, Servers, put, servers
from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.uploads import contents, files, orders
from ocpp_client.uploads.aside import aside
from ocpp_client.uploads.orders import State
from ocpp_client.waiting import until_told

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5
IDLE_EVERY_S: Final = 5.0  # while there is no order
UPLOAD_WITHIN_S: Final = 1800.0


class OnDatabase(Protocol):
    """Runs a function in the one thread that talks to the database."""

    async def __call__(self, function: Callable[..., T], /, *arguments: Any) -> T:
        """The function's result; what it raises is raised here."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A file to be made, unless it is there, and to be put on a server."""

    row: Upload
    file: Path
    servers: Servers


async def carry_on(place: str, on_database: OnDatabase, woken: asyncio.Event) -> None:
    """For ever. *place* as orders.place_of says it: what another central system ordered is given up."""
    await _tried(on_database, orders.give_up_unless_of, place)
    while True:
        woken.clear()
        attempt, again_s = await _tried(on_database, next_step, now()) or (None, LOOK_EVERY_S)
        if attempt is not None:
            await _attempted(attempt, on_database)
        else:
            await until_told(woken, again_s)


async def _tried(on_database: OnDatabase, function: Callable[..., T], *arguments: Any) -> T | None:
    """None while the record cannot be read or written: the row says the same later."""
    try:
        return await on_database(function, *arguments)
    except DatabaseError as error:
        log.warning("The upload waits for the record (%s).", error)
        await asyncio.sleep(LOOK_EVERY_S)
        return None


def next_step(moment: Moment) -> tuple[Attempt | None, float]:
    """Move the row as far as rows go; what is to be done outside of them, or after how many seconds to look again."""
    row = orders.in_hand()
    files.sweep(row)
    if row is None:
        return None, IDLE_EVERY_S
    if row.state == State.ORDERED:
        orders.move(row, State.UPLOADING, moment=moment)
    if row.due_at is not None and row.due_at > moment.at:
        return None, LOOK_EVERY_S
    return Attempt(row, files.file_of(row), servers()), LOOK_EVERY_S


async def _attempted(attempt: Attempt, on_database: OnDatabase) -> None:
    """Make and upload it; give up at once when the order was cancelled meanwhile."""
    working = asyncio.ensure_future(_uploaded(attempt))
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=LOOK_EVERY_S)
            if await _tried(on_database, _is_wanted, attempt.row.pk) is False:
                return
        await _tried(on_database, ended, attempt.row.pk, working.result())
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _uploaded(attempt: Attempt) -> TransferFailed | None:
    """Why it could not be uploaded; nothing when it lies there."""
    row = attempt.row
    try:
        if failed := await aside(_made, row, attempt.file):
            return failed
        await put(
            attempt.file,
            row.location,
            name=row.file_name,
            within_s=UPLOAD_WITHIN_S,
            servers=attempt.servers,
        )
    except TransferFailed as failed:
        return failed
    return None


def _made(row: Upload, file: Path) -> TransferFailed | None:
    """Once for all attempts, so that what a server has of it already can be continued."""
    if file.exists():
        return None
    if not files.is_room():
        return TransferFailed(Why.NO_ROOM, "There is no room on the disk to put the file together: free some.")
    try:
        contents.write(row, file)
    except (OSError, DatabaseError) as error:
        return TransferFailed(Why.NO_ROOM, f"The file could not be put together: {error}.")
    return None


def _is_wanted(row_id: int) -> bool:
    return Upload.objects.filter(pk=row_id, state=State.UPLOADING).exists()


def ended(row_id: int, failed: TransferFailed | None) -> None:
    """One attempt has ended."""
    row, moment = orders.in_hand(), now()
    if row is None or row.pk != row_id or row.state != State.UPLOADING:
        return
    with journal.one_commit():
        if failed is None:
            orders.move(row, State.UPLOADED, moment=moment)
            return
        if event := SECURITY_EVENTS.get(failed.code):
            services.security_event(event, str(failed))
        orders.failed(row, failed.code, str(failed), moment)
