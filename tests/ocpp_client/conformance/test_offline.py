"""What happens while the central system cannot be reached, OCPP 1.6 sections 3.5, 3.7 and 4.8."""

from __future__ import annotations

from typing import Any

import pytest

from charging import services
from tests.central_system import CentralSystem
from tests.charging.rows import connector
from tests.conftest import wait_until
from tests.ocpp_client.clients import CARD, offline, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


@case("TC_036", file="ocpp_client/client.py", before="statuses.forget()", after="pass")
def test_a_transaction_goes_on_without_a_link(central: CentralSystem) -> None:
    """TC_036: what was measured meanwhile comes later, nothing twice."""
    with registered(central, sample_interval_s=60) as station:
        station.begin()
        station.measure()
        central.mark()
        with offline(central):
            station.later(60.0)
            station.flow(register_wh=1005)
            station.measure()
        central.wait("MeterValues", meterValue=lambda told: told[0]["sampledValue"][0]["value"] == "1005")
        station.tells("Charging")
        assert central.frames("StartTransaction") == central.frames("StopTransaction") == []
        station.finish(register_wh=1010)
        [told] = central.ledger().transactions
        assert (told.energy_wh, len(told.starts), len(told.stops)) == (10, 1, 1)


@case(
    "TC_037_1",
    file="charging/domain/central_authorization.py",
    before="by_list = rules.local_authorize_offline and status is IdTagStatus.ACCEPTED",
    after="by_list = False",
)
def test_a_card_that_is_remembered_begins_offline(central: CentralSystem) -> None:
    """TC_037_1: LocalAuthorizeOffline."""
    with registered(central) as station:
        services.id_tag_told(CARD, status="Accepted")
        with offline(central):
            station.look(plugged=True)
            station.tap()
            station.charge_now()
        station.started()
        central.wait("StartTransaction", idTag=CARD, meterStart=1000)
        station.flow(register_wh=1001)
        assert connector().stop is None


@case(
    "TC_037_1",
    file="charging/domain/central_authorization.py",
    before="if by_list or rules.allow_offline_tx_for_unknown_id:",
    after="if True:",
)
def test_a_card_that_is_unknown_begins_offline_only_where_that_is_allowed(central: CentralSystem) -> None:
    """TC_037_1: AllowOfflineTxForUnknownId."""
    with registered(central) as station, offline(central):
        station.look(plugged=True)
        assert station.tap(ends="refused").why == "central_system_absent"


@case(
    "TC_037_2",
    file="charging/domain/stopping.py",
    before="spent=transaction.spent or granted_wh <= 0",
    after="spent=transaction.spent",
)
def test_a_card_that_turns_out_invalid_gets_no_more_energy(central: CentralSystem) -> None:
    """TC_037_2: StopTransactionOnInvalidId false, MaxEnergyOnInvalidId 0."""
    central.card(CARD, "Invalid")
    keys: dict[str, Any] = {"allow_offline_tx_for_unknown_id": True, "stop_transaction_on_invalid_id": False}
    with registered(central, **keys) as station:
        central.mark()
        with offline(central):
            station.look(plugged=True)
            station.tap()
            station.charge_now()
        station.started()
        station.tells("SuspendedEVSE")
        station.look(register_wh=1001)
        assert not station.outputs[1].enable
        assert central.frames("StopTransaction") == []


@case("TC_037_3", file="charging/domain/stopping.py", before="if c.policy.stop_on_invalid_id:", after="if False:")
def test_a_card_that_turns_out_invalid_ends(central: CentralSystem) -> None:
    """TC_037_3: StopTransactionOnInvalidId true."""
    central.card(CARD, "Invalid")
    with registered(central, allow_offline_tx_for_unknown_id=True) as station:
        with offline(central):
            station.look(plugged=True)
            station.tap()
            station.charge_now()
        wait_until(lambda: connector().stop is not None)
        station.open_contactor(register_wh=1001)
        central.wait("StopTransaction", reason="DeAuthorized", meterStop=1001)


@case(
    "TC_038",
    file="ocpp_client/transaction_messages.py",
    before='"meterStop": row.meter_stop_wh,',
    after='"meterStop": row.meter_start_wh,',
)
def test_a_transaction_that_ends_offline(central: CentralSystem) -> None:
    """TC_038."""
    with registered(central) as station:
        station.begin()
        with offline(central):
            station.tap()
            station.open_contactor(register_wh=1001)
        central.wait("StopTransaction", meterStop=1001, idTag=CARD, reason="Local")
        station.tells("Finishing")


@case(
    "TC_039",
    file="ocpp_client/transaction_messages.py",
    before="utc_text(row.stopped_at or owed.entry.at)",
    after="utc_text(row.started_at)",
)
def test_a_whole_transaction_offline(central: CentralSystem) -> None:
    """TC_039: start, values and stop come in their order, with the times and registers of then."""
    with registered(central, allow_offline_tx_for_unknown_id=True) as station:
        central.mark()
        with offline(central):
            station.look(plugged=True)
            station.tap()
            station.charge_now()
            station.tap()
            station.open_contactor(register_wh=1007)
            station.leave(register_wh=1007)
        stop = central.wait("StopTransaction", meterStop=1007)
        [told] = central.ledger().transactions
        assert (told.id_tag, told.energy_wh) == (CARD, 7)
        assert told.start["timestamp"] < stop.payload["timestamp"]
        assert told.meter_values
        station.tells("Available")
