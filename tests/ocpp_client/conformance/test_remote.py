"""Starts and stops that the central system asks for, OCPP 1.6 sections 5.11 and 5.12."""

from __future__ import annotations

import pytest

from charging.models import Transaction
from tests.central_system import CentralSystem
from tests.charging.rows import connector
from tests.ocpp_client.clients import number_of_running, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
HERE = {"connectorId": 1, "idTag": "APP1"}


@case(
    "TC_010",
    file="ocpp_client/incoming/core.py",
    before='id_tag = payload["idTag"].upper()',
    after='id_tag = payload["idTag"].lower()',
)
def test_a_remote_start_after_the_plug(central: CentralSystem) -> None:
    """TC_010."""
    with registered(central) as station:
        station.look(plugged=True)
        station.tells("Preparing")
        assert central.call("RemoteStartTransaction", HERE) == ACCEPTED
        station.charge_now()
        central.wait("StartTransaction", connectorId=1, idTag="APP1")
        station.tells("Charging")


@case(
    "TC_011_1",
    file="charging/domain/status.py",
    before="return Status.AVAILABLE if c.idle else Status.PREPARING",
    after="return Status.AVAILABLE",
)
def test_a_remote_start_before_the_plug(central: CentralSystem) -> None:
    """TC_011_1."""
    with registered(central) as station:
        assert central.call("RemoteStartTransaction", HERE) == ACCEPTED
        station.tells("Preparing")
        station.charge_now()
        central.wait("StartTransaction", connectorId=1, idTag="APP1")
        station.tells("Charging")


@case(
    "TC_010",
    file="charging/domain/authorization.py",
    before="return next(iter([*waiting, *free]), None)",
    after="return next(iter([*free, *waiting]), None)",
)
def test_a_remote_start_without_a_connector_takes_the_plug_that_waits(central: CentralSystem) -> None:
    """TC_010."""
    with registered(central, connectors=2) as station:
        station.look(2, plugged=True)
        station.tells("Preparing", 2)
        assert central.call("RemoteStartTransaction", {"idTag": "APP1"}) == ACCEPTED
        station.charge_now(2)
        central.wait("StartTransaction", connectorId=2, idTag="APP1")


@case(
    "TC_010",
    file="charging/services/starting.py",
    before="if not station.authorize_remote_tx_requests:",
    after="if True:",
)
def test_a_remote_start_is_checked_where_the_key_says_so(central: CentralSystem) -> None:
    """TC_010: AuthorizeRemoteTxRequests."""
    central.card("APP1", "Blocked")
    with registered(central, authorize_remote_tx_requests=True) as station:
        station.look(plugged=True)
        assert central.call("RemoteStartTransaction", HERE) == ACCEPTED
        central.wait("Authorize", idTag="APP1")
        station.look(plugged=True)
        assert connector().authorization is None


@case(
    "TC_011_2",
    file="charging/domain/advance.py",
    before="if asked and asked.due_s <= now_s and not after.waits_for_turn:",
    after="if False:",
)
def test_a_remote_start_and_no_plug(central: CentralSystem) -> None:
    """TC_011_2."""
    with registered(central, connection_timeout_s=30) as station:
        assert central.call("RemoteStartTransaction", HERE) == ACCEPTED
        station.tells("Preparing")
        central.mark()
        station.later(30.5)
        station.look(plugged=False)
        station.tells("Available")
        assert not Transaction.objects.exists()


@case("TC_012", file="ocpp_client/incoming/core.py", before='reason="Remote"', after='reason="Local"')
def test_a_remote_stop(central: CentralSystem) -> None:
    """TC_012."""
    with registered(central) as station:
        station.begin()
        number = number_of_running()
        assert central.call("RemoteStopTransaction", {"transactionId": number}) == ACCEPTED
        station.open_contactor(register_wh=1001)
        central.wait("StopTransaction", transactionId=number, reason="Remote")
        station.tells("Finishing")


@pytest.mark.parametrize("state", ["charging", "out of service", "faulted"])
@case(
    "TC_026",
    file="ocpp_client/incoming/core.py",
    before="return status(ACCEPTED if answer.accepted else REJECTED)",
    after="return status(ACCEPTED)",
)
def test_a_remote_start_where_nobody_can_charge_is_rejected(central: CentralSystem, state: str) -> None:
    """TC_026."""
    with registered(central) as station:
        match state:
            case "charging":
                station.begin()
            case "out of service":
                asked = {"connectorId": 1, "type": "Inoperative"}
                assert central.call("ChangeAvailability", asked) == ACCEPTED
                station.tells("Unavailable")
            case _:
                station.look(plugged=False, faults=frozenset({"GroundFailure"}))
                station.tells("Faulted")
        central.mark()
        assert central.call("RemoteStartTransaction", HERE) == REJECTED
        assert central.frames("StartTransaction") == []


@case("TC_027", file="ocpp_client/incoming/core.py", before="number is not None and number < 1", after="False")
def test_connector_0_is_no_place_to_charge_at(central: CentralSystem) -> None:
    """TC_027."""
    with registered(central):
        assert central.call("RemoteStartTransaction", {"connectorId": 0, "idTag": "APP1"}) == REJECTED
        assert connector().authorization is None


@case(
    "TC_028",
    file="charging/services/transactions.py",
    before="filter(central_number=number, stopped_at__isnull=True)",
    after="filter(stopped_at__isnull=True)",
)
def test_a_transaction_that_does_not_run_cannot_be_stopped(central: CentralSystem) -> None:
    """TC_028."""
    with registered(central) as station:
        station.begin()
        unknown = (number_of_running() or 0) + 1
        assert central.call("RemoteStopTransaction", {"transactionId": unknown}) == REJECTED
        assert connector().stop is None
