"""The language of the page in a real browser: chosen by touch everywhere, the owner's again, with its own numbers."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from typing import Final

import pytest

from charging.domain.faults import FAULTS
from charging.snapshot import Snapshot
from kiosk import words
from tests.kiosk.stations import SITUATIONS, charging, connector, snapshot, transaction

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM, FileKiosk, opened
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.test_page import CUT_OFF, IS_SHOWN
from tests.kiosk.test_words import STOP_REASONS, WHYS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NARROW: Final = "\u202f"
IDLE_MS: Final = 91_000


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    page = opened(browser, kiosk.url, (800, 480))
    expect(page.locator(".tile")).to_have_count(4)
    yield page
    page.context.close()


def choose(page: Page, language: str) -> None:
    page.locator(".tongue").click()
    page.locator(f".tongues [data-language={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("situation", ["overview-4", "charging", "card-unknown", "emergency", "none"])
def test_it_speaks_every_language_on_every_page(page: Page, kiosk: FileKiosk, situation: str) -> None:
    kiosk.show(SITUATIONS[situation])
    expect(page.locator(".tongue").last).to_be_visible()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    opened_at = page.evaluate("performance.timeOrigin")
    for language in words.LANGUAGES:
        page.locator(".tongue").last.click()
        expect(page.locator(".tongues .choice")).to_have_count(len(words.LANGUAGES))
        page.locator(f".tongues [data-language={language}]").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator(".emergency")).to_contain_text(str(words.sentences(language)["screen.emergency_stop"]))
        expect(page.locator(".tongue").last).to_have_text(words.LANGUAGES[language])
    assert sockets == []
    assert page.evaluate("performance.timeOrigin") == opened_at


def test_it_shows_big_targets_and_the_emergency_stop_while_one_chooses(page: Page) -> None:
    page.locator(".tongue").click()
    boxes = [each.bounding_box() for each in page.locator(".tongues .choice").all()]
    assert all(box and box["width"] >= 150 and box["height"] >= 90 for box in boxes)
    page.get_by_role("button", name="Emergency stop").click()
    expect(page.locator(".alarm")).to_be_visible()


def test_it_speaks_the_language_of_the_owner_after_nobody_has_touched(page: Page) -> None:
    page.clock.install()
    page.reload()
    choose(page, "fr")
    page.clock.run_for(IDLE_MS // 2)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.clock.run_for(IDLE_MS)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_it_keeps_the_language_for_the_first_session_and_not_for_the_next(page: Page, kiosk: FileKiosk) -> None:
    def begun(number: int) -> None:
        running = [charging(each) | {"transaction": transaction() | {"id": each}} for each in range(1, number + 1)]
        kiosk.show(snapshot(*running, *(connector(each) for each in range(number + 1, 4)), name=f"With {number}"))
        expect(page.locator(".name")).to_have_text(f"With {number}")

    begun(0)
    choose(page, "de")
    begun(1)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    begun(2)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_it_speaks_on_until_the_words_of_another_language_have_come(page: Page) -> None:
    page.route("**/words.json*", lambda route: route.abort())
    page.locator(".tongue").click()
    page.locator(".tongues [data-language=es]").click()
    expect(page.locator(".tongues")).to_be_hidden()
    expect(page.locator(".emergency")).to_contain_text("Emergency stop")
    page.unroute("**/words.json*")
    expect(page.locator(".emergency")).to_contain_text("Parada de emergencia")


def wordy() -> Iterator[Snapshot]:
    """Every fault, reason and stop reason where its sentence stands."""
    for name in FAULTS:
        yield snapshot(connector(1, situation="fault", blocked=True, faults=[name], mrec="CX002"))
    for why in WHYS:
        yield snapshot(charging(1, why=why, limit_until="2026-11-22T20:30:00+00:00"))
        yield snapshot(charging(1) | {"situation": "paused_by_station", "why": why})
    for reason in STOP_REASONS:
        yield snapshot(
            connector(1, situation="unplug", plugged=True, finished=transaction(), stop_reason=reason, can_release=True)
        )


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_cuts_off_no_fault_and_no_reason(browser: Browser, kiosk: FileKiosk, language: str) -> None:
    page = opened(browser, f"{kiosk.url}/?lang={language}", (800, 480))
    broken = []
    for number, shown in enumerate(wordy()):
        kiosk.show(shown | {"station": shown["station"] | {"name": f"Harbour {number}."}})
        page.wait_for_function(IS_SHOWN, arg=f"Harbour {number}.")
        if page.evaluate(CUT_OFF):
            broken.append(page.locator(".says").inner_text())
    page.context.close()
    assert broken == []


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", [f"11.0{NARROW}kW", f"12.34{NARROW}kWh", "64%", "24°C", "20:14"]),
        ("ru", [f"11,0{NARROW}кВт", f"12,34{NARROW}кВт·ч", f"64{NARROW}%", f"24{NARROW}°C", "20:14"]),
        ("de", [f"11,0{NARROW}kW", f"12,34{NARROW}kWh", f"64{NARROW}%", f"24{NARROW}°C", "20:14"]),
        ("fr", [f"11,0{NARROW}kW", f"12,34{NARROW}kWh", f"64{NARROW}%", f"24{NARROW}°C", "20:14"]),
        ("es", [f"11,0{NARROW}kW", f"12,34{NARROW}kWh", f"64{NARROW}%", f"24{NARROW}°C", "20:14"]),
        ("zh", [f"11.0{NARROW}kW", f"12.34{NARROW}kWh", "64%", "24°C", "20:14"]),
    ],
)
def test_it_writes_numbers_as_the_language_does(page: Page, language: str, told: list[str]) -> None:
    choose(page, language)
    found = page.evaluate("""async () => {
      const { power, energy, percent, degrees, clock } = await import("/static/kiosk/numbers.js");
      return [power(11040), energy(12340), percent(64), degrees(24), clock(new Date(2026, 10, 22, 20, 14))];
    }""")
    assert found == told


@pytest.mark.parametrize("language", ["ru", "de", "fr", "es", "zh"])
def test_it_picks_the_plural_form_that_gettext_would(page: Page, language: str) -> None:
    choose(page, language)
    key = "screen.free_count"
    said = page.evaluate(
        """async (key) => {
      const { sayCount } = await import("/static/kiosk/words.js");
      return Array.from({ length: 130 }, (_, count) => sayCount(key, count, { free: "{free}", total: "{total}" }));
    }""",
        key,
    )
    forms = words.subjects()["screen"][key]
    assert isinstance(forms, dict)
    catalogue = gettext.translation("screen", words.HERE / "locale", [language])
    wanted = [catalogue.npgettext(key, forms["one"], forms["other"], count) for count in range(130)]
    assert said == wanted
