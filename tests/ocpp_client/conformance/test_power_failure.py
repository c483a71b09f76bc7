"""Power failures: what was charging, and what was out of service (OCPP 1.6 sections 4.2, 4.10 and 5.2)."""

from __future__ import annotations

import pytest

from charging.models import Transaction
from tests.central_system import CentralSystem
from tests.charging.rows import connector
from tests.ocpp_client.clients import client_of, registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.parents import started_again

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


@case(
    "TC_032_1",
    file="charging/domain/advance.py",
    before="        return MAINS_LOST",
    after='        return ""',
)
def test_the_mains_are_lost_and_the_transaction_ends_before_the_station_goes_down(central: CentralSystem) -> None:
    """TC_032_1: the board sees it while a buffer still feeds the computer."""
    lost = frozenset({"PowerLoss"})
    with registered(central, resume_within_s=0) as station:
        station.begin()
        station.look(register_wh=1001, delivering=True, faults=lost)
        station.open_contactor(register_wh=1001, faults=lost)
        central.wait("StopTransaction", reason="PowerLoss", meterStop=1001)
    central.mark()
    with started_again(), client_of(central):
        central.wait("BootNotification")
        central.wait("StatusNotification", connectorId=1)
        assert central.frames("StopTransaction") == []


@case(
    "TC_032_2",
    file="charging/domain/returning.py",
    before='Stop(reason="PowerLoss", due_s',
    after='Stop(reason="Other", due_s',
)
def test_the_power_was_cut_and_the_transaction_ends_when_it_is_back(central: CentralSystem) -> None:
    """TC_032_2."""
    with registered(central, resume_within_s=0) as station:
        station.begin()
    central.mark()
    with started_again(), client_of(central):
        central.wait("BootNotification")
        station.look(register_wh=1001)
        station.open_contactor(register_wh=1001)
        central.wait("StopTransaction", reason="PowerLoss", meterStop=1001)
        station.tells("Finishing")
    assert len(central.ledger().transactions) == 1


def test_the_power_was_cut_and_the_transaction_goes_on(central: CentralSystem) -> None:
    """The other setting of TC_032_2."""
    with registered(central, resume_within_s=600) as station:
        station.begin()
    central.mark()
    with started_again(), client_of(central):
        central.wait("BootNotification")
        station.flow()
        station.tells("Charging")
        assert central.frames("StopTransaction") == []
        assert Transaction.objects.get().stopped_at is None


@case(
    "TC_034",
    file="charging/facts.py",
    before='frozenset({"number", "capability", "policy"})',
    after='frozenset({"number", "capability", "policy", "inoperative"})',
)
def test_a_connector_that_was_out_of_service_is_so_after_a_power_cut(central: CentralSystem) -> None:
    """TC_034."""
    with registered(central, connectors=2) as station:
        asked = {"connectorId": 1, "type": "Inoperative"}
        assert central.call("ChangeAvailability", asked) == {"status": "Accepted"}
        station.tells("Unavailable")
    central.mark()
    with started_again(), client_of(central):
        central.wait("BootNotification")
        station.tells("Unavailable")
        station.tells("Available", 2)
        assert not connector(1).becomes_inoperative
