"""What the station's own codes of faults mean: told once to a central system that wants them, and whenever it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.conf import settings

from charging.domain.faults import FAULTS
from ocpp_client import central_system
from ocpp_client.models import CentralSystem as Row
from ocpp_client.statuses import OWN
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served, registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED: Final = {"status": "Accepted"}
LATCHED: Final = {name for name, fault in FAULTS.items() if fault.latched}


@pytest.fixture
def station(central: CentralSystem) -> Iterator[Served]:
    with registered(central) as served:
        yield served


def wants_our_codes() -> None:
    central_system.change("anna", fault_codes=Row.FaultCodes.OWN)


def kept() -> bool:
    return Row.objects.get().catalogue_told == f"{settings.SOFTWARE_VERSION} {Row.objects.get().registered_url}"


def meanings(text: str) -> dict[str, dict[str, Any]]:
    return {fault["vendorErrorCode"]: fault for fault in json.loads(text)["faults"]}


@pytest.mark.usefixtures("station")
def test_every_code_is_explained_before_the_first_fault(central: CentralSystem) -> None:
    central.answer("DataTransfer", ACCEPTED)
    wants_our_codes()
    payload = central.wait("DataTransfer").payload
    assert (payload["vendorId"], payload["messageId"]) == (OWN, "FaultCatalogue")
    told = meanings(payload["data"])
    assert told.keys() == FAULTS.keys()
    assert {name for name, fault in told.items() if fault["staysUntilAcknowledged"]} == LATCHED
    assert told["GroundFailure"] == {
        "vendorErrorCode": "GroundFailure",
        "errorCode": "GroundFailure",
        "mrec": "CX002",
        "stopsCharging": True,
        "staysUntilAcknowledged": False,
        "sentence": "Residual current",
        "check": told["GroundFailure"]["check"],
    }
    assert all(fault["sentence"] and fault["check"] for fault in told.values())


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize("status", ["Accepted", "Rejected", "UnknownVendorId", "UnknownMessageId"])
def test_it_is_told_once_whatever_the_answer_is(central: CentralSystem, status: str) -> None:
    central.answer("DataTransfer", {"status": status})
    wants_our_codes()
    central.wait("DataTransfer")
    wait_until(kept)
    central.mark()
    central.cut()
    central.wait("StatusNotification", connectorId=1)
    central.quiet("DataTransfer", 0.8)


@pytest.mark.usefixtures("station")
def test_it_is_told_once_where_it_is_refused(central: CentralSystem) -> None:
    central.refuse("DataTransfer", "NotSupported")
    wants_our_codes()
    central.wait("DataTransfer")
    wait_until(kept)
    central.mark()
    central.quiet("DataTransfer", 0.8)


def test_one_that_was_lost_on_its_way_is_told_again(central: CentralSystem, station: Served) -> None:
    central.cut_before("DataTransfer")
    wants_our_codes()
    central.wait("DataTransfer")
    wait_until(kept)
    central.mark()
    station.look(plugged=True)
    station.tells("Preparing")


@pytest.mark.usefixtures("station")
def test_other_software_tells_it_anew(central: CentralSystem) -> None:
    wants_our_codes()
    central.wait("DataTransfer")
    wait_until(kept)
    central.mark()
    Row.objects.update(catalogue_told="1.0 ws://elsewhere")
    central.wait("DataTransfer")


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize("scheme", [Row.FaultCodes.MREC, Row.FaultCodes.NONE])
def test_who_wants_other_codes_is_told_nothing(central: CentralSystem, scheme: str) -> None:
    central_system.change("anna", fault_codes=scheme)
    central.quiet("DataTransfer", 0.8)


@pytest.mark.usefixtures("station")
def test_it_is_told_in_russian_to_who_asks_for_that(central: CentralSystem) -> None:
    asked = {"vendorId": OWN, "messageId": "FaultCatalogue"}
    english = central.call("DataTransfer", asked)
    russian = central.call("DataTransfer", {**asked, "data": json.dumps({"language": "ru"})})
    other = central.call("DataTransfer", {**asked, "data": json.dumps({"language": "xx"})})
    assert meanings(english["data"])["GroundFailure"]["sentence"] == "Residual current"
    assert meanings(russian["data"])["GroundFailure"]["sentence"] == "Ток утечки"
    assert other["status"] == "Rejected"
