"""The page in a real browser in front of a real daphne: what it shows, asks, refuses to show, and survives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from charging.snapshot import Snapshot
from kiosk import words
from kiosk.edition import edition
from tests.kiosk.stations import SITUATIONS, charging, connector, four, snapshot

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM, SIZES, FileKiosk, opened, served
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
HOSTILE: Final = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
HEAVIEST_BYTES: Final = 300_000
WaitFor = Callable[[Callable[[], object], float], None]

# What an eye would call broken: something is cut off, or the page scrolls.
CUT_OFF: Final = """() => {
  const selectors = '.says,.shows,.tile,.told,.actions,.top,.bottom,.cover,.gone,.sheet-card,.facts,.gauges';
  const cut = [...document.querySelectorAll(selectors)].filter((element) =>
    element.scrollHeight > element.clientHeight + 2 || element.scrollWidth > element.clientWidth + 2);
  const scrolls = document.documentElement.scrollHeight > innerHeight ? ['the page scrolls'] : [];
  return [...cut.map((element) => element.className), ...scrolls];
}"""
IS_SHOWN: Final = "(name) => document.querySelector('.bottom')?.textContent.includes(name)"
SMALL: Final = """() => [...document.querySelectorAll('button')]
  .map((button) => [button.innerText, button.getBoundingClientRect()])
  .filter(([, box]) => box.width < 72 || box.height < 72).map(([text, box]) => `${text} ${box.width}x${box.height}`)"""


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    page = opened(browser, kiosk.url)
    expect(page.locator(".tile")).to_have_count(4)
    yield page
    page.close()


def asked(kiosk: FileKiosk) -> list[tuple[str, int]]:
    return [(each["action"], each["connector"]) for each in kiosk.asked() if each["action"] != "beat"]


def test_it_loads_everything_from_its_own_host_and_is_light(browser: Browser, kiosk: FileKiosk) -> None:
    page = browser.new_page()
    requested: list[str] = []
    problems: list[str] = []
    weights: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    page.on("request", lambda request: requested.append(request.url))
    page.on("websocket", lambda socket: requested.append(socket.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{kiosk.url}/connector/1")
    expect(page.locator(".curve canvas")).to_be_visible()
    assert len(requested) == len(set(requested)), "something is loaded a second time"
    page.goto(kiosk.url)
    expect(page.locator(".tile")).to_have_count(4)
    own = urlsplit(kiosk.url).netloc
    assert {urlsplit(url).netloc for url in requested} == {own}
    assert f"ws://{own}/ws/kiosk/" in requested
    assert problems == []
    assert 100_000 < sum(weights) <= HEAVIEST_BYTES
    page.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_fits_the_screen_in_every_situation(browser: Browser, kiosk: FileKiosk, size: str, language: str) -> None:
    page = opened(browser, f"{kiosk.url}/?lang={language}", SIZES[size])
    broken: dict[str, list[str]] = {}
    for name, situation in SITUATIONS.items():
        marked = situation | {"station": situation["station"] | {"name": f"Harbour {name}"}}
        kiosk.show(marked)
        page.wait_for_function(IS_SHOWN, arg=f"Harbour {name}")
        cut = page.evaluate(CUT_OFF) + page.evaluate(SMALL)
        if cut:
            broken[name] = cut
    page.close()
    assert broken == {}


def test_it_opens_one_connector_and_returns(page: Page, kiosk: FileKiosk) -> None:
    page.locator(".tile").nth(2).click()
    expect(page.locator(".says h2")).to_contain_text("87.4")
    assert page.url == f"{kiosk.url}/connector/3"
    page.get_by_role("button", name="Technical data").click()
    expect(page.locator(".facts")).to_contain_text("CCS Combo 2")
    page.locator(".back").click()
    expect(page.locator(".tile")).to_have_count(4)


@pytest.mark.parametrize(
    ("standard", "says"), [("TYPE2_SOCKET", "Bring your own cable"), ("CHADEMO", "Cable is attached")]
)
def test_only_an_ac_socket_asks_for_the_cable_of_the_ev_driver(
    page: Page, kiosk: FileKiosk, standard: str, says: str
) -> None:
    kiosk.show(snapshot(connector(1, standard=standard, has_lock=True)))
    page.goto(f"{kiosk.url}/connector/1")
    page.get_by_role("button", name="Technical data").click()
    expect(page.get_by_text(says)).to_be_visible()


def test_it_stays_on_the_free_connector_whose_address_was_opened(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(snapshot(connector(1), connector(2)))
    page.goto(f"{kiosk.url}/connector/2")
    page.wait_for_function("() => performance.now() > 1500")  # it was painted several times since
    expect(page.locator(".badge")).to_have_text("B")


def test_its_power_curve_survives_a_reload(page: Page, kiosk: FileKiosk) -> None:
    kiosk.draw(1, 7, [(60.0 * minute, 11_000) for minute in range(67)])
    for _ in range(2):
        page.goto(f"{kiosk.url}/connector/1")
        expect(page.locator(".curve")).to_have_attribute("data-points", re.compile("^6[789]$|^7"))


def test_its_receipt_holds_the_figures_and_a_code(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(SITUATIONS["unplug"])
    expect(page.locator(".total")).to_contain_text("12.34")
    expect(page.locator(".shows")).to_contain_text("5D6E")
    page.wait_for_function("() => document.querySelector('.receipt-code')?.naturalWidth > 0")


@pytest.mark.parametrize(
    ("name", "says"), [("left-4", "7.31 kWh. Your cable is released."), ("left-1", "7.31 kWh. Your cable is released.")]
)
def test_it_still_tells_how_it_ended_when_the_car_has_gone(page: Page, kiosk: FileKiosk, name: str, says: str) -> None:
    kiosk.show(SITUATIONS[name])
    expect(page.locator("main")).to_contain_text(says)


@pytest.mark.parametrize(
    ("name", "says"), [("charging-card", "hold the card that started it"), ("charging-app", "use the app or the card")]
)
def test_it_offers_no_stop_that_would_be_refused(page: Page, kiosk: FileKiosk, name: str, says: str) -> None:
    kiosk.show(SITUATIONS[name])
    expect(page.locator(".says")).to_contain_text(says)
    expect(page.get_by_role("button", name="Stop charging")).to_have_count(0)


def test_it_asks_again_by_the_same_mark_after_a_reload(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    left = "JSON.stringify({asked: {action: 'stop', connector: 1, request: 'mark'}, at_ms: Date.now()})"
    page.evaluate(f"sessionStorage.setItem('asked', {left})")
    page.reload()
    wait_for(lambda: [each["request"] for each in kiosk.asked() if each["action"] == "stop"] == ["mark"], 15)
    page.wait_for_function("() => sessionStorage.getItem('asked') === null")


def test_it_asks_once_before_it_stops(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    page.locator(".tile").first.click()
    page.get_by_role("button", name="Stop charging").click()
    assert asked(kiosk) == []
    page.get_by_role("button", name="Yes, stop").click()
    wait_for(lambda: asked(kiosk) == [("stop", 1)], 15)


def test_it_starts_where_anyone_may_charge(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    kiosk.show(SITUATIONS["authorize-open"])
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for(lambda: asked(kiosk) == [("start", 2)], 15)


def test_it_says_why_it_was_refused(page: Page, kiosk: FileKiosk) -> None:
    kiosk.answer_with(accepted=False, refusal="reserved")
    kiosk.show(SITUATIONS["authorize-open"])
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("Somebody has booked this connector")


def test_it_releases_the_cable(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    kiosk.show(SITUATIONS["unplug"])
    page.get_by_role("button", name="Release my cable").click()
    wait_for(lambda: asked(kiosk) == [("release", 1)], 15)


def test_it_lets_a_card_choose_its_connector(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    kiosk.show(SITUATIONS["card-choose"])
    page.get_by_role("button", name="B Type 2", exact=True).click()
    wait_for(lambda: asked(kiosk) == [("choose", 2)], 15)


def test_it_stops_everything_with_one_tap(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    page.get_by_role("button", name="Emergency stop").click()
    expect(page.locator(".alarm")).to_be_visible()
    wait_for(lambda: asked(kiosk) == [("emergency_stop", 0)], 15)
    kiosk.show(SITUATIONS["emergency"])
    expect(page.locator(".alarm")).to_contain_text("Only a technician")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("card-presented", "Card read"),
        ("card-accepted", "Now plug in your car"),
        ("card-used", "For connector B"),
        ("card-unknown", "We do not know this card"),
        ("card-blocked", "This card is blocked"),
        ("card-absent", "Cannot check your card now"),
    ],
)
def test_it_answers_every_card_and_shows_four_characters(
    page: Page, kiosk: FileKiosk, name: str, sentence: str
) -> None:
    kiosk.show(SITUATIONS[name])
    expect(page.locator(".sheet-card")).to_contain_text(sentence)
    expect(page.locator(".sheet-card")).to_contain_text("5D6E")


def test_it_shows_a_name_as_text_and_never_runs_it(page: Page, kiosk: FileKiosk) -> None:
    hostile = snapshot(
        charging(1, letter=HOSTILE, standard=HOSTILE), name=HOSTILE, support_phone=HOSTILE, messenger_url=""
    )
    kiosk.show(hostile)
    expect(page.locator(".phone .number")).to_have_text(HOSTILE)
    assert page.title() != "1"
    assert page.locator("img").count() == 0


def test_it_shows_dashes_instead_of_old_values(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(SITUATIONS["charging-stale"])
    expect(page.locator(".says")).to_contain_text("No contact with this connector")
    expect(page.locator("main")).not_to_contain_text("11.0")


def test_it_follows_the_plug_that_was_just_inserted(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(snapshot(connector(1), connector(2)))
    expect(page.locator(".tile")).to_have_count(2)
    kiosk.show(snapshot(connector(1), connector(2, situation="authorize", plugged=True)))
    expect(page.locator(".says h2")).to_contain_text("Hold your card")
    expect(page.locator(".badge")).to_have_text("B")


def test_it_changes_the_language_on_every_page(page: Page, kiosk: FileKiosk) -> None:
    page.get_by_role("button", name="Language: English").click()
    page.get_by_role("button", name="Русский").click()
    expect(page.locator(".tile").first).to_contain_text("Заряжается")
    page.goto(f"{kiosk.url}/connector/1")
    expect(page.locator(".says h2")).to_contain_text("Идёт зарядка")


def test_it_reports_what_it_displays(page: Page, kiosk: FileKiosk, wait_for: WaitFor) -> None:
    expect(page.locator(".tile")).to_have_count(4)
    wait_for(lambda: {"action": "beat", "painted": True} in kiosk.asked(), 20)


def test_it_never_shows_a_lost_station_and_finds_it_again(browser: Browser, tmp_path: Path) -> None:
    kiosk = FileKiosk("", tmp_path)
    kiosk.show(four())
    kiosk.answer_with(accepted=True)
    with served(tmp_path) as url:
        page = opened(browser, url)
        expect(page.locator(".tile")).to_have_count(4)
    port = urlsplit(url).port or 0
    expect(page.locator(".gone")).to_contain_text("No contact with the station", timeout=6_000)
    expect(page.locator("#screen")).not_to_contain_text("Charging")
    page.get_by_role("button", name="Emergency stop").click()
    expect(page.locator(".alarm")).to_contain_text("Press the red button on the cabinet")
    with served(tmp_path, port):
        expect(page.locator(".tile")).to_have_count(4, timeout=10_000)
        # Asked for without contact, done as soon as there is one.
        assert ("emergency_stop", 0) in asked(kiosk)
    page.close()


def test_it_loads_itself_again_when_the_page_was_updated(page: Page) -> None:
    page.evaluate("document.documentElement.dataset.edition = 'older'")
    known = "(edition) => document.documentElement.dataset.edition === edition"
    page.wait_for_function(known, arg=edition(), timeout=12_000)


def colour_situations() -> dict[str, Snapshot]:
    return {
        name: SITUATIONS[name]
        for name in ("free", "authorize", "charging", "reserved", "fault", "no_contact", "paused_by_car")
    }


def test_it_keeps_its_words_readable_in_the_sun(page: Page, kiosk: FileKiosk) -> None:
    contrast = """(selector) => {
      const light = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
      const style = getComputedStyle(document.querySelector(selector));
      const [one, other] = [light(style.color), light(style.backgroundColor)].sort((a, b) => b - a);
      return (one + 0.05) / (other + 0.05);
    }"""
    found: dict[str, float] = {}
    for name, situation in colour_situations().items():
        kiosk.show(situation)
        expect(page.locator(f"main[data-situation='{name}']")).to_be_visible()
        found[name] = page.evaluate(contrast, ".says")
    assert min(found.values()) >= 7.0, found
    assert page.evaluate(contrast, ".emergency") >= 7.0
