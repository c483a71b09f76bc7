"""What the client knows over its own end, over that of the central system, and of the time before both."""

from __future__ import annotations

import pytest

from charging import services
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
