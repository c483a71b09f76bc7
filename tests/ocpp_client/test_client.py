"""What the client knows over its own end, over that of the central system, and of the time before both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from charging import journal, services
from ocpp_client import resetting
from ocpp_client.models import CentralSystem as Row
from ocpp_client.owed import anything_owed
from tests.central_system import CentralSystem, Shut
from tests.charging.rows import AC, add_connectors
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served, client_of, offline, registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def test_a_worker_that_comes_back_tells_statuses_and_does_not_boot_again(central: CentralSystem) -> None:
    with registered(central):
        pass
    central.mark()
    with client_of(central):
        central.wait("StatusNotification", connectorId=1)
        central.quiet("BootNotification", for_s=0.2)


def test_what_began_before_the_central_system_came_is_not_told(central: CentralSystem) -> None:
    numbers = add_connectors(AC, authorization_mode="none", site_limit_w=1_000_000, sample_interval_s=0)
    station = Served(central, *numbers)
    station.look(plugged=True)
    services.start(1, by="screen", who="touch")
    station.charge_now()
    with client_of(central):
        central.wait("StatusNotification", connectorId=1, status="Charging")
        services.stop(1, by="technician", who="touch")
        station.open_contactor()
        central.wait("StatusNotification", connectorId=1, status="Finishing")
        services.start(1, by="screen", who="touch")
        station.charge_now(register_wh=1001)
        central.wait("StartTransaction", meterStart=1001)
    assert len(central.ledger().transactions) == 1


def test_a_central_system_that_is_away_is_written_once(central: CentralSystem) -> None:
    add_connectors(AC, authorization_mode="card")
    central.shut(Shut.REFUSED)
    with client_of(central):
        wait_until(lambda: Row.objects.get().disconnect_code == "refused")
        first = Row.objects.get().disconnected_at
        central.open()
        central.wait("BootNotification")
        wait_until(lambda: Row.objects.get().connected_at is not None)
        assert Row.objects.get().disconnected_at == first


@contextmanager
def values_are_owed(central: CentralSystem, *registers_wh: int, keeping: Callable[[str, int], None]) -> Iterator[None]:
    """MeterValues of a transaction that runs are told after an outage; *keeping* moves the journal's cursor then."""
    with registered(central, sample_interval_s=60) as station, ExitStack() as patched:
        station.begin()
        station.measure()  # the first of them one interval later
        wait_until(lambda: not anything_owed())
        central.mark()
        central.delay("MeterValues", 0.5)  # the link is told of before the first of them is kept
        with offline(central):
            for register_wh in registers_wh:
                station.later(60.0)
                station.flow(register_wh=register_wh)
                station.measure()
            patched.enter_context(patch("ocpp_client.transactions.journal.read_up_to", keeping))
            patched.enter_context(patch.multiple("ocpp_client.outgoing", LIVE_EVERY_S=60.0, UNTOLD_EVERY_S=60.0))
        yield


def values_told(central: CentralSystem) -> list[str]:
    """The registers, in Wh, of the MeterValues since the mark."""
    return [register_of(frame.payload["meterValue"]) for frame in central.frames("MeterValues")]


def register_of(meter_value: Any) -> str:
    """Its first sampled value."""
    return str(meter_value[0]["sampledValue"][0]["value"])


def test_the_next_values_are_told_while_the_disk_still_keeps_the_answer_before(central: CentralSystem) -> None:
    slow, kept = threading.Event(), journal.read_up_to

    def read_up_to(reader: str, entry_id: int) -> None:
        assert slow.wait(10.0)
        kept(reader, entry_id)

    with values_are_owed(central, 1001, 1002, 1003, keeping=read_up_to):
        wait_until(lambda: values_told(central) == ["1001", "1002"])
        central.quiet("MeterValues", for_s=0.2, meterValue=lambda told: register_of(told) == "1003")
        slow.set()
        wait_until(lambda: values_told(central) == ["1001", "1002", "1003"])
        wait_until(lambda: not anything_owed())


def test_what_the_disk_could_not_keep_before_the_link_was_cut_is_kept_and_not_told_again(
    central: CentralSystem,
) -> None:
    refusals, kept = iter((central.cut, int, int)), journal.read_up_to

    def read_up_to(reader: str, entry_id: int) -> None:
        if refused := next(refusals, None):
            refused()
            raise OperationalError("database or disk is full")
        kept(reader, entry_id)

    with values_are_owed(central, 1001, 1002, 1003, keeping=read_up_to):
        wait_until(lambda: not anything_owed())
        assert list(dict.fromkeys(values_told(central))) == ["1001", "1002", "1003"]
        assert values_told(central).count("1001") == 1


async def a_turn() -> None:
    """Until everything that is due in the loop has had its turn."""
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn


async def test_a_loop_that_is_woken_and_ended_at_the_same_moment_ends() -> None:
    async def nothing_to_do(_function: Callable[..., Any], *_arguments: Any) -> Any:
        return None

    woken = asyncio.Event()
    loop = asyncio.create_task(resetting.carry_on(nothing_to_do, woken))
    for _turn in range(5):
        await a_turn()  # until it waits
    woken.set()
    await a_turn()  # what it waits for is there, and it has not been told yet
    loop.cancel()
    await asyncio.wait({loop}, timeout=10)
    assert loop.cancelled()
