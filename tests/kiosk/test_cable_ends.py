"""Which end holds the cable: the screen says where to unlock what, by the kind of connector and by its lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from charging.snapshot import ConnectorShown
from kiosk import words
from tests.kiosk.stations import connector, snapshot

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
# Connector that was charged and is still plugged in -> the sentence's key, the button's key ("": there is none).
ENDS: Final = [
    ("TYPE2_SOCKET", {"can_release": True}, "unplug.held.todo", "action.release"),
    ("TYPE2_SOCKET", {"cable_kept": True}, "unplug.kept.todo", ""),
    ("TYPE2_SOCKET", {}, "unplug.free.todo", ""),
    ("TYPE2_CABLE", {}, "unplug.todo", ""),
    ("CCS2", {"has_lock": True, "can_release": True}, "unplug.held_plug.todo", "action.release_plug"),
    ("CCS2", {"has_lock": True}, "unplug.todo", ""),
    ("CHADEMO", {}, "unplug.todo", ""),
]


def charged(standard: str, changes: dict[str, bool]) -> ConnectorShown:
    return connector(1, standard=standard, situation="unplug", plugged=True, **changes)


@pytest.fixture(params=["en", "ru"])
def page(browser: Browser, kiosk: FileKiosk, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = opened(browser, f"{kiosk.url}/?lang={request.param}")
    yield page
    page.close()


def test_it_says_which_end_holds_the_cable_and_how_it_is_freed(page: Page, kiosk: FileKiosk) -> None:
    page.wait_for_function("() => document.title !== ''")
    told = words.sentences(str(page.locator("html").get_attribute("lang")))
    for standard, changes, sentence, button in ENDS:
        kiosk.show(snapshot(charged(standard, changes)))
        expect(page.locator(".todo span")).to_have_text(str(told[f"situation.{sentence}"]))
        buttons = page.locator(".actions .act")
        expect(buttons).to_have_text([str(told[button])] if button else [])
