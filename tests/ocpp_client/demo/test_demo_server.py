from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ocpp_client.demo import files
from ocpp_client.demo.answers import Answers
from ocpp_client.demo.commands import DEFAULTS, catalogue
from ocpp_client.demo.messages import Answer, Call, Unreadable, parse, text_of
from ocpp_client.demo.schemas import FROM_STATION, actions, commands, faults_of
from tests.central_system.tiny_station import BOOT, START, TinyStation
from tests.conftest import PROJECT_DIR

from .servers import WillingStation, running_demo, stations_at, watching

NOON: Final = "2026-01-31T12:00:00Z"
PLACES: Final = {"$now": NOON, "$hour": NOON, "$connector": 1, "$transaction": 7}
METER: Final = {
    "connectorId": 1,
    "meterValue": [
        {
            "timestamp": NOON,
            "sampledValue": [
                {"value": "3.5", "unit": "kWh"},
                {"value": "11.04", "unit": "kW", "measurand": "Power.Active.Import"},
                {"value": "nan", "measurand": "SoC"},
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_demo() as url:
        yield url


def status_of(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:  # noqa: S310 - ours
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


# --- a station --------------------------------------------------------------------------------------------------


def test_a_whole_session_is_answered_and_shown(url: str) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "WHOLE") as station:
        assert station.call("BootNotification", BOOT)["status"] == "Accepted"
        station.call("StatusNotification", {"connectorId": 1, "status": "Charging", "errorCode": "NoError"})
        number = station.call("StartTransaction", START)["transactionId"]
        assert station.call("StartTransaction", START)["transactionId"] == number
        station.call("MeterValues", {**METER, "transactionId": number})
        page.wait("WHOLE", "MeterValues")
        (connector,) = page.stations["WHOLE"]["connectors"]
        assert (connector["transaction"], connector["readings"]) == (number, {"power_w": 11040})
        assert page.stations["WHOLE"]["transactions"][0]["energy_wh"] == 2500
        station.call("StopTransaction", {"transactionId": number, "meterStop": 5000, "timestamp": NOON})
        page.wait("WHOLE", "StopTransaction")
        (told,) = page.stations["WHOLE"]["transactions"]
        assert (told["energy_wh"], told["reason"], told["stopped_at"]) == (4000, "Local", NOON)


def test_a_second_transaction_has_another_id(url: str) -> None:
    with TinyStation(stations_at(url), "SECOND") as station:
        first = station.call("StartTransaction", START)["transactionId"]
        assert station.call("StartTransaction", {**START, "connectorId": 2})["transactionId"] != first


def test_a_transaction_from_before_this_program_is_taken_up(url: str) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "EARLIER") as station:
        station.call("MeterValues", {**METER, "transactionId": 4711})
        page.wait("EARLIER", "MeterValues")
        assert page.stations["EARLIER"]["transactions"][0]["id"] == 4711


def test_a_station_that_leaves_is_offline(url: str) -> None:
    with watching(url) as page:
        with TinyStation(stations_at(url), "LEAVES") as station:
            station.call("Heartbeat")
        while page.stations.get("LEAVES", {"connected": True})["connected"]:
            page.look()


def test_a_newer_socket_of_a_station_replaces_the_older_one(url: str) -> None:
    with TinyStation(stations_at(url), "TWICE") as older, TinyStation(stations_at(url), "TWICE") as newer:
        newer.call("Heartbeat")
        with pytest.raises(ConnectionClosed):
            older.hear()


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Heartbeat", {"extra": 1}, "FormationViolation"),
        ("StatusNotification", {"connectorId": 1, "status": "Broken", "errorCode": "NoError"}, "FormationViolation"),
        ("Reset", {"type": "Soft"}, "NotImplemented"),
        ("Nonsense", {}, "NotImplemented"),
    ],
)
def test_a_wrong_call_is_refused_and_shown(url: str, action: str, payload: dict[str, Any], code: str) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "WRONG") as station:
        message_id = station.send(action, payload)
        assert station.hear()[:3] == [4, message_id, code]
        assert page.wait("WRONG", action)["error"] == code


@pytest.mark.parametrize("rubbish", ["", "{", "[]", "null", '[2,"1"]', "[" * 100_000, b"\x00\xff", '[3,"x",{}]'])
def test_rubbish_is_shown_and_changes_nothing(url: str, rubbish: str | bytes) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "RUBBISH") as station:
        station.say(rubbish)
        station.call("Heartbeat")
        page.wait("RUBBISH", "Heartbeat")
        mine = [one for (whose, _), one in page.exchanges.items() if whose == "RUBBISH"]
        kinds = {one["action"] for one in mine if one["error"] == "NoAnswer"}
        assert kinds <= {"unreadable", "unasked"}
        assert kinds


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_no_message_is_too_strange_to_read(message: str | bytes) -> None:
    parsed = parse(message)
    assert isinstance(parsed, Call | Answer | Unreadable)
    if not isinstance(parsed, Unreadable):
        assert parse(text_of(parsed)) == parsed


# --- a command --------------------------------------------------------------------------------------------------


def test_a_command_reaches_the_station_and_its_answer_the_page(url: str) -> None:
    with watching(url) as page, WillingStation(stations_at(url), "WILLING") as station:
        page.say(identity="WILLING", action="Reset", payload={"type": "Soft"})
        assert station.wait_asked("Reset") == {"type": "Soft"}
        seen = page.wait("WILLING", "Reset", answer={"status": "Accepted"})
        assert 0 <= seen["ms"] < 5000
        assert (seen["ours"], seen["faults"], seen["error"]) == (True, [], "")


def test_a_command_waits_for_the_one_before_it(url: str) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "SLOW") as station:
        station.call("Heartbeat")
        page.say(identity="SLOW", action="Reset", payload={"type": "Soft"})
        page.say(identity="SLOW", action="ClearCache", payload={})
        _, message_id, action, _ = station.hear()
        assert action == "Reset"
        with pytest.raises(TimeoutError):
            station.hear(0.2)
        station.say(json.dumps([3, message_id, {"status": "Perhaps"}]))
        assert station.hear()[2] == "ClearCache"
        assert page.wait("SLOW", "Reset", answer={"status": "Perhaps"})["faults"] != []


def test_a_command_that_is_not_answered_ends_with_the_link(url: str) -> None:
    with watching(url) as page:
        with TinyStation(stations_at(url), "MUTE") as station:
            station.call("Heartbeat")
            page.say(identity="MUTE", action="ClearCache", payload={})
            station.hear()
        assert page.wait("MUTE", "ClearCache", error="NoAnswer")["faults"] == ["The link was lost."]


def test_what_a_page_says_wrongly_is_ignored(url: str) -> None:
    with watching(url) as page, WillingStation(stations_at(url), "IGNORES") as station:
        for wish in ({}, {"identity": 1}, {"identity": "NOBODY", "action": "Reset", "payload": {}}, {"answers": 5}):
            page.say(**wish)
        for text in ("{", "[]", b"\xff"):
            page.socket.send(text)
        page.say(identity="IGNORES", action="ClearCache", payload={})
        page.wait("IGNORES", "ClearCache", answer={"status": "Accepted"})
        assert [action for action, _ in station.asked] == ["ClearCache"]


def test_boot_and_cards_are_answered_as_the_page_chose(url: str) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "CHOSEN") as station:
        page.say(answers={"boot": "Pending", "cards": "Blocked"})
        page.say(answers={"boot": "Nonsense", "cards": None})
        page.say(identity="CHOSEN", action="ClearCache", payload={})
        station.hear()  # what the page said before has arrived
        assert station.call("BootNotification", BOOT)["status"] == "Pending"
        assert station.call("Authorize", {"idTag": "X"})["idTagInfo"] == {"status": "Blocked"}
        with watching(url) as other:
            assert other.hello == {"boot": "Pending", "cards": "Blocked"}
        page.say(answers={"boot": "Accepted", "cards": "Accepted"})


@pytest.mark.parametrize("action", sorted(FROM_STATION))
def test_every_answer_follows_its_schema(action: str) -> None:
    payload = {"idTag": "X"} if action == "StopTransaction" else {}
    assert faults_of(action, Answers().to(action, payload, 1), is_answer=True) == []


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: filled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return PLACES.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("action", commands())
def test_every_command_opens_with_values_that_follow_its_schema(action: str) -> None:
    assert faults_of(action, filled(DEFAULTS[action]), is_answer=False) == []


def test_every_command_of_ocpp_1_6_is_offered() -> None:
    offered = set(catalogue()["commands"])
    assert offered == set(DEFAULTS)
    assert offered | FROM_STATION == actions()
    assert len(actions()) == 39  # 28 of OCPP 1.6 and 11 of the security extension


def test_a_limit_of_one_decimal_is_no_fault_and_of_two_is_one() -> None:
    def profile(limit: float) -> dict[str, Any]:
        values = filled(DEFAULTS["SetChargingProfile"])
        values["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = limit
        return dict(values)

    assert [
        limit for limit in range(401) if faults_of("SetChargingProfile", profile(limit / 10), is_answer=False)
    ] == []
    assert faults_of("SetChargingProfile", profile(16.55), is_answer=False) != []


# --- bounds and doors -------------------------------------------------------------------------------------------


def test_it_keeps_the_newest_three_hundred_exchanges(url: str) -> None:
    with TinyStation(stations_at(url), "TALKS") as station:
        for _ in range(320):
            station.call("Heartbeat")
        with watching(url) as page:
            numbers = [number for identity, number in page.exchanges if identity == "TALKS"]
    assert (len(numbers), min(numbers), max(numbers)) == (300, 21, 320)


def test_what_is_too_long_to_read_is_cut_for_the_page_only(url: str) -> None:
    with watching(url) as page, TinyStation(stations_at(url), "LONG") as station:
        station.call("DataTransfer", {"vendorId": "Acme", "data": "x" * 100_000})
        assert page.wait("LONG", "DataTransfer")["request"].startswith("100032 characters, beginning with")


@pytest.mark.parametrize(
    ("identity", "offered", "headers", "status"),
    [
        ("", ["ocpp1.6"], {}, 404),
        ("a b", ["ocpp1.6"], {}, 404),
        ("x" * 49, ["ocpp1.6"], {}, 404),
        ("NEWER", ["ocpp2.0.1"], {}, 400),
        ("BROWSER", ["ocpp1.6"], {"Origin": "http://evil.example"}, 403),
    ],
)
def test_who_is_no_station_is_not_let_in(
    url: str, identity: str, offered: list[Any], headers: dict[str, str], status: int
) -> None:
    address = f"{stations_at(url)}/{identity.replace(' ', '%20')}"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, subprotocols=offered, additional_headers=headers, proxy=None).__enter__()
    assert refused.value.response.status_code == status


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_only_its_own_page_may_command(url: str, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    with pytest.raises(InvalidStatus) as refused:
        connect(url.replace("http", "ws") + "/live", additional_headers=headers, proxy=None).__enter__()
    assert refused.value.response.status_code == HTTPStatus.FORBIDDEN


def test_a_name_that_was_bent_to_this_computer_reads_nothing(url: str) -> None:
    assert status_of(f"{url}/", Host="evil.example") == HTTPStatus.FORBIDDEN
    assert status_of(f"{url}/", Host=f"localhost:{urlsplit(url).port}") == HTTPStatus.OK


@pytest.mark.parametrize("path", ["/nothing", "/../server.py", "/page/index.html", "/demo.css/", "/fonts/"])
def test_nothing_else_is_served(url: str, path: str) -> None:
    assert status_of(url + path) == HTTPStatus.NOT_FOUND


def test_every_answer_forbids_what_is_not_its_own(url: str) -> None:
    for path in ("/", "/app.js", "/demo.css", "/mark.svg", "/catalogue.json", "/fonts/Inter-Bold.woff2"):
        with urllib.request.urlopen(url + path, timeout=5) as answer:  # noqa: S310 - our own server
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_names_no_other_host() -> None:
    texts = [path.read_text("utf-8") for path in (Path(files.__file__).parent / "page").iterdir()]
    assert len(texts) >= 8
    named = [found for text in texts for found in re.findall(r"\b(?:https?|wss?)://[^\s\"'`<)]*", text)]
    assert set(named) <= {"http://www.w3.org/2000/svg", "ws://${location.host}/live", "ws://${location.host}/ocpp/"}


def test_it_listens_on_this_computer_only_unless_told_otherwise(url: str) -> None:
    port = urlsplit(url).port
    assert port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    with running_demo("--host", "127.0.0.2") as other:
        assert status_of(f"{other}/") == HTTPStatus.OK


def test_a_taken_port_is_said_in_a_sentence(url: str) -> None:
    command = [sys.executable, "manage.py", "demo_csms", "--port", str(urlsplit(url).port)]
    ended = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "Choose another with --port." in ended.stderr
    assert "Traceback" not in ended.stderr
