"""Regular charging sessions: who begins and who ends them (OCPP 1.6 sections 3.4, 4.1, 4.8 and 4.10)."""

from __future__ import annotations

from typing import Any

import pytest

from charging.models import Transaction
from tests.central_system import CentralSystem
from tests.charging.rows import connector
from tests.conftest import wait_until
from tests.ocpp_client.clients import CARD, COLLEAGUE, SOCKET, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


@case(
    "TC_003",
    file="ocpp_client/transaction_messages.py",
    before='"meterStart": row.meter_start_wh,',
    after='"meterStart": 0,',
)
def test_plug_first_then_a_card(central: CentralSystem) -> None:
    """TC_003: plug, card, energy, stop at the screen; the registers of the board are those of the ledger."""
    with registered(central) as station:
        station.look(plugged=True)
        station.tells("Preparing")
        station.tap()
        central.wait("Authorize", idTag=CARD)
        station.charge_now(register_wh=1000)
        central.wait("StartTransaction", connectorId=1, idTag=CARD, meterStart=1000)
        station.tells("Charging")
        station.started()
        stop = station.finish(register_wh=1002)
        assert "idTag" not in stop.payload  # nobody's card stopped it
        [told] = central.ledger().transactions
        assert (told.energy_wh, told.reason) == (2, "Local")
        station.tells("Finishing")
        central.mark()
        station.leave(register_wh=1002)
        station.tells("Available")


@case("TC_004_1", file="charging/domain/status.py", before="if c.delivering:", after="if False:")
def test_a_card_first_then_the_plug(central: CentralSystem) -> None:
    """TC_004_1."""
    with registered(central) as station:
        station.tap()
        central.wait("Authorize", idTag=CARD)
        station.tells("Preparing")
        station.charge_now()
        central.wait("StartTransaction", connectorId=1, idTag=CARD)
        station.tells("Charging")


@case(
    "TC_004_1",
    file="charging/services/placing.py",
    before="if not any(c.number == starts and c.plugged for c in connectors):",
    after="if True:",
)
def test_a_card_first_then_one_of_two_plugs(central: CentralSystem) -> None:
    """TC_004_1: which connector is meant, the plug says."""
    with registered(central, connectors=2) as station:
        station.tap(ends="accepted")
        station.look(2)
        station.look(2)
        station.later(0.0)
        station.charge_now(2)
        central.wait("StartTransaction", connectorId=2, idTag=CARD)
        station.tells("Charging", 2)


@case(
    "TC_004_2",
    file="charging/domain/advance.py",
    before="due_s=event.now_s + c.policy.connection_timeout_s,",
    after="due_s=event.now_s + 600.0,",
)
def test_a_card_first_and_no_plug(central: CentralSystem) -> None:
    """TC_004_2: ConnectionTimeOut."""
    with registered(central, connection_timeout_s=30) as station:
        station.tap()
        station.tells("Preparing")
        central.mark()
        station.later(29.0)
        station.look(plugged=False)
        assert connector().authorization is not None
        station.later(1.5)
        station.look(plugged=False)
        station.tells("Available")
        station.look(plugged=True)
        station.look(plugged=True)
        assert central.frames("StartTransaction") == []
        assert not Transaction.objects.exists()


@case(
    "TC_068",
    file="charging/domain/authorization.py",
    before="return place.stops in mine or (place.refusal is Refusal.CHOOSE_CONNECTOR and len(mine) > 1)",
    after="return False",
)
def test_the_card_that_began_ends(central: CentralSystem) -> None:
    """TC_068: nobody is asked about it a second time (section 3.4)."""
    with registered(central) as station:
        start = station.begin()
        central.mark()
        station.tap()
        station.open_contactor(register_wh=1001)
        stop = central.wait("StopTransaction", idTag=CARD, reason="Local")
        assert start.payload["idTag"] == stop.payload["idTag"]
        assert central.frames("Authorize") == []


@case(
    "TC_069",
    file="charging/domain/stopping.py",
    before="parent_id_tag=event.parent_id_tag or c.transaction.parent_id_tag",
    after='parent_id_tag=""',
)
def test_a_card_of_the_same_group_ends(central: CentralSystem) -> None:
    """TC_069: the card that stops is named in StopTransaction."""
    central.card(CARD, "Accepted", parent="FLEET")
    central.card(COLLEAGUE, "Accepted", parent="FLEET")
    with registered(central) as station:
        station.begin()
        station.tap(COLLEAGUE)
        station.open_contactor(register_wh=1001)
        central.wait("StopTransaction", idTag=COLLEAGUE, reason="Local")


@case(
    "TC_069",
    file="charging/domain/authorization.py",
    before="bool(parent and transaction_parent.upper() == parent.upper())",
    after="bool(parent)",
)
def test_a_card_of_another_group_ends_nothing(central: CentralSystem) -> None:
    """TC_069."""
    central.card(CARD, "Accepted", parent="FLEET")
    central.card(COLLEAGUE, "Accepted", parent="OTHERS")
    with registered(central) as station:
        station.begin()
        station.tap(COLLEAGUE, ends="refused")
        station.flow(register_wh=1001)
        assert connector().stop is None


@case(
    "TC_005_1",
    file="charging/domain/stopping.py",
    before='unplugged = reason == "EVDisconnected" and not c.policy.unlock_on_ev_side_disconnect',
    after='unplugged = reason == "EVDisconnected"',
)
def test_a_vehicle_that_was_unplugged_ends_and_its_cable_is_let_go(central: CentralSystem) -> None:
    """TC_005_1."""
    with registered(central, capability=SOCKET) as station:
        station.begin(locked=True)
        central.mark()
        station.leave(locked=True, register_wh=1001)
        central.wait("StopTransaction", reason="EVDisconnected", meterStop=1001)
        assert not station.locks()
        station.look(plugged=False, locked=False, register_wh=1001)
        station.tells("Available")


@case(
    "TC_005_2",
    file="charging/domain/stopping.py",
    before='unplugged = reason == "EVDisconnected" and not c.policy.unlock_on_ev_side_disconnect',
    after="unplugged = False",
)
def test_a_vehicle_that_was_unplugged_ends_and_its_cable_waits_for_the_card(central: CentralSystem) -> None:
    """TC_005_2."""
    with registered(central, capability=SOCKET, unlock_connector_on_ev_side_disconnect=False) as station:
        station.begin(locked=True)
        station.leave(locked=True, register_wh=1001)
        central.wait("StopTransaction", reason="EVDisconnected", meterStop=1001)
        station.tells("Finishing")
        assert station.locks()
        central.mark()
        station.tap()
        station.look(plugged=False, locked=True, register_wh=1001)
        assert not station.locks()
        station.look(plugged=False, locked=False, register_wh=1001)
        station.tells("Available")


@case(
    "TC_005_3",
    file="charging/domain/advance.py",
    before="if not c.plugged and (c.policy.stop_on_ev_side_disconnect or not c.capability.can_resume):",
    after="if not c.plugged:",
)
def test_a_vehicle_that_was_unplugged_may_come_back(central: CentralSystem) -> None:
    """TC_005_3: suspended until the plug is back, then the same transaction goes on."""
    keys: dict[str, Any] = {
        "stop_transaction_on_ev_side_disconnect": False,
        "unlock_connector_on_ev_side_disconnect": False,
    }
    with registered(central, capability=SOCKET, **keys) as station:
        station.begin(locked=True)
        central.mark()
        station.leave(locked=True, register_wh=1001)
        station.tells("SuspendedEV")
        assert central.frames("StopTransaction") == []
        station.look(locked=True, register_wh=1001)
        station.flow(locked=True, register_wh=1001)
        station.tells("Charging")
        station.finish(register_wh=1002)
        [told] = central.ledger().transactions
        assert (told.energy_wh, told.reason) == (2, "Local")


@pytest.mark.parametrize(
    ("status", "why"), [("Blocked", "card_blocked"), ("Expired", "card_expired"), ("Invalid", "card_unknown")]
)
@case(
    "TC_023",
    file="charging/domain/central_authorization.py",
    before="if status is IdTagStatus.ACCEPTED:",
    after="if True:",
)
def test_a_card_that_is_not_valid_starts_nothing(central: CentralSystem, status: str, why: str) -> None:
    """TC_023."""
    central.card(CARD, status)
    with registered(central) as station:
        station.look(plugged=True)
        assert station.tap(ends="refused").why == why
        station.look(plugged=True)
        assert connector().authorization is None
        assert central.frames("StartTransaction") == []


@case(
    "TC_024",
    file="charging/domain/connector.py",
    before="and (c.locked is True or not c.capability.has_lock)",
    after="",
)
def test_a_lock_that_does_not_close_lets_nothing_begin(central: CentralSystem) -> None:
    """TC_024: neither before the board calls it a fault nor afterwards."""
    with registered(central, capability=SOCKET) as station:
        station.tap()
        station.tells("Preparing")
        station.look(locked=False)
        station.look(locked=False)
        assert not Transaction.objects.exists()
        station.look(locked=False, faults=frozenset({"ConnectorLockFailure"}))
        station.look(locked=False, faults=frozenset({"ConnectorLockFailure"}))
        station.tells("Faulted", errorCode="ConnectorLockFailure")
        assert not Transaction.objects.exists()
        wait_until(lambda: not station.outputs[1].enable)
