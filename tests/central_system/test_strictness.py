"""Every rule is broken once, by a hand-written station, and each breach is seen as what it is and as nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from . import CentralSystem, Kind, Refused, Rule
from .tiny_station import BOOT, START, TinyStation, registered

METER: Final = {
    "connectorId": 1,
    "transactionId": 1001,
    "meterValue": [{"timestamp": "2026-01-31T08:05:00Z", "sampledValue": [{"value": "1500"}]}],
}
STOP: Final = {"transactionId": 1001, "meterStop": 2000, "timestamp": "2026-01-31T09:00:00Z", "reason": "Remote"}
AVAILABLE: Final = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}


@pytest.fixture
def central() -> Iterator[CentralSystem]:
    with CentralSystem() as central:
        yield central


@pytest.fixture
def station(central: CentralSystem) -> Iterator[TinyStation]:
    with registered(central.url) as station:
        yield station


def sampled(**fields: Any) -> dict[str, Any]:
    return {**METER, "meterValue": [{"timestamp": "2026-01-31T08:05:00Z", "sampledValue": [fields]}]}


def at(time: str) -> dict[str, Any]:
    return {**METER, "meterValue": [{"timestamp": time, "sampledValue": [{"value": "1500"}]}]}


def rule_name(value: object) -> str:
    return value.name if isinstance(value, Rule) else str(value)[:40]


# What a registered station says, message by message, and the one rule that it breaks with it.
UNREADABLE: Final[list[tuple[Rule, str | bytes]]] = [
    (Rule.NOT_TEXT, b'[2,"1","Heartbeat",{}]'),
    (Rule.NOT_JSON, '[2,"1","Heartbeat",{}'),
    (Rule.NOT_JSON, '[2,"1","DataTransfer",{"vendorId":"a","vendorId":"b"}]'),
    (Rule.NOT_JSON, '[2,"1","DataTransfer",{"data":NaN}]'),
    (Rule.NOT_JSON, '[2,"1","DataTransfer",{"data":1e999}]'),
    (Rule.NOT_JSON, "[" * 100_000),
    (Rule.NOT_A_FRAME, '{"2":"1"}'),
    (Rule.NOT_A_FRAME, '[2,"1","Heartbeat"]'),
    (Rule.NOT_A_FRAME, '[2,"1","Heartbeat",null]'),
    (Rule.NOT_A_FRAME, '[2,"1","Heartbeat",{},{}]'),
    (Rule.NOT_A_FRAME, '[9,"1",{}]'),
    (Rule.NOT_A_FRAME, '[3,"1",[]]'),
    (Rule.NOT_A_FRAME, '[4,"1","GenericError"]'),
    (Rule.TEXT, '[2,"1","DataTransfer",{"vendorId":"\\u0000"}]'),
    (Rule.TEXT, '[2,"1","DataTransfer",{"vendorId":"\\ud800"}]'),
    (Rule.MESSAGE_ID, '[2,"","Heartbeat",{}]'),
    (Rule.MESSAGE_ID, f'[2,"{"x" * 37}","Heartbeat",{{}}]'),
    (Rule.MESSAGE_ID, '[2,7,"Heartbeat",{}]'),
    (Rule.ERROR_CODE, '[4,"1","FormatViolation","",{}]'),
    (Rule.ERROR_CODE, f'[4,"1","GenericError","{"x" * 256}",{{}}]'),
    (Rule.UNASKED, '[3,"nobody asked",{}]'),
    (Rule.UNASKED, '[4,"nobody asked","GenericError","",{}]'),
]
CALLS: Final[list[tuple[Rule, str, dict[str, Any]]]] = [
    (Rule.ACTION, "Reset", {"type": "Soft"}),
    (Rule.ACTION, "heartbeat", {}),
    (Rule.SCHEMA, "Heartbeat", {"extra": 1}),
    (Rule.SCHEMA, "BootNotification", {"chargePointVendor": "Acme"}),
    (Rule.SCHEMA, "BootNotification", {**BOOT, "chargePointModel": "x" * 21}),
    (Rule.SCHEMA, "StatusNotification", {**AVAILABLE, "errorCode": "Error"}),
    (Rule.SCHEMA, "StatusNotification", {**AVAILABLE, "info": "x" * 51}),
    (Rule.SCHEMA, "StartTransaction", {**START, "meterStart": 1000.0}),
    (Rule.SCHEMA, "StartTransaction", {**START, "meterStart": None}),
    (Rule.SCHEMA, "StartTransaction", {**START, "connectorId": True}),
    (Rule.SCHEMA, "MeterValues", sampled(value=1500)),
    (Rule.SCHEMA, "MeterValues", sampled(value="1500", unit="Kelvins")),
    (Rule.TIMESTAMP, "StartTransaction", {**START, "timestamp": "2026-01-31T08:00:00"}),
    (Rule.TIMESTAMP, "StartTransaction", {**START, "timestamp": "2026-01-31T09:00:00+01:00"}),
    (Rule.TIMESTAMP, "StartTransaction", {**START, "timestamp": "2026-01-31T08:00:00.123456Z"}),
    (Rule.TIMESTAMP, "StartTransaction", {**START, "timestamp": "2026-02-31T08:00:00Z"}),
    (Rule.TIMESTAMP, "MeterValues", at("yesterday")),
    (Rule.ID_TAG, "Authorize", {"idTag": "CÄRD"}),
    (Rule.ID_TAG, "Authorize", {"idTag": ""}),
    (Rule.VALUE, "MeterValues", sampled(value="NaN")),
    (Rule.VALUE, "MeterValues", sampled(value="1,5", measurand="Current.Import")),
    (Rule.UNKNOWN_TRANSACTION, "StopTransaction", {**STOP, "transactionId": -1}),
    (Rule.UNKNOWN_TRANSACTION, "MeterValues", {**METER, "transactionId": 0}),
]
# After one StartTransaction that was accepted with the id 1001.
IN_A_TRANSACTION: Final[list[tuple[Rule, list[tuple[str, dict[str, Any]]]]]] = [
    (Rule.REPEAT_DIFFERS, [("StartTransaction", {**START, "reservationId": 4})]),
    (Rule.REPEAT_DIFFERS, [("StartTransaction", {**START, "idTag": "card"})]),
    (Rule.REPEAT_DIFFERS, [("MeterValues", METER), ("MeterValues", sampled(value="1501"))]),
    (Rule.REPEAT_DIFFERS, [("StopTransaction", STOP), ("StopTransaction", {**STOP, "meterStop": 2001})]),
    (Rule.OUT_OF_ORDER, [("MeterValues", at("2026-01-31T07:59:59Z"))]),
    (Rule.OUT_OF_ORDER, [("MeterValues", METER), ("StopTransaction", {**STOP, "timestamp": "2026-01-31T08:04:59Z"})]),
    (Rule.OUT_OF_ORDER, [("StopTransaction", STOP), ("StartTransaction", {**START, "meterStart": 2000})]),
    (Rule.METER_BACKWARDS, [("MeterValues", sampled(value="999"))]),
    (Rule.METER_BACKWARDS, [("MeterValues", sampled(value="0.998", unit="kWh"))]),
    (Rule.METER_BACKWARDS, [("MeterValues", METER), ("StopTransaction", {**STOP, "meterStop": 1499})]),
    (Rule.METER_BACKWARDS, [("StopTransaction", {**STOP, "transactionData": METER["meterValue"], "meterStop": 1400})]),
]


@pytest.mark.parametrize(("rule", "text"), UNREADABLE, ids=rule_name)
def test_it_sees_a_message_that_is_none(
    central: CentralSystem, station: TinyStation, rule: Rule, text: str | bytes
) -> None:
    station.say(text)
    station.call("Heartbeat")
    assert [violation.rule for violation in central.forgive(rule)] == [rule]


@pytest.mark.parametrize(("rule", "action", "payload"), CALLS, ids=rule_name)
def test_it_sees_a_call_that_breaks_a_rule(
    central: CentralSystem, station: TinyStation, rule: Rule, action: str, payload: dict[str, Any]
) -> None:
    station.send(action, payload)
    station.hear()
    assert [violation.rule for violation in central.forgive(rule)] == [rule]


@pytest.mark.parametrize(("rule", "calls"), IN_A_TRANSACTION, ids=rule_name)
def test_it_sees_a_transaction_that_is_told_wrongly(
    central: CentralSystem, station: TinyStation, rule: Rule, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    assert station.call("StartTransaction", START)["transactionId"] == 1001
    for action, payload in calls:
        station.call(action, payload)
    assert [violation.rule for violation in central.forgive(rule)] == [rule]


def test_it_sees_a_message_id_that_is_used_twice(central: CentralSystem, station: TinyStation) -> None:
    for _ in range(2):
        station.send("Heartbeat", {}, "the same")
        station.hear()
    central.forgive(Rule.MESSAGE_ID_TWICE)


def test_it_sees_a_message_id_of_another_link(central: CentralSystem) -> None:
    for _ in range(2):
        with TinyStation(central.url) as station:
            station.send("BootNotification", BOOT, "the same")
            station.hear()
        central.wait_disconnected()
    central.forgive(Rule.MESSAGE_ID_TWICE)


def test_it_lets_an_unanswered_message_be_sent_again_with_its_id(central: CentralSystem, station: TinyStation) -> None:
    central.cut_before("Heartbeat")
    station.send("Heartbeat", {}, "again")
    central.wait_disconnected()
    with TinyStation(central.url) as second:
        second.send("Heartbeat", {}, "again")
        second.hear()


def test_it_sees_a_second_call_before_the_answer(central: CentralSystem, station: TinyStation) -> None:
    central.delay("Heartbeat", 0.2, times=1)
    station.send("Heartbeat", {})
    station.send("Authorize", {"idTag": "CARD"})
    assert {station.hear()[0], station.hear()[0]} == {3}
    central.forgive(Rule.SECOND_CALL)


def test_it_sees_a_call_that_is_given_up_too_soon_but_not_one_that_timed_out() -> None:
    with CentralSystem(give_up_s=0.3) as central, registered(central.url) as station:
        central.silent("Heartbeat", times=2)
        station.send("Heartbeat", {})
        central.wait("Heartbeat")
        central.mark()
        central.quiet(None, 0.35)
        station.send("Heartbeat", {})
        assert central.violations == []
        station.call("Heartbeat")
        central.forgive(Rule.SECOND_CALL)


def answered(central: CentralSystem, station: TinyStation, answer: Callable[[str], list[Any]]) -> None:
    message_id = central.post("Reset", {"type": "Soft"})
    assert station.hear()[1] == message_id
    station.say(json.dumps(answer(message_id)))


def test_it_sees_an_answer_that_breaks_the_schema(central: CentralSystem, station: TinyStation) -> None:
    answered(central, station, lambda message_id: [3, message_id, {"status": "Perhaps"}])
    station.call("Heartbeat")
    central.forgive(Rule.SCHEMA)


def test_it_sees_a_second_answer(central: CentralSystem, station: TinyStation) -> None:
    answered(central, station, lambda message_id: [3, message_id, {"status": "Accepted"}])
    station.say(central.wait("Reset", kind=Kind.RESULT).text)
    station.call("Heartbeat")
    central.forgive(Rule.ANSWERED_TWICE)


def test_it_sees_an_answer_on_another_link(central: CentralSystem, station: TinyStation) -> None:
    message_id = central.post("Reset", {"type": "Soft"})
    station.socket.close()
    central.wait_disconnected()
    with TinyStation(central.url) as second:
        second.say(json.dumps([3, message_id, {"status": "Accepted"}]))
        second.call("Heartbeat")
    central.forgive(Rule.UNASKED)


def test_it_takes_a_callerror_with_the_right_code(central: CentralSystem, station: TinyStation) -> None:
    answered(central, station, lambda message_id: [4, message_id, "NotSupported", "no such thing here", {}])
    station.call("Heartbeat")
    with pytest.raises(Refused) as refused:
        central.answer_to(central.record.frames[2].message_id)
    assert (refused.value.code, refused.value.description) == ("NotSupported", "no such thing here")


def test_it_sees_a_call_before_the_station_is_accepted(central: CentralSystem) -> None:
    with TinyStation(central.url) as station:
        station.send("StatusNotification", AVAILABLE)
        assert station.hear()[:3:2] == [4, "SecurityError"]
    central.forgive(Rule.BEFORE_ACCEPTED)


def test_it_sees_a_call_between_a_boot_and_its_answer(central: CentralSystem, station: TinyStation) -> None:
    central.silent("BootNotification")
    central.mark()
    station.send("BootNotification", BOOT)
    central.wait("BootNotification")
    central.mark()
    central.quiet(None, 1.05)
    station.send("StatusNotification", AVAILABLE)
    station.hear()
    central.forgive(Rule.BEFORE_ACCEPTED)


def test_it_lets_a_pending_station_send_what_was_triggered(central: CentralSystem) -> None:
    central.boots("Pending", "Accepted", interval_s=60)
    with TinyStation(central.url) as station:
        station.call("BootNotification", BOOT)
        message_id = central.post("TriggerMessage", {"requestedMessage": "StatusNotification"})
        assert station.answer({"status": "Accepted"}) == "TriggerMessage"
        assert central.answer_to(message_id) == {"status": "Accepted"}
        station.call("StatusNotification", AVAILABLE)
        assert central.violations == []
        station.send("Heartbeat", {})
        station.hear()
        central.forgive(Rule.BEFORE_ACCEPTED)


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_it_sees_a_boot_before_the_interval_is_over(central: CentralSystem, status: str) -> None:
    central.boots(status, interval_s=60)
    with TinyStation(central.url) as station:
        station.call("BootNotification", BOOT)
        station.call("BootNotification", BOOT)
    central.forgive(Rule.BOOT_TOO_SOON)


def test_it_sees_an_answer_of_a_rejected_station(central: CentralSystem) -> None:
    central.boots("Rejected", interval_s=60)
    with TinyStation(central.url) as station:
        station.call("BootNotification", BOOT)
        message_id = central.post("ClearCache")
        station.answer({"status": "Accepted"})
        central.answer_to(message_id)
    central.forgive(Rule.WHILE_REJECTED)


def test_it_sees_a_handshake_without_the_subprotocol(central: CentralSystem) -> None:
    with TinyStation(central.url, subprotocols=["ocpp2.0.1"]) as station:
        assert station.socket.subprotocol is None
    central.forgive(Rule.SUBPROTOCOL)


def test_it_sees_an_offer_to_compress(central: CentralSystem) -> None:
    with TinyStation(central.url, compression="deflate") as station:
        station.call("BootNotification", BOOT)
    central.forgive(Rule.COMPRESSION)


def test_it_sees_a_user_who_is_not_the_identity(central: CentralSystem) -> None:
    with TinyStation(central.url, credentials=("CP2", b"")):
        central.wait_connected()
    central.forgive(Rule.BASIC_AUTH)


@pytest.mark.usefixtures("station")
def test_it_sees_two_sockets(central: CentralSystem) -> None:
    with TinyStation(central.url) as second:
        second.call("Heartbeat")
    central.forgive(Rule.TWO_SOCKETS)


def test_it_does_not_take_a_half_open_socket_that_the_station_closed_for_a_second_one(
    central: CentralSystem, station: TinyStation
) -> None:
    central.stall()
    station.vanish()
    with TinyStation(central.url) as second:
        second.call("Heartbeat")


def test_every_rule_is_broken_in_this_file() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [rule.name for rule in Rule if f"Rule.{rule.name}" not in text] == []


def breach_unforgiven() -> None:
    with CentralSystem() as central, registered(central.url) as station:
        station.send("Heartbeat", {"extra": 1})
        station.hear()


def test_a_breach_fails_the_test_that_does_not_forgive_it() -> None:
    with pytest.raises(AssertionError, match="SCHEMA"):
        breach_unforgiven()


def test_nothing_to_forgive_is_a_failure(central: CentralSystem, station: TinyStation) -> None:
    station.call("Heartbeat")
    with pytest.raises(AssertionError, match="nothing broke the rule SCHEMA"):
        central.forgive(Rule.SCHEMA)


def test_a_whole_correct_session_breaks_no_rule(central: CentralSystem, station: TinyStation) -> None:
    station.call("StatusNotification", {**AVAILABLE, "timestamp": "2026-01-31T08:00:00.123Z"})
    station.call("Authorize", {"idTag": "CARD"})
    station.call("StartTransaction", START)
    station.call("MeterValues", METER)
    station.call("MeterValues", METER)
    station.call("StopTransaction", {**STOP, "idTag": "CARD", "transactionData": METER["meterValue"]})
    station.call("MeterValues", {"connectorId": 0, "meterValue": METER["meterValue"]})
    assert central.violations == []
    assert central.ledger().energy_wh == 1000
