"""TriggerMessage, OCPP 1.6 section 5.17, and ExtendedTriggerMessage: the answer first, then what was asked for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import pytest

from ocpp_client.incoming.remote_trigger import EXTENDED, PLAIN
from ocpp_client.models import CentralSystem as Row
from ocpp_client.outgoing import ONE_EACH
from ocpp_client.triggers import Triggers
from tests.central_system import CentralSystem, Kind, Refused
from tests.charging.rows import AC, add_connectors
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served, client_of, link_is_up_now, number_of_running, of_context, registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.payloads import schema_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

TRIGGER: Final = "TriggerMessage"
EXTENDED_TRIGGER: Final = "ExtendedTriggerMessage"
both = pytest.mark.parametrize("action", [TRIGGER, EXTENDED_TRIGGER])
OF_EACH: Final[
    tuple[tuple[str, str, str, dict[str, Any]], ...]
] = (  # what one message each is asked for by, and that message
    (TRIGGER, "Heartbeat", "Heartbeat", {}),
    (TRIGGER, "FirmwareStatusNotification", "FirmwareStatusNotification", {"status": "Idle"}),
    (TRIGGER, "DiagnosticsStatusNotification", "DiagnosticsStatusNotification", {"status": "Idle"}),
    (EXTENDED_TRIGGER, "LogStatusNotification", "LogStatusNotification", {"status": "Idle"}),
    (EXTENDED_TRIGGER, "Heartbeat", "Heartbeat", {}),
    (EXTENDED_TRIGGER, "FirmwareStatusNotification", "SignedFirmwareStatusNotification", {"status": "Idle"}),
)
WHATEVER_THE_CONNECTOR: Final = ("BootNotification", "StatusNotification", "MeterValues")


def asked(central: CentralSystem, message: str, *, action: str = TRIGGER, **more: int) -> str:
    """The status of the answer."""
    central.mark()
    return str(central.call(action, {"requestedMessage": message, **more})["status"])


@pytest.mark.parametrize(("action", "message", "told", "payload"), OF_EACH)
@case(
    "TC_054",
    file="ocpp_client/outgoing.py",
    before='"heartbeat": heartbeat.message,',
    after='"heartbeat": of_firmware.triggered,',
)
def test_one_message(central: CentralSystem, action: str, message: str, told: str, payload: dict[str, Any]) -> None:
    """TC_054: a connector means nothing to these, and is ignored (5.17)."""
    with registered(central):
        for more in ({}, {"connectorId": 0}, {"connectorId": -1}, {"connectorId": 9}):
            assert asked(central, message, action=action, **more) == "Accepted"
            sent = central.wait(told)
            assert sent.payload == payload
            assert central.wait(action, kind=Kind.RESULT).number < sent.number


@both
@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="partial(asked.db, statuses.forget, number)",
    after="partial(asked.db, statuses.forget)",
)
def test_the_status_of_one_connector(central: CentralSystem, action: str) -> None:
    """TC_054."""
    with registered(central, connectors=2) as station:
        assert asked(central, "StatusNotification", action=action, connectorId=2) == "Accepted"
        station.tells("Available", 2)
        assert central.frames("StatusNotification", connectorId=1) == []


@both
@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="partial(asked.db, statuses.forget, number)",
    after="partial(asked.db, statuses.forget, 0)",
)
def test_the_status_of_everything(central: CentralSystem, action: str) -> None:
    """TC_054."""
    with registered(central, connectors=2) as station:
        assert asked(central, "StatusNotification", action=action) == "Accepted"
        for number in (0, 1, 2):
            station.tells("Available", number)


@both
def test_the_status_of_the_station(central: CentralSystem, action: str) -> None:
    """Section 5.17 says it of connector 0, whatever the table of the message says of it."""
    with registered(central) as station:
        assert asked(central, "StatusNotification", action=action, connectorId=0) == "Accepted"
        station.tells("Available", 0)
        assert central.frames("StatusNotification", connectorId=1) == []


@both
@case(
    "TC_054",
    file="charging/services/measuring.py",
    before="sampled_of(Context.TRIGGER, reading)",
    after="sampled_of(Context.PERIODIC, reading)",
)
def test_meter_values_of_a_transaction(central: CentralSystem, action: str) -> None:
    """TC_054: what the last frame said, with the context Trigger."""
    with registered(central) as station:
        station.begin()
        station.flow(register_wh=1003, power_w=7000)
        station.tell_readings()
        assert asked(central, "MeterValues", action=action, connectorId=1) == "Accepted"
        told = central.wait("MeterValues", connectorId=1, meterValue=of_context("Trigger"))
        assert told.payload["transactionId"] == number_of_running()
        [value] = told.payload["meterValue"]
        assert "1003" in {each["value"] for each in value["sampledValue"]}
        station.finish(register_wh=1004)


@case(
    "TC_054",
    file="ocpp_client/incoming/remote_trigger.py",
    before="return [known for known in sorted(live.readings()) if number in (0, known)]",
    after="return [known for known in sorted(live.readings()) if number == known]",
)
def test_meter_values_of_every_connector(central: CentralSystem) -> None:
    """TC_054: of no transaction where nobody charges."""
    with registered(central, connectors=2) as station:
        station.tell_readings()
        assert asked(central, "MeterValues") == "Accepted"
        for number in (1, 2):
            told = central.wait("MeterValues", connectorId=number, meterValue=of_context("Trigger"))
            assert "transactionId" not in told.payload


@both
@pytest.mark.parametrize("message", ["StatusNotification", "MeterValues"])
@case(
    "TC_055",
    file="ocpp_client/incoming/remote_trigger.py",
    before="if number and not await asked.db(_exists, number):",
    after="if False:",
)
def test_nothing_of_a_connector_that_is_not_there(central: CentralSystem, message: str, action: str) -> None:
    """TC_055."""
    with registered(central) as station:
        station.tell_readings()
        for number in (9, -1, 10**12):
            assert asked(central, message, action=action, connectorId=number) == "Rejected"


@both
@case(
    "TC_055",
    file="ocpp_client/incoming/remote_trigger.py",
    before="if not readable:",
    after="if False:",
)
def test_no_meter_values_where_no_controller_answers(central: CentralSystem, action: str) -> None:
    """TC_055: nothing is invented."""
    with registered(central):
        assert asked(central, "MeterValues", action=action, connectorId=1) == "Rejected"


@both
@case(
    "TC_055",
    file="ocpp_client/incoming/remote_trigger.py",
    before='case "BootNotification" if not _registered(asked):',
    after='case "BootNotification":',
)
def test_an_accepted_station_does_not_register_again(central: CentralSystem, action: str) -> None:
    """TC_055: errata sheet v4.0, 3.35."""
    with registered(central):
        assert asked(central, "BootNotification", action=action) == "Rejected"


def is_pending() -> bool:
    return Row.objects.filter(registration="Pending").exists()


# --- what there is, and what there is not -------------------------------------------------------------


@pytest.mark.parametrize(("action", "flags"), [(TRIGGER, PLAIN), (EXTENDED_TRIGGER, EXTENDED)])
def test_what_is_unknown_or_not_there_is_not_implemented(
    central: CentralSystem, action: str, flags: dict[str, str]
) -> None:
    """Section 5.17."""
    listed = str(schema_of(action))
    unknown = {"StartTransaction", "heartbeat", "", "x" * 1_000}
    elsewhere = "SignChargePointCertificate" if action == TRIGGER else ""  # the extended one has it
    known = {"DiagnosticsStatusNotification", "LogStatusNotification", elsewhere} - flags.keys()
    assert all(message in listed for message in (*flags, *WHATEVER_THE_CONNECTOR))
    with registered(central):
        for message in sorted(unknown | known):
            answer = central.call(action, {"requestedMessage": message}, checked=False)
            assert answer == {"status": "NotImplemented"}, message
        with pytest.raises(Refused) as refused:
            central.call(action, {"requestedMessage": ["Heartbeat"]}, checked=False)
        assert refused.value.code == "TypeConstraintViolation"


def test_every_trigger_of_one_message_has_its_message() -> None:
    flags = {each.name for each in fields(Triggers) if each.default is False}
    assert {*PLAIN.values(), *EXTENDED.values()} == set(ONE_EACH) == flags - {"boot", "present_anew"}


# --- before the station is accepted (section 4.2) ------------------------------------------------------


@both
def test_a_pending_station_tells_the_meter_values_that_it_is_asked_for(central: CentralSystem, action: str) -> None:
    """Once, with the context Trigger; nothing of them is owed when the station is accepted."""
    central.boots("Pending", "Accepted", interval_s=60)
    station = Served(central, *add_connectors(AC, AC, authorization_mode="central_system"))
    with client_of(central):
        wait_until(is_pending)
        assert asked(central, "MeterValues", action=action) == "Rejected"
        station.look(1, register_wh=1234)
        station.look(2, register_wh=4321)
        station.tell_readings()
        assert asked(central, "MeterValues", action=action, connectorId=2) == "Accepted"
        central.wait("MeterValues", connectorId=2, meterValue=of_context("Trigger"))
        assert central.frames("MeterValues", connectorId=1) == []
        station.tell_readings()
        assert asked(central, "MeterValues", action=action) == "Accepted"
        [value] = central.wait("MeterValues", connectorId=1).payload["meterValue"]
        assert "1234" in {each["value"] for each in value["sampledValue"]}
        central.wait("MeterValues", connectorId=2)
        central.mark()
        central.quiet(None, 0.6)
        assert asked(central, "BootNotification", action=action) == "Accepted"
        station.tells("Preparing", 2)
        wait_until(link_is_up_now)
        central.quiet("MeterValues", 0.6)


@both
def test_what_two_triggers_ask_for_is_all_sent(central: CentralSystem, action: str) -> None:
    central.boots("Pending", interval_s=60)
    add_connectors(AC, AC, AC)
    with client_of(central):
        wait_until(is_pending)
        for number in (1, 2, 3, 3):
            central.post(action, {"requestedMessage": "StatusNotification", "connectorId": number})
        for number in (1, 2, 3):
            central.wait("StatusNotification", connectorId=number, status="Available")


@pytest.mark.parametrize(("action", "message", "told", "payload"), OF_EACH)
def test_a_pending_station_sends_one_message(
    central: CentralSystem, action: str, message: str, told: str, payload: dict[str, Any]
) -> None:
    central.boots("Pending", interval_s=60)
    add_connectors(AC)
    with client_of(central):
        wait_until(is_pending)
        assert asked(central, message, action=action) == "Accepted"
        assert central.wait(told).payload == payload
        central.mark()
        central.quiet(None, 0.6)


@both
def test_before_the_first_answer_nothing_but_a_registration_can_be_asked_for(
    central: CentralSystem, action: str
) -> None:
    central.delay("BootNotification", 2.0, times=1)
    central.refuse("BootNotification", times=1)
    add_connectors(AC)
    with client_of(central):
        central.wait("BootNotification")
        for message in ("StatusNotification", "Heartbeat", "MeterValues", "FirmwareStatusNotification"):
            assert asked(central, message, action=action) == "Rejected"
        assert asked(central, "BootNotification", action=action) == "Accepted"
        central.wait("BootNotification")  # long before the 30 s after which it would be asked again
        wait_until(link_is_up_now)
