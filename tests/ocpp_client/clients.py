"""The client of `links` in a thread of this process, against the strict central system, over connectors in rows."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from unittest.mock import patch

from django.conf import settings
from django.db import connections
from django.db.models import F

from charging import live, record, services
from charging.clock import Moment, now
from charging.domain.capability import Capability
from charging.domain.observation import Pilot
from charging.models import JournalEntry, PresentedCard, Transaction
from charging.sampling import Samples
from charging.services.cards import PRESENTED, SAME_CARD_WITHIN_S
from charging.services.central_link import link_is_up
from hardware.reading import reading_of
from ocpp_client.client import Client
from ocpp_client.models import CentralSystem as Row
from ocpp_client.rpc import Counters, Rpc
from tests.charging.rows import AC, Driven, add_connectors, connector
from tests.conftest import wait_until

TIDY_EVERY_S: Final = 0.1  # a test does not wait a second for its end
CARD = "04A2B3C4D5E6F7"
COLLEAGUE = "04FFEEDDCCBBAA"
SOCKET = Capability(has_lock=True)  # the station's lock holds the EV driver's own cable


class OtherEnd(Protocol):
    """What is needed here of whoever is at the other end: tests/central_system, or tests/ocpp_client/peer."""

    @property
    def url(self) -> str:
        """To which the station appends its identity."""
        ...

    @property
    def identity(self) -> str:
        """Of the station."""
        ...

    def call(self, action: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the station."""
        ...

    def wait(self, action: str, **fields: Any) -> Any:
        """The first such CALL of the station since the mark; it has a `payload`."""
        ...

    def wait_connected(self, timeout_s: float) -> None:
        """Until there is a link."""
        ...

    def shut(self, how: int, /) -> None:
        """Let nobody in any more."""
        ...

    def open(self) -> None:
        """Let the station in again."""
        ...

    def cut(self) -> None:
        """End the link."""
        ...


class Served(Driven):
    """Connectors whose frames the test gives, on the computer's own clock, while the client is at work beside.

    `later` lets the connectors' clock run ahead, so that nobody waits for a deadline.
    """

    def __init__(self, central: OtherEnd, *numbers: int) -> None:
        super().__init__(*numbers, mono_s=time.monotonic())
        self.central = central
        self._ahead_s = 0.0
        self._samples = Samples()

    def moment(self) -> Moment:
        """Now, and what `later` has added."""
        ahead = timedelta(seconds=self.now_s - time.monotonic())
        return Moment(self.now_s, datetime.now(UTC) + ahead, settings.BOOT_ID)

    def later(self, seconds: float) -> None:
        """So much time has passed for the connectors: what was due meanwhile is judged by the station's turn."""
        self._ahead_s += seconds
        self._catch_up()
        services.station_turn(self.moment(), {})

    def _catch_up(self) -> None:
        self.now_s = max(time.monotonic() + self._ahead_s, self.now_s)

    def look(self, number: int = 1, *, register_wh: int = 1000, **more: object) -> None:
        """One turn now."""
        self._catch_up()
        self.see(number, passed_s=0.0, register_wh=register_wh, **more)

    def flow(self, number: int = 1, *, register_wh: int = 1000, **more: object) -> None:
        """One turn in which energy flows."""
        self.look(number, register_wh=register_wh, ev_ready=True, delivering=True, pilot=Pilot.C, **more)

    def leave(self, number: int = 1, *, register_wh: int = 1000, **more: object) -> None:
        """The plug is out: two frames say so, and what runs ends with the next ones."""
        for _ in range(4):
            self.look(number, plugged=False, register_wh=register_wh, **more)

    def charge_now(self, number: int = 1, *, register_wh: int = 1000, **more: object) -> None:
        """A vehicle whose driver is authorized is plugged in and charges."""
        self.look(number, register_wh=register_wh, **more)
        self.look(number, register_wh=register_wh, **more)
        wait_until(lambda: connector(number).transaction is not None)
        self.flow(number, register_wh=register_wh, **more)

    def open_contactor(self, number: int = 1, *, register_wh: int = 1001, **more: object) -> None:
        """The board has obeyed a wanted stop."""
        wait_until(lambda: connector(number).stop is not None)
        self.look(number, register_wh=register_wh, delivering=True, pilot=Pilot.C, **more)
        self.look(number, register_wh=register_wh, **more)

    def measure(self) -> int:
        """What the polling thread keeps beside its turns: samples of the last frames. How many were of the curve."""
        self.tell_readings()
        frames = {number: seen for number, (seen, _at_s) in self.frames.items()}
        return self._samples.take(frames, record.connectors(), self.moment())

    def locks(self, number: int = 1) -> bool:
        """Whether the last turn wanted the lock closed."""
        return self.outputs[number].lock

    def tell_readings(self) -> None:
        """The last frames as live readings."""
        live.put_readings("test", {number: reading_of(seen) for number, (seen, _at_s) in self.frames.items()})

    # --- what people do ------------------------------------------------------------------------------

    def tap(self, id_tag: str = CARD, *, ends: str = "used") -> PresentedCard:
        """Hold a card to the reader, a while after the last one, and wait for how its tap *ends*."""
        JournalEntry.objects.filter(kind=PRESENTED).update(mono_s=F("mono_s") - SAME_CARD_WITHIN_S)
        services.card_presented(id_tag)
        wait_until(lambda: last_tap().state == ends)
        return last_tap()

    def begin(self, id_tag: str = CARD, number: int = 1, *, register_wh: int = 1000, **more: object) -> Any:
        """Plug in, tap, charge; the StartTransaction as it was confirmed."""
        self.look(number, plugged=True, register_wh=register_wh, **more)
        self.tap(id_tag)
        self.charge_now(number, register_wh=register_wh, **more)
        return self.started(number)

    def started(self, number: int = 1) -> Any:
        """The StartTransaction of what runs here, once it is confirmed."""
        frame = self.central.wait("StartTransaction", connectorId=number)
        wait_until(lambda: number_of_running(number) is not None)
        return frame

    def finish(self, number: int = 1, *, register_wh: int = 1002) -> Any:
        """Stop at the screen; the StopTransaction."""
        services.stop(number, by="technician", who="touch")
        self.open_contactor(number, register_wh=register_wh)
        return self.central.wait("StopTransaction", meterStop=register_wh)

    def tells(self, status: str, number: int = 1, **fields: Any) -> Any:
        """The StatusNotification that says so."""
        return self.central.wait("StatusNotification", connectorId=number, status=status, **fields)


def of_context(context: str) -> Callable[[Any], bool]:
    """Judges the meterValue of a MeterValues: whether it was taken for this reason."""
    return lambda told: told[0]["sampledValue"][0]["context"] == context


def last_tap() -> PresentedCard:
    """The newest."""
    tap = PresentedCard.objects.order_by("-pk").first()
    assert tap is not None
    return tap


def number_of_running(connector_number: int = 1) -> int | None:
    """transactionId of what runs there; None: nothing, or it was not confirmed yet."""
    running = Transaction.objects.filter(connector=connector_number, stopped_at__isnull=True)
    return running.values_list("central_number", flat=True).first()


def set_station(**columns: object) -> None:
    """Settings of the station's row, as the console or ChangeConfiguration leaves them."""
    services.change_settings("test", **columns)


@contextmanager
def client_of(central: OtherEnd) -> Iterator[None]:
    """The loop as the worker runs it, until the end of the block. A frame that breaks its schema is an error."""
    row, _created = Row.objects.update_or_create(
        pk=1, defaults={"enabled": True, "primary_url": central.url, "charge_point_id": central.identity}
    )
    stopping, failed = threading.Event(), list[BaseException]()
    counters = Counters()

    def work() -> None:
        try:
            asyncio.run(Client(row).run(stopping))
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, name="client", daemon=True)
    strict = patch("ocpp_client.client.Rpc", partial(Rpc, strict=True))
    counted = patch("ocpp_client.client.Counters", lambda: counters)
    with strict, counted, patch("ocpp_client.client.TIDY_EVERY_S", TIDY_EVERY_S):
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join(10.0)
    assert not thread.is_alive()
    assert not failed
    assert counters.own_invalid == 0


def link_is_up_now() -> bool:
    """Whether the rules would ask the central system."""
    return link_is_up(record.station_row(), now())


@contextmanager
def offline(central: OtherEnd) -> Iterator[None]:
    """Nobody is at the other end; at the end of the block there is again, and the station has come back."""
    central.shut(503)
    central.cut()
    wait_until(lambda: not link_is_up_now())
    yield
    central.open()
    central.wait_connected(20.0)
    wait_until(link_is_up_now)


@contextmanager
def registered(
    central: OtherEnd,
    *,
    mode: str = "central_system",
    connectors: int = 1,
    capability: Capability = AC,
    **columns: Any,
) -> Iterator[Served]:
    """A station of connectors that has registered and told its statuses; *columns* of the station's row."""
    settings_of_tests = {"authorization_mode": mode, "site_limit_w": 1_000_000, "sample_interval_s": 0}
    numbers = add_connectors(*[capability] * connectors, **(settings_of_tests | columns))
    served = Served(central, *numbers)
    served.tell_readings()
    for number in numbers:
        served.look(number, plugged=False, locked=False if capability.has_lock else None)
    with client_of(central):
        for number in (0, *numbers):
            central.wait("StatusNotification", connectorId=number, status="Available")
        wait_until(link_is_up_now)
        yield served
