"""Carries the upload in hand on, one step after another; beside the link, and whether or not there is one.

What to do next is read from the row each time, so that a kill at any point costs no more than the step it hit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from django.db import DatabaseError

from charging import journal, services
from charging.clock import Moment, now
from ocpp_client.database_thread import OnDatabase, unless_away
from ocpp_client.models import Upload
from ocpp_client.orders import IDLE_EVERY_S, LOOK_EVERY_S, while_wanted
from ocpp_client.transfers.asking import SECURITY_EVENTS, Servers, put, servers
from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.uploads import contents, files, orders
from ocpp_client.uploads.aside import aside
from ocpp_client.uploads.orders import State
from ocpp_client.waiting import until_told

UPLOAD_WITHIN_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A file to be made, unless it is there, and to be put on a server."""

    row: Upload
    file: Path
    servers: Servers


async def carry_on(place: str, on_database: OnDatabase, woken: asyncio.Event) -> None:
    """For ever. *place* as ocpp_client.orders.place_of says it: what another central system ordered is given up."""
    await unless_away(on_database, orders.give_up_unless_of, place)
    while True:
        woken.clear()
        attempt, again_s = await unless_away(on_database, next_step, now()) or (None, LOOK_EVERY_S)
        if attempt is not None:
            kept = partial(ended, attempt.row.pk)
            await while_wanted(_uploaded(attempt), partial(_is_wanted, attempt.row.pk), kept, on_database)
        else:
            await until_told(woken, again_s)


def next_step(moment: Moment) -> tuple[Attempt | None, float]:
    """Move the row as far as rows go; what is to be done outside of them, or after how many seconds to look again."""
    row = Upload.in_hand()
    files.sweep(row)
    if row is None:
        return None, IDLE_EVERY_S
    if row.state == State.ORDERED:
        orders.move(row, State.UPLOADING, moment=moment)
    if row.due_at is not None and row.due_at > moment.at:
        return None, LOOK_EVERY_S
    return Attempt(row, files.file_of(row), servers()), LOOK_EVERY_S


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
    row, moment = Upload.in_hand(), now()
    if row is None or row.pk != row_id or row.state != State.UPLOADING:
        return
    with journal.one_commit():
        if failed is None:
            orders.move(row, State.UPLOADED, moment=moment)
            return
        if event := SECURITY_EVENTS.get(failed.code):
            services.security_event(event, str(failed))
        orders.failed(row, failed.code, str(failed), moment)
