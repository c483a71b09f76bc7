"""How to start, step by step: the order of each way of allowing, what is ticked and what is due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.kiosk.stations import SITUATIONS, connector, snapshot, station

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
OPEN: Final = {"needs_card": False}
PLUGGED: Final = {"plugged": True}
NO_READER: Final = {"reader_present": False}
# Situation, mode, more of the connector, more of the station -> steps in order; + is done, > is due.
STEPS: Final[list[tuple[str, str, dict[str, Any], dict[str, Any], str]]] = [
    ("free", "card", {}, {}, ">plug card charge"),
    ("authorize", "card", PLUGGED, {}, "+plug >card charge"),
    ("plug_in", "card", {}, {}, "+card >plug charge"),
    ("connecting", "card", PLUGGED, {}, "+plug +card >charge"),
    ("free", "central_system", {}, {}, ">plug app charge"),
    ("authorize", "central_system", PLUGGED, {}, "+plug >app charge"),
    ("plug_in", "central_system", {}, {}, "+app >plug charge"),
    ("connecting", "central_system", PLUGGED, {}, "+plug +app >charge"),
    ("free", "none", OPEN, {}, ">plug start charge"),
    ("authorize", "none", OPEN | PLUGGED, {}, "+plug >start charge"),
    ("plug_in", "none", OPEN, {}, "+start >plug charge"),
    ("connecting", "none", OPEN | PLUGGED, {}, "+plug +start >charge"),
    ("free", "card", {}, NO_READER, ""),  # no card can be held: the sentence says whom to call
    ("free", "none", OPEN, NO_READER, ">plug start charge"),
    *((situation, "card", {}, {}, "") for situation in ("charging", "unplug", "fault", "reserved", "stale")),
]


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    page = opened(browser, f"{kiosk.url}/connector/1")
    yield page
    page.close()


def test_it_orders_ticks_and_marks_the_steps(page: Page) -> None:
    asked = [
        [connector(1, **more), situation, station(authorization_mode=mode, **stations)]
        for situation, mode, more, stations, _ in STEPS
    ]
    found = page.evaluate(
        """async (asked) => {
          const { stepsOf } = await import("/static/kiosk/steps.js");
          const told = ({ name, done, due }) => (done ? "+" : due ? ">" : "") + name;
          return asked.map((each) => stepsOf(...each).map(told).join(" "));
        }""",
        asked,
    )
    assert found == [told for *_, told in STEPS]


def test_what_is_due_stands_out_and_what_is_done_is_ticked_in_words_too(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(SITUATIONS["authorize"])
    due = page.locator(".steps [aria-current='step']")
    expect(due).to_have_count(1)
    expect(due).to_have_text("2Hold your card to the reader")
    expect(page.locator(".steps .ticked")).to_contain_text("(done)")
    expect(page.locator(".steps .ticked .dot svg")).to_have_count(1)
    kiosk.show(SITUATIONS["plug_in"])
    expect(due).to_have_text("2Plug your own cable in here and at the car")
    expect(page.locator(".steps .ticked")).to_contain_text("Hold your card")


def test_the_details_are_one_touch_away_and_so_is_the_way_back(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(snapshot(connector(1, standard="CCS2")))
    expect(page.locator(".steps .due")).to_have_text("1Plug this cable into your car")
    page.get_by_role("button", name="Technical data").click()
    expect(page.locator(".facts")).to_contain_text("Cable is attached")
    page.get_by_role("button", name="How to start").click()
    expect(page.locator(".steps li")).to_have_count(3)
