"""Registration, OCPP 1.6 section 4.2."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from ocpp_client.models import CentralSystem as Row
from ocpp_client.registering import payload_of
from tests.central_system import CentralSystem, Kind
from tests.charging.rows import AC, add_connectors
from tests.conftest import wait_until
from tests.ocpp_client.clients import client_of, link_is_up_now, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


@case(
    "TC_001",
    file="ocpp_client/statuses.py",
    before="yield 0, _station(station, connectors)",
    after="_station(station, connectors)",
)
def test_a_cold_boot_registers_and_tells_every_status(central: CentralSystem) -> None:
    """TC_001."""
    with registered(central, connectors=2) as station:
        boot = central.wait("BootNotification")
        assert boot.payload["chargePointVendor"] == "Energy Station"
        assert boot.payload["firmwareVersion"] == settings.SOFTWARE_VERSION
        station.tells("Available", 0, errorCode="NoError")
        station.tells("Available", 1, errorCode="NoError")
        station.tells("Available", 2, errorCode="NoError")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"100000002c4f8a1b\0", "100000002c4f8a1b"),
        (b"", None),
        (b"\0", None),
        (b"x" * 26, None),
        (b"\xff\xfe", None),
        (b"a\nb", None),
        (None, None),
    ],
)
def test_serial_numbers_are_told_where_they_are_known(tmp_path: Path, written: bytes | None, told: str | None) -> None:
    """Section 6.3."""
    add_connectors(AC, AC)
    if written is not None:
        (tmp_path / "proc/device-tree").mkdir(parents=True)
        (tmp_path / "proc/device-tree/serial-number").write_bytes(written)
    with override_settings(SYSTEM_ROOT=tmp_path):
        boot = payload_of(Row())
    assert boot.get("chargePointSerialNumber") == told
    assert boot["chargeBoxSerialNumber"] == "SN-1"
    assert not {"meterSerialNumber", "meterType", "iccid", "imsi"} & set(boot)


@case(
    "TC_001",
    file="ocpp_client/outgoing.py",
    before="registering.keep(self.registration, interval_s)",
    after="registering.keep(self.registration, 300)",
)
def test_the_interval_of_the_answer_is_that_of_the_heartbeat(central: CentralSystem) -> None:
    """TC_001."""
    central.boots("Accepted", interval_s=1)
    with registered(central):
        central.wait("Heartbeat")
        [told] = central.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"]
        assert told == {"key": "HeartbeatInterval", "readonly": False, "value": "1"}


@case(
    "TC_002",
    file="ocpp_client/registration.py",
    before="if not self.accepted and action in NOT_WHILE_PENDING:",
    after="if False:",
)
def test_while_pending_the_station_answers_and_says_only_what_it_is_asked_to(central: CentralSystem) -> None:
    """TC_002."""
    central.boots("Pending", "Accepted", interval_s=60)
    add_connectors(AC, AC, authorization_mode="central_system")
    with client_of(central):
        wait_until(lambda: Row.objects.filter(registration="Pending").exists())
        central.mark()
        assert central.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "30"}) == {
            "status": "Accepted"
        }
        [told] = central.call("GetConfiguration", {"key": ["MeterValueSampleInterval"]})["configurationKey"]
        assert told["value"] == "30"
        assert central.call("RemoteStartTransaction", {"idTag": "APP1"}) == {"status": "Rejected"}
        assert central.call("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Rejected"}
        central.quiet(None, 0.6)
        assert central.call("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Rejected"}
        assert central.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
        central.wait("Heartbeat")
        assert central.call("TriggerMessage", {"requestedMessage": "StatusNotification"}) == {"status": "Accepted"}
        central.wait("StatusNotification", connectorId=2)
        assert [each.payload["connectorId"] for each in central.frames("StatusNotification")] == [0, 1, 2]
        central.mark()
        assert central.call("TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Accepted"}
        central.wait("BootNotification")
        central.wait("StatusNotification", connectorId=2)
        wait_until(link_is_up_now)


def test_a_rejected_station_says_and_answers_nothing(central: CentralSystem) -> None:
    central.boots("Rejected", interval_s=60)
    add_connectors(AC)
    with client_of(central):
        central.wait("BootNotification")
        central.mark()
        central.post("GetConfiguration")
        central.quiet(None, 0.6)
        assert central.frames("GetConfiguration", kind=Kind.RESULT) == []


def test_a_second_connection_tells_the_statuses_and_does_not_boot_again(central: CentralSystem) -> None:
    with registered(central) as station:
        central.mark()
        central.close(1001)
        central.wait_disconnected()
        station.tells("Available", 0)
        station.tells("Available", 1)
        assert central.frames("BootNotification") == []
