"""Configuration keys, OCPP 1.6 sections 5.3, 5.8 and 9."""

from __future__ import annotations

import pytest

from ocpp_client import configuration
from tests.central_system import CentralSystem, Refused
from tests.ocpp_client.clients import registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

REQUIRED = {  # of the Core profile, chapter 9.1
    *("AuthorizeRemoteTxRequests", "ClockAlignedDataInterval", "ConnectionTimeOut", "GetConfigurationMaxKeys"),
    *("HeartbeatInterval", "LocalAuthorizeOffline", "LocalPreAuthorize", "MeterValuesAlignedData"),
    *("MeterValuesSampledData", "MeterValueSampleInterval", "NumberOfConnectors"),
    *("StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "StopTxnAlignedData", "StopTxnSampledData"),
    *("SupportedFeatureProfiles", "TransactionMessageAttempts", "TransactionMessageRetryInterval"),
    "UnlockConnectorOnEVSideDisconnect",
}


def told(central: CentralSystem, *names: str) -> dict[str, str]:
    """Names and values of GetConfiguration.conf."""
    answer = central.call("GetConfiguration", {"key": [*names]} if names else {})
    return {each["key"]: each.get("value", "") for each in answer["configurationKey"]}


@case("TC_019", file="ocpp_client/incoming/core.py", before="else list(configuration.KEYS.values())", after="else []")
def test_all_keys_are_told(central: CentralSystem) -> None:
    """TC_019."""
    with registered(central, connectors=2):
        found = told(central)
        assert set(found) >= REQUIRED
        assert found["NumberOfConnectors"] == "2"
        assert int(found["SupportedFeatureProfilesMaxLength"]) >= len(found["SupportedFeatureProfiles"].split(","))
        assert {"Core", "LocalAuthListManagement", "Reservation", "RemoteTrigger"} <= {
            *found["SupportedFeatureProfiles"].split(",")
        }


@case(
    "TC_019",
    file="ocpp_client/incoming/core.py",
    before="if configuration.key_named(name) is None]",
    after="if configuration.key_named(name)]",
)
def test_keys_are_told_by_name_whatever_their_case_and_unknown_ones_are_listed(central: CentralSystem) -> None:
    """TC_019."""
    with registered(central):
        answer = central.call("GetConfiguration", {"key": ["heartbeatinterval", "NoSuchKey"]})
        assert [each["key"] for each in answer["configurationKey"]] == ["HeartbeatInterval"]
        assert answer["unknownKey"] == ["NoSuchKey"]


@case(
    "TC_019",
    file="ocpp_client/incoming/core.py",
    before='len(named) > (most := configuration.integer("GetConfigurationMaxKeys"))',
    after="len(named) > (most := 10_000)",
)
def test_no_more_keys_are_told_than_may_be_asked_for(central: CentralSystem) -> None:
    """TC_019: GetConfigurationMaxKeys."""
    with registered(central):
        most = int(told(central, "GetConfigurationMaxKeys")["GetConfigurationMaxKeys"])
        with pytest.raises(Refused) as refused:
            central.call("GetConfiguration", {"key": [f"Key{number}" for number in range(most + 1)]})
        assert refused.value.code == "PropertyConstraintViolation"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MeterValueSampleInterval", "30"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import"),
        ("LocalPreAuthorize", "true"),
        ("HeartbeatInterval", "60"),
        ("LocalAuthListEnabled", "false"),
    ],
)
@case(
    "TC_021",
    file="ocpp_client/configuration.py",
    before="services.change_settings(who, **{key.column: _kept(key, value)})",
    after="pass",
)
def test_a_key_that_was_set_is_told_so(central: CentralSystem, name: str, value: str) -> None:
    """TC_021."""
    with registered(central):
        assert told(central, name) != {name: value}
        assert central.call("ChangeConfiguration", {"key": name, "value": value}) == {"status": "Accepted"}
        assert told(central, name) == {name: value}


@case(
    "TC_040_1",
    file="ocpp_client/configuration.py",
    before="return Change.NOT_SUPPORTED",
    after="return Change.REJECTED",
)
def test_a_key_that_nobody_knows_cannot_be_set(central: CentralSystem) -> None:
    """TC_040_1."""
    with registered(central):
        asked = {"key": "NoSuchKey", "value": "1"}
        assert central.call("ChangeConfiguration", asked) == {"status": "NotSupported"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MeterValueSampleInterval", "-1"),
        ("MeterValueSampleInterval", "soon"),
        ("MeterValueSampleInterval", ""),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Nonsense"),
        ("LocalPreAuthorize", "perhaps"),
        ("ConnectionTimeOut", "99999999999999999999"),
        *((key.name, "1") for key in configuration.KEYS.values() if key.readonly),
    ],
)
@case(
    "TC_040_2",
    file="ocpp_client/configuration.py",
    before="return Change.REJECTED if key.readonly else put(key, value, who)",
    after="return put(key, value, who)",
)
def test_a_value_that_is_none_leaves_the_old_one(central: CentralSystem, name: str, value: str) -> None:
    """TC_040_2; and what can only be read (section 5.3)."""
    with registered(central):
        before = told(central, name)
        assert central.call("ChangeConfiguration", {"key": name, "value": value}) == {"status": "Rejected"}
        assert told(central, name) == before
