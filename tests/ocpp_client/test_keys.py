"""What a configuration key that only the link reads does, seen from the central system."""

from __future__ import annotations

import pytest

from charging import record, services
from charging.models import Connector, Transaction
from ocpp_client import configuration
from ocpp_client.configuration import Change
from ocpp_client.models import Attempt
from tests.central_system import CentralSystem, Refused
from tests.charging.rows import DC
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served, registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def change(central: CentralSystem, **keys: str) -> None:
    for key, value in keys.items():
        assert central.call("ChangeConfiguration", {"key": key, "value": value}) == {"status": "Accepted"}


def start(central: CentralSystem, station: Served) -> None:
    """A car charges by remote start."""
    station.look(plugged=True)
    assert central.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "APP1"}) == {"status": "Accepted"}
    station.charge_now()


def stop(central: CentralSystem, station: Served) -> None:
    """The central system stops what it started."""
    wait_until(lambda: Transaction.objects.get().central_number is not None)
    number = Transaction.objects.get().central_number
    assert central.call("RemoteStopTransaction", {"transactionId": number}) == {"status": "Accepted"}
    station.open_contactor()


def test_heartbeat_interval(central: CentralSystem) -> None:
    with registered(central):
        change(central, HeartbeatInterval="1")
        central.wait("Heartbeat", timeout_s=3)


def test_web_socket_ping_interval(central: CentralSystem) -> None:
    with registered(central):
        change(central, WebSocketPingInterval="1")
        wait_until(lambda: len(central.record.pings) >= 2)


def test_minimum_status_duration(central: CentralSystem) -> None:
    with registered(central) as station:
        change(central, MinimumStatusDuration="3600")
        central.mark()
        station.look(plugged=True)
        station.look(plugged=True)
        central.quiet("StatusNotification", 1.0, connectorId=1)
        change(central, MinimumStatusDuration="0")
        central.wait("StatusNotification", connectorId=1, status="Preparing")


def test_the_sampled_measurands(central: CentralSystem) -> None:
    with registered(central) as station:
        change(central, MeterValuesSampledData="Power.Active.Import")
        start(central, station)
        [taken] = central.wait("MeterValues", connectorId=1).payload["meterValue"]
        assert {sample["measurand"] for sample in taken["sampledValue"]} == {"Power.Active.Import"}


def test_the_sampled_measurands_of_a_stop(central: CentralSystem) -> None:
    with registered(central) as station:
        change(central, StopTxnSampledData="Energy.Active.Import.Register")
        start(central, station)
        stop(central, station)
        taken = central.wait("StopTransaction").payload["transactionData"]
        contexts = [sample["context"] for each in taken for sample in each["sampledValue"]]
        assert contexts == ["Transaction.Begin", "Transaction.End"]


def test_transaction_message_attempts(central: CentralSystem) -> None:
    """A start that is refused for good is given up; what depends on it is kept with it and never sent."""
    with registered(central) as station:
        change(central, TransactionMessageAttempts="2", TransactionMessageRetryInterval="0")
        central.refuse("StartTransaction")
        start(central, station)
        wait_until(lambda: Attempt.objects.filter(action="StartTransaction", parked_at__isnull=False).exists())
        assert len(central.frames("StartTransaction")) == 2
        wait_until(lambda: Attempt.objects.filter(action="MeterValues", parked_at__isnull=False).exists())
        central.quiet("MeterValues", 0.5)


def test_transaction_message_retry_interval(central: CentralSystem) -> None:
    with registered(central) as station:
        change(central, TransactionMessageRetryInterval="1")
        central.refuse("StartTransaction", times=1)
        start(central, station)
        wait_until(lambda: len(central.frames("StartTransaction")) == 2)
        first, second = central.frames("StartTransaction")
        assert 1.0 <= second.at_s - first.at_s < 3.0
        assert first.payload == second.payload


def test_the_clock_aligned_measurands_of_a_stop(central: CentralSystem) -> None:
    with registered(central, clock_aligned_interval_s=900) as station:
        change(central, StopTxnAlignedData="Power.Active.Import")
        start(central, station)
        station.measure()
        station.later(900.0)
        station.flow(register_wh=1001)
        station.measure()
        wait_until(lambda: Transaction.objects.get().central_number is not None)
        services.stop(1, by="technician", who="touch")
        station.open_contactor(register_wh=1001)
        taken = central.wait("StopTransaction").payload["transactionData"]
        samples = [sample for each in taken for sample in each["sampledValue"]]
        assert {(sample["context"], sample["measurand"]) for sample in samples} == {
            ("Sample.Clock", "Power.Active.Import")
        }


@pytest.mark.parametrize(
    "name", ["MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData", "StopTxnSampledData"]
)
def test_a_list_of_measurands_holds_as_many_as_its_longest_and_not_one_more(central: CentralSystem, name: str) -> None:
    with registered(central):
        every = sorted(configuration.MEASURANDS)
        assert told(central, f"{name}MaxLength") == str(len(every))
        change(central, **{name: ",".join(every)})
        assert told(central, name) == ",".join(every)
        too_many = {"key": name, "value": ",".join([*every, every[0]])}
        assert central.call("ChangeConfiguration", too_many) == {"status": "Rejected"}


def test_the_phases_of_meter_values_are_those_of_the_meter(central: CentralSystem) -> None:
    """ConnectorPhaseRotation: the connector's first conductor is wired to S, which is L2 (section 9.1.7)."""
    with registered(central, connectors=2) as station:
        assert told(central, "ConnectorPhaseRotation") == "1.Unknown,2.Unknown"
        assert told(central, "ConnectorPhaseRotationMaxLength") == "3"
        change(central, ConnectorPhaseRotation="0.RST,1.str", MeterValuesSampledData="Current.Import,Voltage.L1")
        assert told(central, "ConnectorPhaseRotation") == "0.RST,1.STR,2.Unknown"
        station.begin(currents_a=(1.0, 2.0, 3.0), voltages_v=(231.0, 232.0, 233.0))
        [taken] = central.wait("MeterValues", connectorId=1).payload["meterValue"]
        assert [(sample["phase"], sample["value"]) for sample in taken["sampledValue"]] == [
            *[("L2", "1.0"), ("L3", "2.0"), ("L1", "3.0")],
            ("L1-N", "233.0"),
        ]


@pytest.mark.parametrize("wrong", ["3.RST", "1.RRS", "1.RST,1.RTS", "RST", "1.", "-1.RST", "1.RST;2.RST", "2.RST"])
def test_a_phase_rotation_that_cannot_be_is_refused(central: CentralSystem, wrong: str) -> None:
    """There are two connectors, of which the second is direct current."""
    with registered(central, connectors=1):
        Connector.objects.create(
            number=2, letter="B", board_serial="SN-2", board_index=1, connector_type="CCS2",
            capability=record.capability_columns(DC),
        )  # fmt: skip
        assert central.call("ChangeConfiguration", {"key": "ConnectorPhaseRotation", "value": wrong}) == {
            "status": "Rejected"
        }
        assert told(central, "ConnectorPhaseRotation") == "1.Unknown,2.NotApplicable"


def test_the_longest_lists_are_those_that_were_preset(central: CentralSystem) -> None:
    """LocalAuthListMaxLength, SendLocalListMaxLength and GetConfigurationMaxKeys."""
    for name, most in {"LocalAuthListMaxLength": 3, "SendLocalListMaxLength": 2, "GetConfigurationMaxKeys": 2}.items():
        assert configuration.put(configuration.KEYS[name.lower()], str(most), "test") is Change.ACCEPTED
    with registered(central):
        sent = [send(central, 1, "A", "B", "C"), send(central, 1, "A", "B"), send(central, 2, "C", "D")]
        assert sent == ["Failed", "Accepted", "Failed"]
        assert send(central, 2, "C") == "Accepted"
        with pytest.raises(Refused):
            central.call("GetConfiguration", {"key": ["HeartbeatInterval", "ResetRetries", "BlinkRepeat"]})


def send(central: CentralSystem, version: int, *id_tags: str) -> str:
    """UpdateStatus of a differential update that adds these."""
    entries = [{"idTag": id_tag, "idTagInfo": {"status": "Accepted"}} for id_tag in id_tags]
    asked = {"listVersion": version, "updateType": "Differential", "localAuthorizationList": entries}
    return str(central.call("SendLocalList", asked)["status"])


def told(central: CentralSystem, name: str) -> str:
    """Its value in GetConfiguration.conf."""
    [key] = central.call("GetConfiguration", {"key": [name]})["configurationKey"]
    return str(key["value"])
