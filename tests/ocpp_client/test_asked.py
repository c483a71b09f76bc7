"""What the central system asks, and what comes of it: over a real link, by the rows of a real station."""

from __future__ import annotations

from typing import Any, Final

import pytest

from charging import record
from charging.models import CachedIdTag
from ocpp_client import central_system, configuration
from ocpp_client.configuration import KEYS, MOST_KEYS_ASKED
from ocpp_client.incoming.answering import ANSWERS
from ocpp_client.schemas import REQUESTS_OF_CENTRAL_SYSTEM
from tests.central_system import CentralSystem, Refused
from tests.ocpp_client.clients import client_of, registered
from tests.ocpp_client.payloads import schema_of, whole

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

CHANGES: Final = (
    ("HeartbeatInterval", "120", "Accepted"),
    ("heartbeatinterval", " 60 ", "Accepted"),
    ("HeartbeatInterval", "0", "Rejected"),
    ("HeartbeatInterval", "-1", "Rejected"),
    ("HeartbeatInterval", "1000000000", "Rejected"),
    ("HeartbeatInterval", "6.5", "Rejected"),
    ("HeartbeatInterval", "soon", "Rejected"),
    ("HeartbeatInterval", "", "Rejected"),
    ("ClockAlignedDataInterval", "3", "Rejected"),
    ("LocalPreAuthorize", "TRUE", "Accepted"),
    ("LocalPreAuthorize", "1", "Rejected"),
    ("MeterValuesSampledData", "soc,power.active.import", "Accepted"),
    ("MeterValuesSampledData", "SoC,Frequency", "Rejected"),
    ("MeterValuesSampledData", "SoC,SoC", "Rejected"),
    ("NumberOfConnectors", "9", "Rejected"),
    ("Nonsense", "1", "NotSupported"),
)


def asked(central: CentralSystem, action: str, **payload: Any) -> str:
    return str(central.call(action, payload)["status"])


def test_it_tells_all_keys_or_those_that_were_named(central: CentralSystem) -> None:
    """TC_019."""
    with registered(central, connectors=2):
        told = {row["key"]: row for row in central.call("GetConfiguration")["configurationKey"]}
        assert {name: row["readonly"] for name, row in told.items()} == {k.name: k.readonly for k in KEYS.values()}
        assert told["NumberOfConnectors"]["value"] == "2"
        assert central.call("GetConfiguration", {"key": ["heartbeatinterval", "Nonsense"]}) == {
            "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
            "unknownKey": ["Nonsense"],
        }


def test_it_refuses_to_tell_more_keys_than_it_says(central: CentralSystem) -> None:
    with registered(central):
        most = [f"Key{n}" for n in range(MOST_KEYS_ASKED)]
        assert central.call("GetConfiguration", {"key": most})["unknownKey"] == most
        with pytest.raises(Refused) as refused:
            central.call("GetConfiguration", {"key": [*most, "OneMore"]})
        assert refused.value.code == "PropertyConstraintViolation"


def test_n15_a_key_takes_what_its_type_and_bounds_allow(central: CentralSystem) -> None:
    """TC_021, TC_040_1 and TC_040_2."""
    with registered(central):
        before = configuration.settable(record.station_row())
        for key, value, status in CHANGES:
            assert asked(central, "ChangeConfiguration", key=key, value=value) == status, (key, value)
        after = configuration.settable(record.station_row())
        assert {name: value for name, value in after.items() if value != before[name]} == {
            "HeartbeatInterval": 60,
            "LocalPreAuthorize": True,
            "MeterValuesSampledData": "SoC,Power.Active.Import",
        }


def test_it_takes_connectors_out_of_service_and_back(central: CentralSystem) -> None:
    with registered(central, connectors=2):
        assert asked(central, "ChangeAvailability", connectorId=2, type="Inoperative") == "Accepted"
        central.wait("StatusNotification", connectorId=2, status="Unavailable")
        central.mark()
        assert asked(central, "ChangeAvailability", connectorId=2, type="Operative") == "Accepted"
        central.wait("StatusNotification", connectorId=2, status="Available")
        assert asked(central, "ChangeAvailability", connectorId=9, type="Inoperative") == "Rejected"


def test_a_connector_that_charges_goes_out_of_service_afterwards(central: CentralSystem) -> None:
    with registered(central, mode="none") as station:
        station.look(plugged=True)
        assert asked(central, "RemoteStartTransaction", connectorId=1, idTag="APP1") == "Accepted"
        station.charge_now()
        assert asked(central, "ChangeAvailability", connectorId=1, type="Inoperative") == "Scheduled"


def test_it_forgets_what_it_remembered_of_cards(central: CentralSystem) -> None:
    """TC_061."""
    with registered(central):
        CachedIdTag.objects.create(id_tag="REMEMBERED", status="Accepted")
        assert asked(central, "ClearCache") == "Accepted"
        assert not CachedIdTag.objects.exists()


def test_it_sends_what_is_triggered(central: CentralSystem) -> None:
    """TC_054 and TC_055."""
    with registered(central):
        central.mark()
        assert asked(central, "TriggerMessage", requestedMessage="Heartbeat") == "Accepted"
        central.wait("Heartbeat")
        central.mark()
        assert asked(central, "TriggerMessage", requestedMessage="StatusNotification", connectorId=1) == "Accepted"
        central.wait("StatusNotification", connectorId=1, status="Available")
        assert asked(central, "TriggerMessage", requestedMessage="StatusNotification", connectorId=9) == "Rejected"
        assert asked(central, "TriggerMessage", requestedMessage="BootNotification") == "Rejected"


def test_there_is_no_lock_to_unlock(central: CentralSystem) -> None:
    """TC_017_2 and TC_031."""
    with registered(central):
        assert asked(central, "UnlockConnector", connectorId=1) == "NotSupported"
        assert asked(central, "UnlockConnector", connectorId=9) == "NotSupported"


def test_what_nobody_answers_is_not_supported(central: CentralSystem) -> None:
    with registered(central):
        for action in sorted(REQUESTS_OF_CENTRAL_SYSTEM - set(ANSWERS)):
            schema = schema_of(action)
            with pytest.raises(Refused) as refused:
                central.call(action, whole(schema, schema), checked=False)
            assert refused.value.code == "NotSupported", action


def test_another_central_system_is_told_of_the_station_anew(central: CentralSystem) -> None:
    """A link to the same one, that was only away, is not: see tests/journeys/test_central_system.py."""
    with registered(central):
        central.mark()
    with client_of(central):
        central.wait("StatusNotification", connectorId=1)
        assert central.frames("BootNotification") == []
    central_system.change("anna", primary_url="ws://127.0.0.1:9/elsewhere")
    with client_of(central):
        central.wait("BootNotification")
