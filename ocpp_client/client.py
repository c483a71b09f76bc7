"""The loop of one central system: the link, what is due, what is asked. Lives in the worker `links`.

The loop asks again and again what is due and sends the first of it; whatever matters is in the database, so that
a kill at any point loses nothing. Rows are touched in one thread, never in the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from django.db import DatabaseError, OperationalError, close_old_connections, connections

from charging import live, services
from charging.clock import now
from charging.domain.security import SecurityEvent
from ocpp_client import (
    configuration,
    conflicts,
    registering,
    resetting,
    security_events,
    signing,
    statuses,
    transactions,
)
from ocpp_client.addresses import Address
from ocpp_client.causes import Cause, Disconnect
from ocpp_client.certificates import store
from ocpp_client.connection import Connection
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.errors import CallFailed, CallRefused, LinkLost, Malformed
from ocpp_client.firmware import updating
from ocpp_client.incoming.answering import answer
from ocpp_client.models import CentralSystem
from ocpp_client.orders import place_of
from ocpp_client.outgoing import Outgoing
from ocpp_client.presentation import Presentation
from ocpp_client.rpc import Answer, Counters, Direction, Rpc, Send
from ocpp_client.trace import Trace
from ocpp_client.uploads import uploading
from ocpp_client.waiting import until_told

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5  # without a wake-up: a start by another process is told no later
TIDY_EVERY_S: Final = 1.0
PRESENTED_ANEW: Final = "The station connects anew, with the credentials that the central system has ordered."
FAILED_SENTENCE: Final = "The station's own program failed; its log says where."
UNUSABLE: Final = (DatabaseError, ValueError, LookupError, ArithmeticError)  # whatever a hostile answer may lead to


class NothingToSay(Exception):
    """What is due cannot be said: a mistake of our own, and no fault of the answer that was kept before."""


class _Woken(threading.Event):
    """Set by the thread that listens to Redis, heard by the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, heard: asyncio.Event) -> None:
        super().__init__()
        self._loop, self._heard = loop, heard

    def set(self) -> None:
        """Wake the loop; one that has ended sleeps on."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._heard.set)


class Client:
    """One central system as the row names it. `run()` returns when the row says something else."""

    def __init__(self, row: CentralSystem) -> None:
        self._row = row
        self._named = named_by(row)
        self._database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ocpp database")
        self._trace = Trace()
        self._counters = Counters()
        self._offences = security_events.Offences()
        self._ping_interval_s = 60.0
        self._outgoing = Outgoing(registration=registering.kept(row))
        self._presentation = Presentation()
        self._ways: list[Address] = []  # as the record had them last
        self._woken = asyncio.Event()
        self._ordered = asyncio.Event()  # something was asked: perhaps an update of firmware
        self._wanted = asyncio.Event()  # or a file
        self._restarted = asyncio.Event()  # or a reset
        self._signed = asyncio.Event()  # or a certificate of the station
        self._speaking: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None  # the answer to the message before
        self._kept = set[Cause]()  # ends since the last link that are in the row; the same one again is not written
        self._connection = Connection(
            self._addresses, self._opened, self._closed, ping_interval_s=lambda: self._ping_interval_s
        )

    async def run(self, stopping: threading.Event) -> None:
        """Keep the link until the row names another central system, or none, or until *stopping* is set."""
        await self._on_database(_begun)
        listener = live.Listener(live.CHANGED, _Woken(asyncio.get_running_loop(), self._woken))
        listener.start()
        linking = asyncio.create_task(self._connection.run())
        place = place_of(self._row)
        updating_firmware = asyncio.create_task(updating.carry_on(place, self._on_database, self._ordered))
        uploading_files = asyncio.create_task(uploading.carry_on(place, self._on_database, self._wanted))
        carrying_resets = asyncio.create_task(resetting.carry_on(self._on_database, self._restarted))
        signed = asyncio.create_task(signing.carry_on(self._on_database, self._signed, self._outgoing.triggers))
        working = {linking, updating_firmware, uploading_files, carrying_resets, signed}
        try:
            while await self._on_database(self._tidy) and not stopping.is_set():
                done, _going_on = await asyncio.wait(working, timeout=TIDY_EVERY_S)
                for ended in done:
                    ended.result()
        finally:
            listener.stop()
            working |= {self._keeping} if self._keeping else set()
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            await self._on_database(self._ended)
            self._database.shutdown()

    # --- the database's thread ------------------------------------------------------------------------

    async def _on_database(self, function: Callable[..., T], /, *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._database, partial(_healing, function, *arguments))

    def _tidy(self) -> bool:
        """Once a second: write the trace, renew the lease, read what may have changed; False: another row."""
        self._trace.write_when_due()
        self._settle()
        with contextlib.suppress(DatabaseError):
            self._ping_interval_s = float(configuration.integer("WebSocketPingInterval"))
            services.central_system_link(up=self._speaking is not None and self._outgoing.registration.accepted)
            return named_by(CentralSystem.objects.get(pk=1)) == self._named
        return True

    def _settle(self) -> None:
        """Keep the credentials that were let in. While the disk refuses, the next second tries it again."""
        with contextlib.suppress(DatabaseError):
            if row := self._presentation.settled():
                self._row, self._named = row, named_by(row)

    def _ended(self) -> None:
        self._trace.write()
        with contextlib.suppress(DatabaseError):
            self._outgoing.keep()
            services.central_system_link(up=False)
            CentralSystem.objects.filter(pk=1).update(connected_at=None)
        connections.close_all()

    def _silent(self, disconnect: Disconnect) -> None:
        """Nothing more is said over this link, and why it ended is in the row."""
        with contextlib.suppress(DatabaseError):
            self._outgoing.keep()
        _link_ended(disconnect)

    # --- the link ------------------------------------------------------------------------------------

    async def _addresses(self) -> list[Address]:
        try:
            self._ways = await self._on_database(self._presentation.addresses)
        except DatabaseError as error:
            log.warning("How to present the station cannot be read (%s): it does so as the last time.", error)
        return self._ways

    def _opened(self, send: Send, address: Address) -> Rpc:
        rpc = Rpc(send, self._answer, on_invalid=self._invalid, trace=self._seen, counters=self._counters)
        self._speaking = asyncio.create_task(self._speak(rpc, address))
        self._speaking.add_done_callback(self._fell_silent)
        self._kept.clear()
        self._presentation.opened()
        return rpc

    def _fell_silent(self, speaking: asyncio.Task[None]) -> None:
        """A link on which nobody speaks any more is worth nothing: a new one begins anew."""
        if not speaking.cancelled() and (error := speaking.exception()) is not None:
            log.error("What the station says to its central system failed", exc_info=error)
            self._connection.drop(FAILED_SENTENCE)

    def _closed(self, disconnect: Disconnect) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            self._speaking = None
        self._presentation.ended(disconnect.code)
        if disconnect.code not in self._kept:
            self._kept.add(disconnect.code)  # a central system that is away for weeks writes nothing to flash
            self._database.submit(_healing, self._silent, disconnect)

    async def _speak(self, rpc: Rpc, address: Address) -> None:
        """Send what is due, one message after the other, for as long as the link lasts."""
        await self._wait_for_the_disk()
        due = await self._keep_and_look(partial(_link_began, address.url), self._connection.anchor)
        while True:
            if self._outgoing.triggers.present_anew:
                self._outgoing.triggers.present_anew = False
                self._connection.drop(PRESENTED_ANEW)
                return
            if due is None:
                await until_told(self._woken, LOOK_EVERY_S)
                due = await self._on_database(self._look, self._heard())
                continue
            try:
                confirmed, following = await self._asked(rpc, due)
            except LinkLost:
                return
            except CallFailed as failed:
                await self._wait_for_the_disk()
                due = await self._keep_and_look(due.failed, _failure_of(failed))
                continue
            await self._wait_for_the_disk()
            if following is None:
                due = await self._confirmed(due, confirmed)
            else:  # the disk and the central system work at the same time
                self._keeping = asyncio.create_task(self._keep(due.confirmed, confirmed))
                due = following

    async def _asked(self, rpc: Rpc, due: Due) -> tuple[Payload, Due | None]:
        """The answer to *due*, and what may follow at once: it is made while the central system thinks."""
        self._outgoing.sent_s = now().mono_s
        asking = rpc.call(due.action, due.payload, due.within_s)
        if due.following is None:
            return await asking, None
        return await asyncio.gather(asking, self._on_database(self._follow, due, self._heard()))

    async def _confirmed(self, due: Due, confirmed: Payload) -> Due | None:
        """An answer that the record cannot take for what it says is a failure, and not asked for again at once."""
        try:
            return await self._keep_and_look(due.confirmed, confirmed)
        except UNUSABLE as error:
            log.exception("The answer to %s could not be used.", due.action)
            return await self._keep_and_look(due.failed, Failure("", f"The answer could not be used: {error}"))

    async def _wait_for_the_disk(self) -> None:
        """Wait until the answer before is kept."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            await keeping

    async def _keep(self, keep: Callable[[Any], T], outcome: Any) -> T:
        """Keep what came of something. While the disk refuses it waits: nobody is asked again."""
        while True:
            try:
                return await self._on_database(keep, outcome)
            except OperationalError as error:
                log.warning("What the central system said cannot be kept yet (%s).", error)
                await asyncio.sleep(LOOK_EVERY_S)

    def _heard(self) -> bool:
        """Whether anybody woke the loop since the last look; who does from now on is heard at the next one."""
        heard = self._woken.is_set()
        self._woken.clear()
        return heard

    async def _keep_and_look(self, keep: Callable[[Any], None], outcome: Any) -> Due | None:
        """Keep what came of something; what is due then. One visit to the database's thread does both."""
        return await self._keep(partial(self._visit, keep, self._heard()), outcome)

    def _visit(self, keep: Callable[[Any], None], woken: bool, outcome: Any) -> Due | None:
        keep(outcome)
        try:
            return self._look(woken)
        except UNUSABLE as error:
            raise NothingToSay from error

    def _look(self, woken: bool) -> Due | None:
        try:
            return self._outgoing.due(woken=woken)
        except DatabaseError as error:
            log.warning("What is due for the central system cannot be read (%s).", error)
            close_old_connections()
            return None

    def _follow(self, due: Due, woken: bool) -> Due | None:
        """None as well where it cannot be read: what is due then says so."""
        with contextlib.suppress(*UNUSABLE):
            return self._outgoing.following(due, woken=woken)
        return None

    # --- what is asked -------------------------------------------------------------------------------

    async def _answer(self, action: str, payload: Payload) -> Payload | Answer:
        answered = await answer(
            action,
            payload,
            registration=self._outgoing.registration,
            triggers=self._outgoing.triggers,
            on_database=self._on_database,
        )
        self._woken.set()
        self._ordered.set()
        self._wanted.set()
        self._restarted.set()
        if action == "ExtendedTriggerMessage":
            self._signed.set()
        return answered

    def _invalid(self, why: Malformed, text: str) -> None:
        self._trace.add(text, sent=False, problem=why.description)
        if event := self._offences.seen(why, now().mono_s):
            self._database.submit(_healing, _offended, event, why.description)

    def _seen(self, direction: Direction, text: str) -> None:
        self._trace.add(text, sent=direction is Direction.SENT)
        if direction is Direction.RECEIVED and self._presentation.heard():
            self._database.submit(_healing, self._settle)


def named_by(row: CentralSystem) -> tuple[object, ...]:
    """What a link is made of: another value needs another link."""
    place = (row.enabled, row.primary_url, row.secondary_url, row.charge_point_id)
    return (*place, row.authorization_key, row.security_profile)


def _healing(function: Callable[..., T], *arguments: Any) -> T:
    """Run in the database's thread; a connection that broke is opened anew the next time."""
    try:
        return function(*arguments)
    except DatabaseError:
        close_old_connections()
        raise


def _begun() -> None:
    services.central_system_configured(configured=True)
    services.central_system_link(up=False)
    transactions.begin(now())
    conflicts.begin()
    security_events.begin()


def _link_began(url: str, anchor: str) -> None:
    """A new connection tells every status again; history is not replayed (OCPP 1.6 section 4.9)."""
    statuses.forget()
    CentralSystem.objects.filter(pk=1).update(connected_at=now().at, registered_url=url, anchor=anchor)
    store.proved(anchor)
    live.changed()


def _link_ended(disconnect: Disconnect) -> None:
    with contextlib.suppress(DatabaseError):
        services.central_system_link(up=False)
        CentralSystem.objects.filter(pk=1).update(
            connected_at=None,
            disconnected_at=disconnect.at,
            disconnect_code=disconnect.code.value,
            disconnect_sentence=disconnect.sentence[:300],
        )
        if event := security_events.BY_CAUSE.get(disconnect.code):
            services.security_event(event, disconnect.sentence)
        live.changed()


def _offended(event: SecurityEvent, about: str) -> None:
    with contextlib.suppress(DatabaseError):
        services.security_event(event, about)


def _failure_of(failed: CallFailed) -> Failure:
    code = failed.code if isinstance(failed, CallRefused) else ""
    return Failure(code, str(failed))
