"""The page read aloud: only on a touch, in the chosen language, by a voice of the computer, as loud as the owner wants.

A browser of the tests has no voice, so that its two speech objects are replaced; all before them is the real page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.kiosk.stations import SITUATIONS, connector, four, snapshot

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM, SIZES, FileKiosk
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.test_page import CUT_OFF, IS_SHOWN, SMALL

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
VOICES: Final = """window.said = [];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const told = [["en-US", true], ["en_GB", true], ["ru-RU", true], ["de-DE", false]];
  const speaker = new EventTarget();
  speaker.getVoices = () => told.map(([lang, localService]) => ({ lang, localService }));
  speaker.speak = (text) => window.said.push(text);
  speaker.cancel = () => window.said.push(null);
  Object.defineProperty(window, "speechSynthesis", { value: speaker });"""
LAST: Final = """() => {
  const { text, lang, voice, volume } = window.said.findLast(Boolean);
  return { text, lang, voice: voice.lang, volume: Math.round(volume * 100) };
}"""
LOUDSPEAKER: Final = ".speech"


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    kiosk.wear()
    page = browser.new_page(viewport={"width": 800, "height": 480})
    page.add_init_script(VOICES)
    page.goto(kiosk.url)
    expect(page.locator(".tile")).to_have_count(4)
    yield page
    page.close()
    kiosk.wear()


def heard(page: Page) -> Any:
    page.locator(LOUDSPEAKER).click()
    return page.evaluate(LAST)


def test_it_reads_the_sentence_and_what_to_do(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(SITUATIONS["free"])
    expect(page.locator(".says h2")).to_contain_text("Plug in your car")
    assert heard(page) == {
        "text": "Connector A. Plug in your car. This connector is free. Plug in, then hold your card to the reader.",
        "lang": "en-GB",
        "voice": "en_GB",
        "volume": 36,
    }


def test_it_reads_all_connectors(page: Page) -> None:
    text = heard(page)["text"]
    assert text.startswith(
        "Harbour Street 12. 0 of 4 free. Connector A. Charging. You may leave. Stop here or at your car."
    )
    assert "Connector B. Hold your card. Hold it still until the screen answers." in text


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        (
            "overview-8",
            "Harbour Street 12. 4 of 8 free. Connector A. Charging. Connector B. Hold your card. Connector C.",
        ),
        ("card-unknown", "Card not accepted. We do not know this card."),
        ("fault", "Connector A. This connector has a fault."),
    ],
)
def test_it_reads_what_is_seen_first(page: Page, kiosk: FileKiosk, name: str, begins: str) -> None:
    kiosk.show(SITUATIONS[name] | {"station": SITUATIONS[name]["station"] | {"support_phone": "1"}})
    expect(page.locator(".number")).to_have_text("1")
    assert heard(page)["text"].startswith(begins)


def test_it_speaks_the_chosen_language_and_has_no_loudspeaker_without_a_voice_of_it(page: Page) -> None:
    page.locator(".tongue").click()
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    told = heard(page)
    assert (told["lang"], told["voice"]) == ("ru-RU", "ru-RU")
    assert "Заряжается" in told["text"]
    for language in ("Deutsch", "Français"):  # a voice from elsewhere, and none at all
        page.locator(".tongue").click()
        page.get_by_role("button", name=language).click()
        expect(page.locator(LOUDSPEAKER)).to_have_count(0)


def test_a_second_touch_and_another_page_end_it(page: Page) -> None:
    page.get_by_role("button", name="Read aloud").click()
    page.get_by_role("button", name="Stop reading").click()
    assert page.evaluate("window.said.at(-1)") is None
    page.get_by_role("button", name="Read aloud").click()
    page.locator(".tile").first.click()
    expect(page.get_by_role("button", name="Read aloud")).to_be_visible()
    assert page.evaluate("window.said.at(-1)") is None
    page.get_by_role("button", name="Read aloud").click()
    page.evaluate("window.said.at(-1).onend()")
    expect(page.get_by_role("button", name="Read aloud")).to_be_visible()


def test_it_is_as_loud_as_the_owner_wants_and_says_nothing_by_itself(page: Page, kiosk: FileKiosk) -> None:
    assert page.evaluate("window.said") == []
    kiosk.wear(night_from="00:00", night_until="23:59", night_percent=10)
    page.wait_for_function("() => localStorage.getItem('face') !== null")
    kiosk.show(four() | {"station": four()["station"] | {"support_phone": "2"}})
    expect(page.locator(".number")).to_have_text("2")
    assert heard(page)["volume"] == 1
    kiosk.wear(night_from="00:00", night_until="23:59", night_percent=0)
    expect(page.locator(LOUDSPEAKER)).to_have_count(0)


@pytest.mark.parametrize("reach", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_the_loudspeaker_fits_every_page(browser: Browser, kiosk: FileKiosk, size: str, *, reach: bool) -> None:
    kiosk.wear(lower_reach=reach)
    page = browser.new_page(viewport={"width": SIZES[size][0], "height": SIZES[size][1]})
    page.add_init_script(VOICES)
    page.goto(f"{kiosk.url}/?lang=ru")
    broken: dict[str, list[str]] = {}
    for name in ("overview-1", "overview-8", "overview-64", "free", "charging", "unplug"):
        shown = (
            SITUATIONS[name] if name.startswith("overview") else snapshot(*SITUATIONS[name]["connectors"], connector(9))
        )
        kiosk.show(shown | {"station": shown["station"] | {"name": f"Harbour {name}"}})
        page.wait_for_function(IS_SHOWN, arg=f"Harbour {name}")
        if not name.startswith("overview"):
            page.locator(".tile").first.click()
        expect(page.locator(LOUDSPEAKER)).to_be_visible()
        wrong = page.evaluate(CUT_OFF) + page.evaluate(SMALL)
        if wrong:
            broken[name] = wrong
        page.locator(".back").click() if page.locator(".back").count() else None
    page.close()
    kiosk.wear()
    assert broken == {}
