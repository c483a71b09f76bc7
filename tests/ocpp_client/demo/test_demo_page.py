"""The page in a browser: what is shown, what a click sends, and that nothing leaves its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from ocpp_client.demo.commands import DEFAULTS
from ocpp_client.demo.schemas import commands, faults_of
from tests.central_system.tiny_station import BOOT, START
from tests.kiosk.browsers import opened, running_browser

from .servers import WillingStation, running_demo, stations_at

pytestmark = pytest.mark.e2e
SIZES: Final = {"1280x800": (1280, 800), "390x844": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_demo() as url:
        yield url


@pytest.fixture
def station(url: str) -> Iterator[WillingStation]:
    with WillingStation(stations_at(url), f"HARBOUR-{uuid4()}") as station:
        station.call("BootNotification", BOOT)
        station.call("StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"})
        yield station


@contextmanager
def spotless(browser: Browser, url: str, size: str = "1280x800") -> Iterator[Page]:
    """A page that must not complain on its console."""
    page = opened(browser, url, SIZES[size])
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page
    page.close()
    assert troubles == []


@pytest.fixture
def page(browser: Browser, url: str, station: WillingStation) -> Iterator[Page]:
    with spotless(browser, url) as page:
        page.locator("#stations button", has_text=station.identity).click()
        yield page


def charging(station: WillingStation) -> int:
    number = station.call("StartTransaction", START)["transactionId"]
    station.call("StatusNotification", {"connectorId": 1, "status": "Charging", "errorCode": "NoError"})
    return int(number)


def test_an_empty_page_says_where_to_connect_until_a_station_does(browser: Browser) -> None:
    with running_demo() as url, spotless(browser, url) as page:
        expect(page.locator("#nobody")).to_contain_text(f"{stations_at(url)}/<identity>")
        with WillingStation(stations_at(url), "FIRST") as station:
            station.call("StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"})
            expect(page.locator("#nobody")).to_be_hidden()
            expect(page.locator("#identity")).to_have_text("FIRST")
            expect(page.locator(".connector .pill")).to_have_text("Available")


def test_the_newest_frame_is_on_top(page: Page, station: WillingStation) -> None:
    expect(page.locator("#exchanges > li").first).to_contain_text("StatusNotification")
    station.call("Heartbeat")
    expect(page.locator("#exchanges > li").first).to_contain_text("Heartbeat")


def test_the_buttons_of_a_connector_send_what_they_say(page: Page, station: WillingStation) -> None:
    number = charging(station)
    for label, action, payload in (
        ("Stop", "RemoteStopTransaction", {"transactionId": number}),
        ("Unlock", "UnlockConnector", {"connectorId": 1}),
        ("No limit", "ClearChargingProfile", {"connectorId": 1}),
        ("Out of service", "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
    ):
        page.get_by_role("button", name=label, exact=True).click()
        assert station.wait_asked(action) == payload
    page.get_by_role("button", name="Limit 16 A").click()
    profile = station.wait_asked("SetChargingProfile")
    assert faults_of("SetChargingProfile", profile, is_answer=False) == []
    assert profile["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16}
    ]
    expect(page.locator("#exchanges > li").first).to_contain_text("SetChargingProfile")
    expect(page.locator("#note")).to_contain_text("SetChargingProfile: Accepted")


def test_start_asks_for_the_card_first(page: Page, station: WillingStation) -> None:
    page.get_by_role("button", name="Start…").click()
    page.locator("#fields label", has_text="idTag").first.locator("input").fill("04AABBCC")
    page.locator("#send").click()
    assert station.wait_asked("RemoteStartTransaction") == {"connectorId": 1, "idTag": "04AABBCC"}


def test_the_configuration_is_a_table_that_changes_values(page: Page, station: WillingStation) -> None:
    page.get_by_role("button", name="Configuration").click()
    page.locator("#configuration summary").click()
    page.get_by_role("button", name="Change…").click()
    page.locator("#fields label", has_text="value").locator("input").fill("30")
    page.locator("#send").click()
    assert station.wait_asked("ChangeConfiguration") == {"key": "HeartbeatInterval", "value": "30"}


def test_every_form_sends_its_first_values_unchanged(page: Page, station: WillingStation) -> None:
    charging(station)
    for action in commands():
        page.get_by_role("button", name="All commands…").click()
        page.select_option("#action", action)
        page.locator("#send").click()
        sent = station.wait_asked(action)
        assert faults_of(action, sent, is_answer=False) == []
        assert shape(sent) == shape(DEFAULTS[action]), action


def shape(value: Any) -> Any:
    """Names and nesting, without what the page fills in."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else None


def test_json_may_break_the_schema_and_the_page_says_so(page: Page, station: WillingStation) -> None:
    page.get_by_role("button", name="All commands…").click()
    page.select_option("#action", "Reset")
    page.locator("#asjson").click()
    page.locator("#json").fill('{"type": ')
    page.locator("#send").click()
    expect(page.locator("#complaint")).to_contain_text("This is no JSON yet")
    page.locator("#json").fill('{"type": "Warm"}')
    page.locator("#send").click()
    assert station.wait_asked("Reset") == {"type": "Warm"}
    expect(page.locator("#exchanges .faults").first).to_contain_text("$.type: 'Warm' is not one of")


def test_a_frame_opens_with_both_messages_and_stays_open(page: Page, station: WillingStation) -> None:
    page.locator("#exchanges summary").first.click()
    expect(page.locator("#exchanges pre").first).to_contain_text('"status": "Available"')
    station.call("Heartbeat")
    expect(page.locator("#exchanges > li").first).to_contain_text("Heartbeat")
    expect(page.locator("#exchanges pre")).to_have_count(2)


def test_frames_are_found_and_held(page: Page, station: WillingStation) -> None:
    page.locator("#filter").fill("chargepointmodel")
    expect(page.locator("#exchanges > li")).to_have_count(1)
    page.locator("#filter").fill("")
    expect(page.locator("#exchanges > li")).to_have_count(2)
    page.locator("#hold").click()
    station.call("Authorize", {"idTag": "HELD"})
    station.call("StatusNotification", {"connectorId": 1, "status": "Preparing", "errorCode": "NoError"})
    expect(page.locator(".connector .pill")).to_have_text("Preparing")
    expect(page.locator("#exchanges > li")).to_have_count(2)
    page.locator("#hold").click()
    expect(page.locator("#exchanges > li")).to_have_count(4)


def test_what_a_station_says_is_text_and_never_markup(page: Page, station: WillingStation) -> None:
    evil = "<img src=x onerror=alert(1)>"
    station.call("BootNotification", {"chargePointVendor": evil[:20], "chargePointModel": "<b>bold</b>"})
    station.call("StatusNotification", {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError", "info": evil})
    expect(page.locator(".trouble")).to_contain_text(evil)
    assert page.locator("main img, main b:text('bold')").count() == 0


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_screen(browser: Browser, url: str, station: WillingStation, size: str) -> None:
    charging(station)
    with spotless(browser, url, size) as page:
        expect(page.locator(".connector")).to_have_count(1)
        for view in ["#tabstation", "#tabframes"] if size == "390x844" else ["body"]:
            page.locator(view).click()
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_it_finds_the_server_again(browser: Browser) -> None:
    with running_demo() as url:
        page = opened(browser, url, SIZES["1280x800"])
        expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#pulse")).to_have_text("no contact")
    port = urlsplit(url).port or 0
    with running_demo(port=port), WillingStation(stations_at(url), "AGAIN") as station:
        station.call("Heartbeat")
        expect(page.locator("#pulse")).to_have_text("live")
        expect(page.locator("#identity")).to_have_text("AGAIN")
        page.close()
