"""Secure firmware updates, security whitepaper, edition 3, L01."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from charging import services
from tests.central_system import CentralSystem, Refused
from tests.conftest import wait_until
from tests.ocpp_client.clients import registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.firmware_orders import (
    FAR,
    IMAGE,
    Boards,
    described,
    newest,
    order,
    shelf,
    signed_order,
    trusted,
)
from tests.ocpp_client.manufacturers import Manufacturer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

STATUS = "SignedFirmwareStatusNotification"
MAKER = Manufacturer()


@pytest.fixture(autouse=True)
def maker() -> Iterator[None]:
    with trusted(MAKER):
        yield


def told(central: CentralSystem) -> list[tuple[str, int]]:
    """The statuses so far, and of which request."""
    return [(frame.payload["status"], frame.payload["requestId"]) for frame in central.frames(STATUS)]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@case(
    "TC_080",
    file="ocpp_client/firmware/installing.py",
    before="services.security_event(SecurityEvent.FIRMWARE_UPDATED",
    after="print(SecurityEvent.FIRMWARE_UPDATED",
)
def test_signed_firmware_is_downloaded_verified_and_installed(central: CentralSystem, kind: str) -> None:
    """TC_080: one status of each state, all of the same request (L01.FR.01, FR.10)."""
    boards = Boards()
    with registered(central), shelf(file=IMAGE), boards.at_work():
        described()
        central.mark()
        assert central.call("SignedUpdateFirmware", signed_order(MAKER.signer(kind))) == {"status": "Accepted"}
        central.wait(STATUS, status="Installed")
        states = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
        assert told(central) == [(state, 7) for state in states]
        central.wait("SecurityEventNotification", type="FirmwareUpdated", techInfo="Board SN-1: 1.4.2 -> 2.0.1")
        assert [board.firmware for board in services.boards()] == ["2.0.1"]


@case(
    "TC_081",
    file="ocpp_client/firmware/updating.py",
    before="return trust.of_file(work.path, work.certificate, work.signature).wrong",
    after='return ""',
)
def test_firmware_with_another_signature_is_not_installed(central: CentralSystem) -> None:
    """TC_081."""
    with registered(central), shelf(file=IMAGE + b"\0"):
        described()
        central.mark()
        assert central.call("SignedUpdateFirmware", signed_order(MAKER.signer())) == {"status": "Accepted"}
        central.wait(STATUS, status="InvalidSignature")
        assert told(central) == [("Downloading", 7), ("Downloaded", 7), ("InvalidSignature", 7)]
        central.wait("SecurityEventNotification", type="InvalidFirmwareSignature")


def test_a_certificate_that_proves_nothing_is_answered_at_once(central: CentralSystem) -> None:
    """L01.FR.02, FR.23, FR.24: nothing is downloaded."""
    with registered(central), shelf(file=IMAGE) as attempts:
        described()
        answer = central.call("SignedUpdateFirmware", signed_order(Manufacturer("another").signer()))
        assert answer == {"status": "InvalidCertificate"}
        central.wait("SecurityEventNotification", type="InvalidFirmwareSigningCertificate")
        assert attempts == []


def test_n20_plain_firmware_is_refused_where_signed_firmware_is_possible(central: CentralSystem) -> None:
    """L01.FR.20."""
    with registered(central), shelf(file=IMAGE) as attempts:
        described()
        with pytest.raises(Refused) as refused:
            central.call("UpdateFirmware", order())
        assert refused.value.code == "NotSupported"
        assert attempts == []


def test_it_waits_until_nobody_charges_and_keeps_free_connectors_from_being_used(central: CentralSystem) -> None:
    """L01.FR.05 to FR.07."""
    boards = Boards()
    with registered(central, connectors=2) as station, shelf(file=IMAGE), boards.at_work():
        described()
        station.begin()
        central.call("SignedUpdateFirmware", signed_order(MAKER.signer()))
        central.wait(STATUS, status="InstallScheduled", requestId=7)
        station.tells("Unavailable", 2)
        station.finish()
        assert not central.frames(STATUS, status="Installing")
        station.leave(register_wh=1002)
        station.tells("Unavailable", 1)
        central.wait(STATUS, status="Installed", requestId=7)
        station.tells("Available", 1)
        station.tells("Available", 2)


def test_it_waits_for_its_time_and_another_order_takes_its_place(central: CentralSystem) -> None:
    """L01.FR.13, FR.16, FR.26: what is cancelled is told by the answer."""
    signer = MAKER.signer()
    with registered(central) as station, shelf(file=IMAGE):
        described()
        central.mark()
        later: dict[str, Any] = {"installDateTime": FAR}
        assert central.call("SignedUpdateFirmware", signed_order(signer, **later)) == {"status": "Accepted"}
        central.wait(STATUS, status="InstallScheduled", requestId=7)
        second = signed_order(signer, request_id=8, retrieveDateTime=FAR)
        assert central.call("SignedUpdateFirmware", second) == {"status": "AcceptedCanceled"}
        central.wait(STATUS, status="DownloadScheduled", requestId=8)
        assert newest().state == "DownloadScheduled"
        assert central.frames("StatusNotification") == []
        station.look(plugged=True)
        station.tells("Preparing")


def test_what_is_being_written_cannot_be_taken_back(central: CentralSystem) -> None:
    """L01.FR.27."""
    boards, signer = Boards(), MAKER.signer()
    with registered(central), shelf(file=IMAGE), boards.at_work():
        described()
        boards.held.clear()
        central.call("SignedUpdateFirmware", signed_order(signer))
        central.wait(STATUS, status="Installing")
        assert central.call("SignedUpdateFirmware", signed_order(signer, request_id=8)) == {"status": "Rejected"}
        boards.held.set()
        central.wait(STATUS, status="Installed", requestId=7)


def test_a_damaged_image_is_not_even_begun_with(central: CentralSystem) -> None:
    """InstallVerificationFailed: its maker has signed a file that is damaged."""
    damaged = IMAGE[:-1] + b"\0"
    with registered(central), shelf(file=damaged):
        described()
        central.mark()
        central.call("SignedUpdateFirmware", signed_order(MAKER.signer(), damaged))
        central.wait(STATUS, status="InstallVerificationFailed")
        assert "Installing" not in dict(told(central))


def test_every_state_is_told_once_however_long_nobody_could_be_told(central: CentralSystem) -> None:
    """L01.FR.01: the update goes on beside a link that is away."""
    boards = Boards()
    with registered(central), shelf(file=IMAGE), boards.at_work():
        described()
        boards.held.clear()
        central.mark()
        central.call("SignedUpdateFirmware", signed_order(MAKER.signer()))
        central.wait(STATUS, status="Installing")
        central.shut(503)
        central.cut()
        central.wait_disconnected()
        boards.held.set()
        wait_until(lambda: newest().state == "Installed")
        central.open()
        central.wait(STATUS, timeout_s=20.0, status="Installed")
        states = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
        assert list(dict.fromkeys(state for state, _request in told(central))) == states
