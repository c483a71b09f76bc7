"""Firmware updates, OCPP 1.6 sections 4.5 and 5.19."""

from __future__ import annotations

import pytest

from charging import services
from ocpp_client.models import CentralSystem as Row
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.clients import registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.firmware_orders import IMAGE, Boards, described, newest, order, shelf
from tests.ocpp_client.transfers.servers import HERE, http_server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def statuses(central: CentralSystem) -> list[str]:
    """What was told of the update so far."""
    return [frame.payload["status"] for frame in central.frames("FirmwareStatusNotification")]


@case(
    "TC_044_1",
    file="ocpp_client/firmware/installing.py",
    before="orders.move(row, State.INSTALLED, moment=moment)",
    after="return",
)
def test_firmware_is_downloaded_and_installed(central: CentralSystem) -> None:
    """TC_044_1: the connectors whose board gets it are out of service meanwhile; another version is read back."""
    boards = Boards()
    with registered(central, connectors=2) as station, shelf(file=IMAGE), boards.at_work():
        described(1)
        boards.held.clear()
        central.mark()
        assert central.call("UpdateFirmware", order()) == {}
        central.wait("FirmwareStatusNotification", status="Installing")
        station.tells("Unavailable", 1)
        boards.held.set()
        central.wait("FirmwareStatusNotification", status="Installed")
        station.tells("Available", 1)
        assert statuses(central) == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert central.frames("StatusNotification", connectorId=2) == []
        assert [board.firmware for board in services.boards()] == ["2.0.1"]


@case(
    "TC_044_2",
    file="ocpp_client/firmware/updating.py",
    before="orders.move(row, State.DOWNLOAD_FAILED, moment=moment, reason=why)",
    after="pass",
)
def test_a_download_that_fails_is_tried_as_often_as_asked_and_told_once(central: CentralSystem) -> None:
    """TC_044_2."""
    with registered(central), shelf(first="There is no such file.") as attempts:
        described()
        central.mark()
        central.call("UpdateFirmware", order(retries=2, retryInterval=0))
        central.wait("FirmwareStatusNotification", status="DownloadFailed")
        assert statuses(central) == ["Downloading", "DownloadFailed"]
        assert len(attempts) == 2
        assert newest().reason == "There is no such file."


@case(
    "TC_044_3",
    file="ocpp_client/firmware/installing.py",
    before="orders.move(row, State.INSTALLATION_FAILED, moment=moment, reason=reason)",
    after="return",
)
def test_firmware_that_the_board_does_not_keep_is_not_installed(central: CentralSystem) -> None:
    """TC_044_3."""
    boards = Boards(broken={1: "unit 1 did not keep the firmware (error 3): it runs 1.4.2"})
    with registered(central) as station, shelf(file=IMAGE), boards.at_work():
        described()
        central.mark()
        central.call("UpdateFirmware", order())
        central.wait("FirmwareStatusNotification", status="InstallationFailed")
        station.tells("Available", 1)
        assert statuses(central) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
        assert newest().reason == "Board SN-1: unit 1 did not keep the firmware (error 3): it runs 1.4.2"


def test_the_status_is_told_again_when_it_is_triggered(central: CentralSystem) -> None:
    """Section 4.5: Idle only then, and only when nothing is under way."""
    boards = Boards()
    trigger = {"requestedMessage": "FirmwareStatusNotification"}
    with registered(central), shelf(file=IMAGE), boards.at_work():
        described()
        assert central.call("TriggerMessage", trigger) == {"status": "Accepted"}
        central.wait("FirmwareStatusNotification", status="Idle")
        boards.held.clear()
        central.call("UpdateFirmware", order())
        central.wait("FirmwareStatusNotification", status="Installing")
        wait_until(lambda: newest().told == "Installing")
        central.mark()
        central.call("TriggerMessage", trigger)
        central.wait("FirmwareStatusNotification", status="Installing")
        boards.held.set()
        central.wait("FirmwareStatusNotification", status="Installed")
        central.mark()
        central.call("TriggerMessage", trigger)
        central.wait("FirmwareStatusNotification", status="Idle")


def test_firmware_comes_over_a_real_server(central: CentralSystem) -> None:
    """Section 8.1: from the order to the board, with a cut on the way."""
    boards = Boards()
    with registered(central), http_server(files={"/image.bin": IMAGE}, cut_after=700) as server, boards.at_work():
        described()
        Row.objects.update(file_networks=HERE)
        server.headers["ETag"] = '"1"'
        central.mark()
        central.call("UpdateFirmware", order(location=server.url("/image.bin"), retries=5, retryInterval=1))
        wait_until(lambda: server.asked, 30.0)
        server.cut_after = None
        central.wait("FirmwareStatusNotification", status="Installed", timeout_s=60.0)
        assert statuses(central) == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert [board.firmware for board in services.boards()] == ["2.0.1"]
