"""What the client knows over its own end, over that of the central system, and of the time before both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from charging import services
from ocpp_client import resetting
from ocpp_client.models import CentralSystem as Row
from tests.central_system import CentralSystem, Shut
from tests.charging.rows import AC, add_connectors
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served, client_of, registered

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
        services.stop(1, by="screen", who="touch")
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
