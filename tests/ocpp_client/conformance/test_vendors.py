"""DataTransfer to the station, OCPP 1.6 sections 4.3 and 5.6: who has an agreement with it, and what ours says."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from django.conf import settings

from ocpp_client.incoming.vendors import LONGEST, VENDORS
from ocpp_client.statuses import OWN
from tests.central_system import CentralSystem, Refused
from tests.ocpp_client.clients import registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

NOT_AGREED: Final = (
    (None, "names no connector"),
    ("", "names no connector"),
    ("connector 1", "not JSON"),
    ('{"connectorId":', "not JSON"),
    ("[" * LONGEST, "not JSON"),
    ("[1]", "no object"),
    ('{"connectorId": 1, "please": true}', "no object"),
    ('{"connectorId": 9}', "names no connector"),
    ('{"connectorId": 0}', "names no connector"),
    ('{"connectorId": -1}', "names no connector"),
    ('{"connectorId": true}', "names no connector"),
    ('{"connectorId": "1"}', "names no connector"),
    ('{"connectorId": 1.0}', "names no connector"),
    ('{"connectorId": null}', "names no connector"),
    ('{"connectorId": 1' + "0" * 30 + "}", "names no connector"),
    ('{"connectorId": 1, "language": "xx"}', "language is none of en, ru"),
    ('{"connectorId": 1, "language": ["en"]}', "language is none of en, ru"),
    ('{"connectorId": 1}' + " " * LONGEST, f"longer than {LONGEST} characters"),
)


def told(central: CentralSystem, message: str, **fields: Any) -> dict[str, Any]:
    """What our own agreement tells."""
    asked = {"data": json.dumps(fields)} if fields else {}
    answer = central.call("DataTransfer", {"vendorId": OWN, "messageId": message, **asked})
    assert answer["status"] == "Accepted"
    return dict(json.loads(answer["data"]))


@pytest.mark.parametrize("more", [{}, {"messageId": "Hello"}, {"messageId": "Hello", "data": "world"}])
@case(
    "TC_062",
    file="ocpp_client/incoming/vendors.py",
    before='return status("UnknownVendorId")',
    after='return status("Rejected")',
)
def test_a_vendor_without_an_agreement_is_unknown(central: CentralSystem, more: dict[str, str]) -> None:
    """TC_062: and there is no data in the answer (4.3)."""
    with registered(central):
        answer = central.call("DataTransfer", {"vendorId": "com.example", **more})
        assert answer == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("more", [{}, {"messageId": ""}, {"messageId": "Hello"}, {"data": "world"}])
@case(
    "TC_062",
    file="ocpp_client/incoming/vendors.py",
    before='return status("UnknownMessageId")',
    after='return status("UnknownVendorId")',
)
def test_a_message_that_was_not_agreed_upon_is_unknown(central: CentralSystem, more: dict[str, str]) -> None:
    """TC_062."""
    with registered(central):
        assert central.call("DataTransfer", {"vendorId": OWN, **more}) == {"status": "UnknownMessageId"}


@case(
    "TC_062",
    file="ocpp_client/incoming/vendors.py",
    before='"sentence": words_of(SITUATIONS, shown["situation"]),',
    after='"sentence": shown["situation"],',
)
def test_a_connector_says_what_it_does_and_why(central: CentralSystem) -> None:
    """TC_062: in the language that was asked for."""
    with registered(central, connectors=2) as station:
        station.look(2, plugged=False, faults=frozenset({"GroundFailure"}))
        station.tell_readings()
        free = told(central, "ConnectorSituation", connectorId=1)
        assert (free["status"], free["situation"], free["sentence"]) == ("Available", "free", "Free")
        assert free["faults"] == []
        faulted = told(central, "ConnectorSituation", connectorId=2, language="ru")
        assert (faulted["status"], faulted["situation"]) == ("Faulted", "fault")
        [fault] = faulted["faults"]
        assert fault["name"] == "GroundFailure"
        assert (faulted["sentence"], fault["sentence"]) == ("Неисправность", "Ток утечки")


def test_the_station_says_what_it_is(central: CentralSystem) -> None:
    with registered(central, connectors=2):
        facts = told(central, "StationFacts")
        assert (facts["software"], facts["connectors"]) == (settings.SOFTWARE_VERSION, 2)
        assert (facts["emergency"], facts["clockKnown"]) == (False, True)
        of_connector = told(central, "StationFacts", connectorId=2)
        assert (of_connector["connectorId"], of_connector["letter"]) == (2, "B")
        assert of_connector["boardSerial"]


def test_ids_are_compared_without_regard_to_case(central: CentralSystem) -> None:
    with registered(central):
        answer = central.call("DataTransfer", {"vendorId": OWN.upper(), "messageId": "stationfacts"})
        assert answer["status"] == "Accepted"


def test_what_was_not_agreed_upon_is_rejected_with_the_reason(central: CentralSystem) -> None:
    with registered(central) as station:
        station.tell_readings()
        for text, why in NOT_AGREED:
            more = {} if text is None else {"data": text}
            answer = central.call("DataTransfer", {"vendorId": OWN, "messageId": "ConnectorSituation", **more})
            assert answer["status"] == "Rejected", text
            assert why in json.loads(answer["data"])["why"], text
        for number in (0, -1, 9, 10**30, "1", None):
            text = json.dumps({"connectorId": number})
            answer = central.call("DataTransfer", {"vendorId": OWN, "messageId": "StationFacts", "data": text})
            assert answer["status"] == "Rejected", number


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"vendorId": "x" * 256}, "PropertyConstraintViolation"),
        ({"vendorId": OWN, "messageId": "x" * 51}, "PropertyConstraintViolation"),
        ({"vendorId": OWN, "data": {"connectorId": 1}}, "TypeConstraintViolation"),
        ({"messageId": "StationFacts"}, "OccurenceConstraintViolation"),
    ],
)
def test_what_its_fields_cannot_hold_is_refused(central: CentralSystem, payload: dict[str, Any], code: str) -> None:
    with registered(central):
        with pytest.raises(Refused) as refused:
            central.call("DataTransfer", payload, checked=False)
        assert refused.value.code == code


def test_every_agreement_fits_its_fields() -> None:
    for vendor, messages in VENDORS.items():
        assert 0 < len(vendor) <= 255
        assert all(len(message) <= 50 for message in messages)
        assert len({message.lower() for message in messages}) == len(messages)
    assert len({vendor.lower() for vendor in VENDORS}) == len(VENDORS)
