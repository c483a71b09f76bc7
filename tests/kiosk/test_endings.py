"""Whatever ends by time says so at least 20 s before, with what is left, and a touch puts it off (WCAG 2.2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from charging.snapshot import Snapshot
from tests.kiosk.stations import SITUATIONS, charging, connector, ended, snapshot

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM, FileKiosk, opened
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
STEP_S: Final = 3  # shorter than the silence after which the page gives its socket up
PICTURE: Final = "0" * 32 + ".png"
TWO: Final = snapshot(connector(1), connector(2))
Pass = Callable[[int], None]


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    page = opened(browser, "about:blank")
    page.clock.install()
    yield page
    page.close()
    kiosk.wear()


def passing(page: Page, kiosk: FileKiosk, shown: Snapshot, path: str = "/") -> Pass:
    """Open the page; time goes by as often as asked, and the station is heard all along."""
    kiosk.show(shown)
    with page.expect_websocket() as found:
        page.goto(f"{kiosk.url}{path}")
    expect(page.locator(".bottom")).to_be_visible()

    def seconds(total: int) -> None:
        for _ in range(total // STEP_S):
            page.clock.run_for(STEP_S * 1000)
            with found.value.expect_event("framereceived"):
                kiosk.show(shown)

    return seconds


def test_the_next_end_is_told_from_25_s_on(page: Page, kiosk: FileKiosk) -> None:
    passing(page, kiosk, TWO)
    found = page.evaluate(
        """async () => {
          const { nearest } = await import("/static/kiosk/endings.js");
          const two = [["page", 90_000], ["idle", 80_000]];
          return [nearest([], 0), ...[54_999, 55_000, 79_000, 81_000].map((now_ms) => nearest(two, now_ms))];
        }"""
    )
    assert found == [None, None, *({"what": "idle", "left_s": left_s} for left_s in (25, 1, 0))]


def test_a_page_says_20_s_before_that_it_leads_back_and_a_touch_puts_it_off(page: Page, kiosk: FileKiosk) -> None:
    seconds = passing(page, kiosk, TWO, "/connector/1")
    ending = page.locator(".ending")
    seconds(60)
    expect(ending).to_have_count(0)
    seconds(6)
    expect(ending).to_contain_text("Back to all connectors in")
    page.get_by_role("button", name="Not yet").click()
    expect(ending).to_have_count(0)
    expect(page.locator(".phone")).to_be_visible()
    seconds(69)
    expect(ending).to_be_visible()
    expect(page.locator(".emergency")).to_be_visible()
    seconds(24)
    expect(page.locator(".tile")).to_have_count(2)


@pytest.mark.parametrize(
    ("touch", "told"),
    [
        (".tongue", "This closes in"),
        (".code", "This closes in"),
        (".tongue >> nth=0, [data-language=fr]", "La langue change dans"),
    ],
)
def test_a_choice_and_a_dialog_say_when_they_end(page: Page, kiosk: FileKiosk, touch: str, told: str) -> None:
    seconds = passing(page, kiosk, TWO)
    for each in touch.split(", "):
        page.locator(each).click()
    seconds(69)
    expect(page.locator(".ending")).to_contain_text(told)
    page.locator(".stay").click()
    expect(page.locator(".ending")).to_have_count(0)
    seconds(69)
    expect(page.locator(".ending")).to_contain_text(told)


def test_the_picture_of_an_idle_screen_is_announced(page: Page, kiosk: FileKiosk) -> None:
    kiosk.wear(idle_picture=PICTURE, idle_after_min=1)
    seconds = passing(page, kiosk, TWO)
    seconds(39)
    expect(page.locator(".ending")).to_contain_text("The picture comes in")
    page.locator(".stay").click()
    seconds(30)
    expect(page.locator(".idle")).to_have_count(0)
    seconds(33)
    expect(page.locator(".idle")).to_be_visible()
    expect(page.locator(".ending")).to_have_count(0)


def test_nothing_ends_on_the_page_of_a_car(page: Page, kiosk: FileKiosk) -> None:
    seconds = passing(page, kiosk, snapshot(charging(1), connector(2)), "/connector/1")
    seconds(99)
    expect(page.locator(".ending")).to_have_count(0)
    expect(page.locator(".says h2")).to_contain_text("Charging")


def test_a_question_waits_20_s_and_says_how_long(page: Page, kiosk: FileKiosk) -> None:
    seconds = passing(page, kiosk, SITUATIONS["charging"])
    page.get_by_role("button", name="Stop charging").click()
    expect(page.locator(".seconds")).to_have_text("0:24")
    seconds(21)
    expect(page.get_by_role("button", name="Yes, stop")).to_be_visible()
    seconds(6)
    expect(page.get_by_role("button", name="Stop charging")).to_be_visible()
    assert [each for each in kiosk.asked() if each["action"] == "stop"] == []


def test_a_card_that_waits_says_how_long_and_how_to_get_more_time(page: Page, kiosk: FileKiosk) -> None:
    passing(page, kiosk, SITUATIONS["card-accepted"])
    expect(page.locator(".sheet-card")).to_contain_text("0:50 left")
    expect(page.locator(".sheet-card")).to_contain_text("Hold the card again for more time")


@pytest.mark.parametrize(("left_s", "told"), [(300.0, ""), (41.0, "(0:41 left)")])
def test_how_it_ended_is_told_with_what_is_left_of_it(page: Page, kiosk: FileKiosk, left_s: float, told: str) -> None:
    passing(page, kiosk, snapshot(connector(1, left=ended(7_310), left_for_s=left_s)))
    sentence = page.locator(".told-after")
    expect(sentence).to_contain_text("Your cable is released.")
    assert ("left)" in sentence.inner_text()) == bool(told)
    expect(sentence).to_contain_text(told)
