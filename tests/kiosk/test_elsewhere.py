"""The page in a browser that is not the station's own: it looks, it cannot touch, and it says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kiosk.stations import SITUATIONS, four

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM, FileKiosk, opened, running_kiosk
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]
KEY = "k" * 43
ACTING = '[data-do="start"], [data-do="stop"], [data-do="ask-stop"], [data-do="release"], [data-do="choose"]'


@pytest.fixture(scope="module")
def kiosk() -> Iterator[FileKiosk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATION_SCREEN_KEY", KEY)
        with running_kiosk(four()) as running:
            yield running


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    page = opened(browser, kiosk.url)
    yield page
    page.close()


def test_what_acts_is_not_there(page: Page, kiosk: FileKiosk) -> None:
    expect(page.locator(".onlooker")).to_contain_text("looking from elsewhere")
    for name in ("authorize-open", "charging", "unplug", "card-choose"):
        situation = SITUATIONS[name]
        kiosk.show(situation | {"station": situation["station"] | {"name": f"Harbour {name}"}})
        expect(page.locator(".bottom, .top").filter(has_text=f"Harbour {name}").first).to_be_visible()
        assert page.locator(ACTING).count() == 0
        assert page.locator(".emergency").count() == 0
    assert [each for each in kiosk.asked() if each["action"] != "beat"] == []


def test_it_says_so_in_russian_too(browser: Browser, kiosk: FileKiosk) -> None:
    page = opened(browser, f"{kiosk.url}/?lang=ru")
    expect(page.locator(".onlooker")).to_contain_text("Вы смотрите издалека")
    page.close()


def test_a_command_that_is_forged_all_the_same_is_refused_in_words(page: Page, kiosk: FileKiosk) -> None:
    forged = """() => new Promise((resolve) => {
      const wire = new WebSocket(`ws://${location.host}/ws/kiosk/`);
      wire.onopen = () => wire.send(JSON.stringify({ action: "stop", connector: 1, request: "forged" }));
      wire.onmessage = ({ data }) => JSON.parse(data).kind === "answer" && resolve(JSON.parse(data).refusal);
    })"""
    assert page.evaluate(forged) == "not_at_cabinet"
    assert [each for each in kiosk.asked() if each["action"] != "beat"] == []


def test_with_the_key_everything_is_there(browser: Browser, kiosk: FileKiosk) -> None:
    kiosk.show(SITUATIONS["authorize-open"])
    page = opened(browser, f"{kiosk.url}/screen?key={KEY}")
    assert page.url == f"{kiosk.url}/"
    expect(page.locator(".emergency")).to_be_visible()
    expect(page.locator(ACTING).first).to_be_visible()
    page.close()
