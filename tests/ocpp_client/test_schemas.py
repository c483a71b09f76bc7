"""Payloads: W1..W22 are the weak points of the `ocpp` package that ours closes, N1..N10 the negative tests."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_client.errors import ErrorCode, Invalid
from ocpp_client.schemas import (
    MAX_ITEMS,
    REQUESTS_OF_CENTRAL_SYSTEM,
    REQUESTS_OF_STATION,
    Kind,
    check_confirmation,
    check_own,
    check_request,
    time_of,
)

from .payloads import Spoilt, schema_of, spoilt, whole

INCOMING = sorted(REQUESTS_OF_CENTRAL_SYSTEM)
OUTGOING = sorted(REQUESTS_OF_STATION)
SPOILT = [(action, bad) for action in INCOMING for bad in spoilt(action)]
NOT_ASKED_FOR = {
    ("BootNotification", "payload.currentTime"),
    ("BootNotification", "payload.interval"),
    ("Heartbeat", "payload.currentTime"),
    ("StartTransaction", "payload.idTagInfo"),
}


def profile(**schedule: Any) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [], **schedule},
        },
    }


def period(limit: Any) -> dict[str, Any]:
    return {"startPeriod": 0, "limit": limit}


def refusal(action: str, payload: Any) -> Invalid:
    with pytest.raises(Invalid) as raised:
        check_request(action, payload)
    return raised.value


def test_it_knows_every_message_of_the_standard_and_of_the_security_whitepaper() -> None:
    # 28 actions of OCPP 1.6 (DataTransfer goes both ways) and 11 of the whitepaper
    assert (len(INCOMING), len(OUTGOING)) == (26, 14)
    assert len(REQUESTS_OF_CENTRAL_SYSTEM | REQUESTS_OF_STATION) == 28 + 11


@pytest.mark.parametrize("action", INCOMING)
def test_it_accepts_a_request_with_every_field(action: str) -> None:
    payload = whole(schema_of(action), schema_of(action))
    assert check_request(action, payload) == payload


@pytest.mark.parametrize(("action", "bad"), SPOILT, ids=[f"{action}-{bad}" for action, bad in SPOILT])
def test_n6_w7_one_spoilt_field_gets_the_code_of_1_6(action: str, bad: Spoilt) -> None:
    before = copy.deepcopy(bad.payload)
    why = refusal(action, bad.payload)
    assert why.code == bad.code
    assert bad.payload == before
    assert 0 < len(why.description) < 255


def test_n6_the_table_of_spoilt_fields_is_not_small() -> None:
    assert len(SPOILT) > 900
    assert {bad.mistake.split()[0] for _, bad in SPOILT} == {"type", "too", "not", "no", "missing", "extra"}


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("BootNotification", "NotSupported"),
        ("StartTransaction", "NotSupported"),
        ("reset", "NotImplemented"),
        ("RESET", "NotImplemented"),
        ("ResetResponse", "NotImplemented"),
        ("", "NotImplemented"),
        ("x" * 10_000, "NotImplemented"),
        ("../../../../../../etc/hostname", "NotImplemented"),
        ("Reset\0", "NotImplemented"),
        ("GetVariables", "NotImplemented"),
    ],
)
def test_w1_n3_an_action_is_known_by_its_exact_name(action: str, code: str) -> None:
    why = refusal(action, {})
    assert why.code == code
    assert len(why.description) < 100


@pytest.mark.parametrize(
    ("asked", "applied"),
    [(16.55, 16.5), (16.5, 16.5), (16, 16), (16.66666, 16.6), (0.05, 0.0), (0.3, 0.3), (-0.05, -0.1), (1e300, 1e300)],
)
def test_w17_a_limit_of_many_decimals_is_rounded_down(asked: float, applied: float) -> None:
    payload = profile(chargingSchedulePeriod=[period(asked)], minChargingRate=asked)
    schedule = check_request("SetChargingProfile", payload)["csChargingProfiles"]["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"] == [period(applied)]
    assert schedule["minChargingRate"] == applied
    assert isinstance(applied, type(schedule["minChargingRate"]))


def test_w17_the_profile_of_a_remote_start_is_rounded_too() -> None:
    payload = {"idTag": "x", "chargingProfile": profile(chargingSchedulePeriod=[period(7.77)])["csChargingProfiles"]}
    profile_ = check_request("RemoteStartTransaction", payload)["chargingProfile"]
    assert profile_["chargingSchedule"]["chargingSchedulePeriod"] == [period(7.7)]


@given(tenths=st.integers(-(10**6), 10**6))
def test_w17_no_limit_of_one_decimal_is_changed(tenths: int) -> None:
    payload = profile(chargingSchedulePeriod=[period(tenths / 10)])
    assert check_request("SetChargingProfile", payload) == payload


@given(limit=st.floats(-1e6, 1e6))
def test_w17_no_limit_is_rounded_up(limit: float) -> None:
    payload = profile(chargingSchedulePeriod=[period(limit)])
    schedule = check_request("SetChargingProfile", payload)["csChargingProfiles"]["chargingSchedule"]
    assert limit - 0.1 <= schedule["chargingSchedulePeriod"][0]["limit"] <= limit


@pytest.mark.parametrize(
    "id_tag",
    ["\0", "\u202e", "Ж", "\r\nINFO fake", "a\tb", "x" * 21, "\x7f"],
)
def test_n9_an_id_tag_is_printable_ascii(id_tag: str) -> None:
    assert refusal("RemoteStartTransaction", {"idTag": id_tag}).code == "PropertyConstraintViolation"
    entry = {"idTag": "x", "idTagInfo": {"status": "Accepted", "parentIdTag": id_tag}}
    local_list = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    assert refusal("SendLocalList", local_list).code == "PropertyConstraintViolation"


@pytest.mark.parametrize("id_tag", ["<script>", "'; DROP", "{{7*7}}", "%n%s", "=cmd|", "04 A1 b2"])
def test_n9_what_only_looks_dangerous_is_an_id_tag(id_tag: str) -> None:
    assert check_request("RemoteStartTransaction", {"idTag": id_tag}) == {"idTag": id_tag}


def test_n19_a_list_beyond_all_measure_is_refused_before_it_is_checked() -> None:
    entries: list[Any] = [{"idTag": "x"}] * MAX_ITEMS
    local_list = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": entries}
    assert check_request("SendLocalList", local_list) == local_list
    local_list["localAuthorizationList"] = [*entries, {"nonsense": 1}]
    assert refusal("SendLocalList", local_list).code == "OccurenceConstraintViolation"
    assert refusal("SetChargingProfile", profile(chargingSchedulePeriod=[1] * 10_000)).code == (
        "OccurenceConstraintViolation"
    )


def test_a_list_of_mistakes_is_one_mistake() -> None:
    keys: list[Any] = [None] * MAX_ITEMS
    assert refusal("GetConfiguration", {"key": keys}).code == "TypeConstraintViolation"


def test_of_two_mistakes_it_tells_the_graver_one() -> None:
    assert refusal("Reset", {"type": "Nonsense", "surplus": 1}).code == "FormationViolation"
    assert refusal("ChangeConfiguration", {"key": "x" * 51}).code == "OccurenceConstraintViolation"


@pytest.mark.parametrize(
    ("action", "payload", "description"),
    [
        ("Reset", {}, "type is missing"),
        ("Reset", {"type": "x"}, "type is none of the values that it can have"),
        ("Reset", {"type": "Hard", "\u202e": 1}, "\\u202e is not a field of this message"),
        ("ChangeConfiguration", {"key": "x" * 51, "value": ""}, "key is longer than 50 characters"),
        (
            "SetChargingProfile",
            profile(duration="x"),
            "csChargingProfiles.chargingSchedule.duration is not of the type integer",
        ),
        (
            "SetChargingProfile",
            profile(startSchedule="x"),
            "csChargingProfiles.chargingSchedule.startSchedule is not a time as ISO 8601 writes it",
        ),
        (
            "SetChargingProfile",
            profile(surplus="x"),
            "csChargingProfiles.chargingSchedule.surplus is not a field of this message",
        ),
        (
            "SetChargingProfile",
            profile(chargingSchedulePeriod=[{"startPeriod": 0}]),
            "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.limit is missing",
        ),
    ],
)
def test_it_says_which_field_is_wrong(action: str, payload: Any, description: str) -> None:
    assert refusal(action, payload).description == description


@pytest.mark.parametrize(
    ("action", "answered", "used"),
    [
        # W14: fields that nobody knows
        (
            "BootNotification",
            {"status": "Accepted", "currentTime": "2026-10-06T12:00:00Z", "interval": 300, "x": {}},
            {"status": "Accepted", "currentTime": "2026-10-06T12:00:00Z", "interval": 300},
        ),
        ("StatusNotification", {"status": "Accepted"}, {}),
        ("LogStatusNotification", {"x": 1}, {}),
        # W16: a clock that cannot be read does not keep the station from starting
        (
            "BootNotification",
            {"status": "Accepted", "currentTime": "yesterday", "interval": 300},
            {"status": "Accepted", "interval": 300},
        ),
        ("BootNotification", {"status": "Pending"}, {"status": "Pending", "interval": 0}),
        ("BootNotification", {"status": "Rejected", "interval": "soon"}, {"status": "Rejected", "interval": 0}),
        ("Heartbeat", {"currentTime": 5}, {}),
        # W15: the transaction id survives whatever stands beside it
        ("StartTransaction", {"transactionId": 5}, {"transactionId": 5, "idTagInfo": {"status": "Invalid"}}),
        (
            "StartTransaction",
            {"transactionId": 5, "idTagInfo": {"status": "Perhaps"}},
            {"transactionId": 5, "idTagInfo": {"status": "Invalid"}},
        ),
        (
            "StartTransaction",
            {"transactionId": 5, "idTagInfo": None},
            {"transactionId": 5, "idTagInfo": {"status": "Invalid"}},
        ),
        (
            "StartTransaction",
            {"transactionId": -1, "idTagInfo": {"status": "Blocked", "parentIdTag": "x" * 21}},
            {"transactionId": -1, "idTagInfo": {"status": "Blocked"}},
        ),
        ("StopTransaction", {"idTagInfo": {"status": "Perhaps"}}, {}),
        (
            "Authorize",
            {"idTagInfo": {"status": "Accepted", "expiryDate": "never", "parentIdTag": None}},
            {"idTagInfo": {"status": "Accepted"}},
        ),
        ("DataTransfer", {"status": "Accepted", "data": {"a": 1}}, {"status": "Accepted"}),
        ("SignCertificate", {"status": "Accepted"}, {"status": "Accepted"}),
    ],
)
def test_w14_w15_w16_it_uses_what_can_be_used_of_an_answer(action: str, answered: Any, used: Any) -> None:
    assert check_confirmation(action, answered) == used


@pytest.mark.parametrize(
    ("action", "answered"),
    [
        ("BootNotification", {}),
        ("BootNotification", {"status": "accepted", "currentTime": "2026-10-06T12:00:00Z", "interval": 300}),
        ("Authorize", {}),
        ("Authorize", {"idTagInfo": {"status": "Perhaps"}}),
        ("Authorize", {"idTagInfo": "Accepted"}),
        ("StartTransaction", {"idTagInfo": {"status": "Accepted"}}),
        ("StartTransaction", {"transactionId": None, "idTagInfo": {"status": "Accepted"}}),
        ("StartTransaction", {"transactionId": "5", "idTagInfo": {"status": "Accepted"}}),
        ("StartTransaction", {"transactionId": True}),
        ("SignCertificate", {"status": 5}),
    ],
)
def test_w15_an_answer_without_what_is_needed_is_none(action: str, answered: Any) -> None:
    with pytest.raises(Invalid):
        check_confirmation(action, answered)


@pytest.mark.parametrize(
    ("action", "answered", "description"),
    [
        ("Authorize", {"idTagInfo": {}}, "idTagInfo.status is missing"),
        ("Authorize", {"idTagInfo": {"status": 5}}, "idTagInfo.status is not of the type string"),
        ("StartTransaction", {}, "transactionId is missing"),
    ],
)
def test_it_says_what_an_answer_lacks(action: str, answered: Any, description: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_confirmation(action, answered)
    assert raised.value.description == description


@pytest.mark.parametrize("action", OUTGOING)
def test_n8_what_is_used_of_a_spoilt_answer_obeys_the_schema(action: str) -> None:
    root = schema_of(action, Kind.CONFIRMATION)
    needed = {f"payload.{name}" for name in root.get("required", ())}
    for bad in spoilt(action, Kind.CONFIRMATION):
        try:
            used = check_confirmation(action, bad.payload)
        except Invalid:
            assert f"payload.{bad.field.removeprefix('payload.').split('.')[0]}" in needed, bad
            continue
        missing = {name for name in needed if name.removeprefix("payload.") not in used}
        assert {(action, name) for name in missing} <= NOT_ASKED_FOR, bad
        assert set(used) <= set(root.get("properties", {}))


@pytest.mark.parametrize("action", OUTGOING)
def test_t22_it_lets_our_own_requests_pass(action: str) -> None:
    check_own(action, whole(schema_of(action), schema_of(action)), Kind.REQUEST)


@pytest.mark.parametrize("action", INCOMING)
def test_t22_it_lets_our_own_answers_pass(action: str) -> None:
    root = schema_of(action, Kind.CONFIRMATION)
    check_own(action, whole(root, root), Kind.CONFIRMATION)


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Heartbeat", {"x": 1}, "FormationViolation"),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, "OccurenceConstraintViolation"),
        ("Authorize", {"idTag": "Ж"}, "PropertyConstraintViolation"),
        (
            "StartTransaction",
            {"connectorId": 1, "idTag": "x", "meterStart": 1.5, "timestamp": "2026-10-06T12:00:00Z"},
            "TypeConstraintViolation",
        ),
        (
            "StartTransaction",
            {"connectorId": 1, "idTag": "x", "meterStart": 1, "timestamp": "2026-10-06T12:00:00+00:00"},
            "PropertyConstraintViolation",
        ),
        ("Reset", {"type": "Hard"}, "NotImplemented"),
    ],
)
def test_t22_our_own_requests_are_checked_to_the_letter(action: str, payload: Any, code: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_own(action, payload, Kind.REQUEST)
    assert raised.value.code == code


def test_t22_a_composite_schedule_has_one_decimal() -> None:
    def answer(limit: float) -> dict[str, Any]:
        return {
            "status": "Accepted",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period(limit)]},
        }

    # 16.6 is among the values that a division by 0.1 refuses.
    check_own("GetCompositeSchedule", answer(16.6), Kind.CONFIRMATION)
    with pytest.raises(Invalid, match="more than one decimal") as raised:
        check_own("GetCompositeSchedule", answer(16.66), Kind.CONFIRMATION)
    assert raised.value.code == ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-10-06T12:00:00Z", datetime(2026, 10, 6, 12, tzinfo=UTC)),
        ("2026-10-06T12:00:00", datetime(2026, 10, 6, 12, tzinfo=UTC)),
        ("2026-10-06T12:00:00+02:00", datetime(2026, 10, 6, 10, tzinfo=UTC)),
        ("2026-10-06T12:00:00.5Z", datetime(2026, 10, 6, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-10-06T12:00:00.123456789Z", datetime(2026, 10, 6, 12, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_w16_it_reads_times(text: str, at: datetime) -> None:
    assert time_of(text) == at
    assert time_of(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["yesterday", "", "2026-10-06", "T", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-12:00"],
)
def test_w16_it_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        time_of(text)
    assert refusal("GetDiagnostics", {"location": "ftp://x", "startTime": text}).code == "PropertyConstraintViolation"
