"""axe-core objects to nothing on any view of the page: EN 301 549 by way of WCAG, as far as a program can tell."""

from __future__ import annotations

from typing import Any, Final

import hypothesis
import pytest

pytest.importorskip("playwright.sync_api")
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page

from tests.kiosk.browsers import CHROMIUM, FileKiosk, opened
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import quick_kiosk as quick_kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.stations import SITUATIONS
from tests.kiosk.test_page import IS_SHOWN

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.fuzz,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
# Nobody may zoom the screen of a cabinet by two fingers (reliability.md N39); its letters are large by themselves.
OPTIONS: Final = {"rules": {"meta-viewport": {"enabled": False}}}


def objections(page: Page) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


THEMES: Final = ("light", "dark", "sunlight")


@pytest.mark.parametrize("theme", THEMES)
def test_every_situation_is_accessible_in_every_theme(browser: Browser, quick_kiosk: FileKiosk, theme: str) -> None:
    quick_kiosk.wear(theme=theme)
    page = opened(browser, quick_kiosk.url)
    wrong: dict[str, list[str]] = {}
    every = hypothesis.settings.get_current_profile_name() == "fuzz"  # else each situation in one of the themes
    for number, (name, shown) in enumerate(SITUATIONS.items()):
        if not every and number % len(THEMES) != THEMES.index(theme):
            continue
        mark = f"Harbour {number}."
        quick_kiosk.show(shown | {"station": shown["station"] | {"name": mark}})
        page.wait_for_function(IS_SHOWN, arg=mark)
        if found := objections(page):
            wrong[name] = found
    page.close()
    assert wrong == {}


SHEETS: Final = (  # what is touched, and what has to be there then
    ("English", ".languages"),
    ("Write to us", ".sheet-card"),
    ("Emergency stop", ".cover"),
)


@pytest.mark.parametrize(("touched", "opens"), SHEETS)
def test_what_a_touch_opens_is_accessible(browser: Browser, quick_kiosk: FileKiosk, touched: str, opens: str) -> None:
    quick_kiosk.wear(theme="light")
    quick_kiosk.show(SITUATIONS["overview-4"])
    page = opened(browser, quick_kiosk.url)
    page.get_by_role("button", name=touched).first.click()
    page.locator(opens).first.wait_for()
    assert objections(page) == []
    page.close()


def test_an_objection_is_seen(browser: Browser, quick_kiosk: FileKiosk) -> None:
    quick_kiosk.show(SITUATIONS["overview-4"])
    page = opened(browser, quick_kiosk.url)
    page.locator(".tile").first.wait_for()
    page.evaluate("() => document.querySelector('.tile').appendChild(document.createElement('img'))")
    assert [each.split(":")[0] for each in objections(page)] == ["image-alt"]
    page.close()
