"""Carries the order in hand on, one step after another; beside the link, and whether or not there is one.

What to do next is read from the row each time, so that a kill at any point costs no more than the step it hit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from charging import journal, services
from charging.clock import Moment, now
from charging.domain.security import SecurityEvent
from ocpp_client.database_thread import OnDatabase, unless_away
from ocpp_client.firmware import files, holding, installing, orders, trust
from ocpp_client.firmware.orders import State
from ocpp_client.models import FirmwareUpdate
from ocpp_client.orders import IDLE_EVERY_S, LOOK_EVERY_S, put_off, while_wanted
from ocpp_client.transfers.asking import SECURITY_EVENTS, Servers, fetch, servers
from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.waiting import until_told

DOWNLOAD_WITHIN_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be fetched."""

    row_id: int
    location: str
    into: Path
    most_bytes: int
    servers: Servers


@dataclass(frozen=True, slots=True)
class Verification:
    """A signature to be checked: seconds of work for a large file, away from the thread of the database."""

    row_id: int
    path: Path
    certificate: str
    signature: str


Work = Download | Verification | None


async def carry_on(place: str, on_database: OnDatabase, woken: asyncio.Event) -> None:
    """For ever. *place* as ocpp_client.orders.place_of says it: what another central system ordered is given up."""
    await unless_away(on_database, orders.give_up_unless_of, place)
    while True:
        woken.clear()
        work, again_s = await unless_away(on_database, next_step, now()) or (None, LOOK_EVERY_S)
        if isinstance(work, Download):
            wanted, kept = partial(_is_wanted, work.row_id), partial(_downloaded, work)
            await while_wanted(_fetched(work), wanted, kept, on_database)
        elif isinstance(work, Verification):
            await _verify(work, on_database)
        else:
            await until_told(woken, again_s)


def next_step(moment: Moment) -> tuple[Work, float]:
    """Move the row as far as rows go; what is to be done outside of them, or after how many seconds to look again."""
    row = FirmwareUpdate.in_hand()
    if row is None:
        files.sweep(None)
        holding.release()
        return None, IDLE_EVERY_S
    before = row.state
    match row.state:
        case State.DOWNLOAD_SCHEDULED:
            _scheduled(row, moment)
        case State.DOWNLOADING:
            return _downloading(row, moment), LOOK_EVERY_S
        case State.DOWNLOADED if row.signed:
            return Verification(row.pk, files.file_of(row), row.signing_certificate, row.signature), LOOK_EVERY_S
        case State.DOWNLOADED | State.SIGNATURE_VERIFIED:
            installing.judged(row, moment)
        case State.INSTALL_SCHEDULED:
            installing.waited(row, moment)
        case State.INSTALLING:
            installing.installed(row, moment)
    return None, LOOK_EVERY_S if row.state == before else 0.0


def _scheduled(row: FirmwareUpdate, moment: Moment) -> None:
    """Without a clock nothing begins: a server or a technician tells the time first."""
    if moment.clock_known and row.retrieve_at <= moment.at:
        orders.move(row, State.DOWNLOADING, moment=moment)


def _downloading(row: FirmwareUpdate, moment: Moment) -> Work:
    if row.due_at is not None and row.due_at > moment.at:
        return None
    files.sweep(row)
    part = files.file_of(row).with_suffix(".part")
    return Download(row.pk, row.location, part, files.most_bytes(), servers())


async def _fetched(work: Download) -> TransferFailed | None:
    """Why it could not be fetched; nothing when the file is there."""
    if work.most_bytes <= 0:
        return TransferFailed(Why.NO_ROOM, "There is no room for it on the disk: free some.")
    try:
        await fetch(
            work.location,
            work.into,
            most_bytes=work.most_bytes,
            within_s=DOWNLOAD_WITHIN_S,
            servers=work.servers,
        )
    except TransferFailed as failed:
        return failed
    return None


def _is_wanted(row_id: int) -> bool:
    return FirmwareUpdate.objects.filter(pk=row_id, state=State.DOWNLOADING).exists()


def _downloaded(work: Download, failed: TransferFailed | None) -> None:
    row, moment = FirmwareUpdate.in_hand(), now()
    if row is None or row.pk != work.row_id or row.state != State.DOWNLOADING:
        return
    if why := _why_not(work, row, failed):
        _not_downloaded(row, why, moment)
    else:
        orders.move(row, State.DOWNLOADED, moment=moment)


def _why_not(work: Download, row: FirmwareUpdate, failed: TransferFailed | None) -> str:
    """As a sentence; nothing when the file is there for good."""
    if failed is not None:
        if event := SECURITY_EVENTS.get(failed.code):
            services.security_event(event, str(failed))
        return str(failed)
    try:
        files.keep(work.into, row)
    except OSError as error:
        return f"The file could not be kept: {error}."
    return ""


def _not_downloaded(row: FirmwareUpdate, why: str, moment: Moment) -> None:
    if not put_off(row, why, moment):
        orders.move(row, State.DOWNLOAD_FAILED, moment=moment, reason=why)


async def _verify(work: Verification, on_database: OnDatabase) -> None:
    await unless_away(on_database, _verified, work, await asyncio.to_thread(_wrong_with, work))


def _wrong_with(work: Verification) -> str:
    """What is wrong, as a sentence; nothing when the signature is right."""
    return trust.of_file(work.path, work.certificate, work.signature).wrong


def _verified(work: Verification, why: str) -> None:
    row = FirmwareUpdate.in_hand()
    if row is None or row.pk != work.row_id or row.state != State.DOWNLOADED:
        return
    with journal.one_commit():
        if why:
            services.security_event(SecurityEvent.INVALID_FIRMWARE_SIGNATURE, why)
        state = State.INVALID_SIGNATURE if why else State.SIGNATURE_VERIFIED
        orders.move(row, state, moment=now(), reason=why)
