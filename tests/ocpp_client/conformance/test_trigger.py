"""TriggerMessage, OCPP 1.6 section 5.17: the answer first, then what was asked for."""

from __future__ import annotations

import pytest

from tests.central_system import CentralSystem, Kind
from tests.ocpp_client.clients import number_of_running, of_context, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def asked(central: CentralSystem, message: str, **fields: int) -> str:
    """The status of the answer."""
    central.mark()
    return str(central.call("TriggerMessage", {"requestedMessage": message, **fields})["status"])


@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="asked.triggers.heartbeat = True",
    after="asked.triggers.heartbeat = False",
)
def test_a_heartbeat(central: CentralSystem) -> None:
    """TC_054."""
    with registered(central):
        assert asked(central, "Heartbeat") == "Accepted"
        heartbeat = central.wait("Heartbeat")
        assert central.wait("TriggerMessage", kind=Kind.RESULT).number < heartbeat.number


@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="partial(asked.db, statuses.forget, number)",
    after="partial(asked.db, statuses.forget)",
)
def test_the_status_of_one_connector(central: CentralSystem) -> None:
    """TC_054."""
    with registered(central, connectors=2) as station:
        assert asked(central, "StatusNotification", connectorId=2) == "Accepted"
        station.tells("Available", 2)
        assert central.frames("StatusNotification", connectorId=1) == []


@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="partial(asked.db, statuses.forget, number)",
    after="partial(asked.db, statuses.forget, 0)",
)
def test_the_status_of_everything(central: CentralSystem) -> None:
    """TC_054."""
    with registered(central, connectors=2) as station:
        assert asked(central, "StatusNotification") == "Accepted"
        for number in (0, 1, 2):
            station.tells("Available", number)


@case(
    "TC_054",
    file="charging/services/measuring.py",
    before="sampled_of(Context.TRIGGER, reading)",
    after="sampled_of(Context.PERIODIC, reading)",
)
def test_meter_values_of_a_transaction(central: CentralSystem) -> None:
    """TC_054: what the last frame said, with the context Trigger."""
    with registered(central) as station:
        station.begin()
        station.flow(register_wh=1003, power_w=7000)
        station.tell_readings()
        assert asked(central, "MeterValues", connectorId=1) == "Accepted"
        told = central.wait("MeterValues", connectorId=1, meterValue=of_context("Trigger"))
        assert told.payload["transactionId"] == number_of_running()
        [value] = told.payload["meterValue"]
        assert "1003" in {each["value"] for each in value["sampledValue"]}
        station.finish(register_wh=1004)


@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="return any(number in (0, known) for known in live.readings())",
    after="return number in live.readings()",
)
def test_meter_values_of_every_connector(central: CentralSystem) -> None:
    """TC_054: of no transaction where nobody charges."""
    with registered(central, connectors=2) as station:
        station.tell_readings()
        assert asked(central, "MeterValues") == "Accepted"
        for number in (1, 2):
            told = central.wait("MeterValues", connectorId=number, meterValue=of_context("Trigger"))
            assert "transactionId" not in told.payload


@pytest.mark.parametrize("message", ["StatusNotification", "MeterValues"])
@case(
    "TC_055",
    file="ocpp_client/incoming/remote_trigger.py",
    before="if number and not await asked.db(_exists, number):",
    after="if False:",
)
def test_nothing_of_a_connector_that_is_not_there(central: CentralSystem, message: str) -> None:
    """TC_055."""
    with registered(central) as station:
        station.tell_readings()
        assert asked(central, message, connectorId=9) == "Rejected"


@case(
    "TC_055",
    file="ocpp_client/incoming/remote_trigger.py",
    before="if not await asked.db(_can_be_read, number):",
    after="if False:",
)
def test_no_meter_values_where_no_controller_answers(central: CentralSystem) -> None:
    """TC_055: nothing is invented."""
    with registered(central):
        assert asked(central, "MeterValues", connectorId=1) == "Rejected"


@case(
    "TC_055",
    file="ocpp_client/incoming/remote_trigger.py",
    before='case "BootNotification" if not asked.registered:',
    after='case "BootNotification":',
)
def test_an_accepted_station_does_not_register_again(central: CentralSystem) -> None:
    """TC_055: errata sheet v4.0, 3.35."""
    with registered(central):
        assert asked(central, "BootNotification") == "Rejected"
