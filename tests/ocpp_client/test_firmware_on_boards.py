"""An order of the central system reaches real boards: the simulator's, over its serial line."""

from __future__ import annotations

import pytest

from charging.models import Wish
from tests.central_system import CentralSystem
from tests.hardware.cabinets import Cabinet
from tests.hardware.cabinets import cabinet as cabinet  # noqa: PLC0414 - a fixture
from tests.ocpp_client.clients import client_of
from tests.ocpp_client.firmware_orders import IMAGE, newest, order, shelf

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def test_every_board_that_an_image_is_for_runs_it_in_the_end(central: CentralSystem, cabinet: Cabinet) -> None:
    """What they run is the simulator's own word; a car that is plugged in at one of them is waited for."""
    cabinet.polled()
    cabinet.bench("/plugin?connector_id=2")
    with client_of(central), shelf(file=IMAGE):
        cabinet.until(lambda: central.frames("StatusNotification", connectorId=2, status="Preparing"))
        assert central.call("UpdateFirmware", order()) == {}
        cabinet.until(lambda: central.frames("StatusNotification", connectorId=1, status="Unavailable"))
        assert newest().state == "InstallScheduled"
        assert not Wish.objects.exists()
        cabinet.bench("/plugout?connector_id=2")
        cabinet.until(lambda: central.frames("FirmwareStatusNotification", status="Installed"), 60.0)
        told = [frame.payload["status"] for frame in central.frames("FirmwareStatusNotification")]
        cabinet.until(lambda: central.frames("StatusNotification", connectorId=2, status="Available"))
    assert told == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert [cabinet.truth(number)["controller"]["firmware"] for number in (1, 2)] == ["2.0.1", "2.0.1"]
    assert not central.frames("StatusNotification", status="Faulted")
