"""An EV driver: reads the page, touches it with a finger, holds cards, plugs and unplugs."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import Locator, Page, expect

from tests.journeys.bench_calls import Bench
from tests.journeys.patience import rest

PATIENCE_MS: Final = 30_000
SECOND_TAP_AFTER_S: Final = 2.5  # two taps of one card within two seconds are one
FIGURES: Final = ".gauges .stat dd b"


@dataclass
class EVDriver:
    """`page` is of a context that has touch; `bench` is the simulator's."""

    page: Page
    bench: Bench
    _held_s: dict[str, float] = field(default_factory=dict)

    # --- eyes ---------------------------------------------------------------------------------------------

    def sees(self, place: str, *texts: str) -> None:
        """Every text stands in the first such place, soon."""
        for text in texts:
            expect(self.page.locator(place).first).to_contain_text(text, timeout=PATIENCE_MS)

    def reads(self, title: str, *sentences: str) -> None:
        """The sentence of the one connector that is shown: its title, and what stands below it."""
        self.sees(".says h2", title)
        self.sees(".says", *sentences)

    def reads_of_the_card(self, title: str, *sentences: str) -> None:
        """What lies over the page after a card was held."""
        self.sees(".sheet-card", title, *sentences)

    def watches_the_figures(self) -> None:
        """Energy and time go up while one looks, and the energy is worth a receipt."""
        figures = self.page.locator(FIGURES)
        before = figures.all_inner_texts()
        expect(figures.nth(0)).not_to_have_text(re.compile(r"^(0[.,]00|\D.*)$"), timeout=PATIENCE_MS)
        for number in (0, 1):
            expect(figures.nth(number)).not_to_have_text(before[number], timeout=PATIENCE_MS)

    def reads_the_receipt(self, *texts: str, card: str) -> None:
        """What was charged, in figures and as a code."""
        total = self.page.locator(".total b")
        expect(total).to_have_text(re.compile(r"^0[.,](0[1-9]|[1-9]\d)$"), timeout=PATIENCE_MS)
        self.sees(".shows", *texts, f"•••• {card[-4:]}")
        self.page.wait_for_function("() => document.querySelector('.receipt-code')?.naturalWidth > 0")

    # --- fingers ------------------------------------------------------------------------------------------

    def touches(self, words: str) -> None:
        """A button, by what stands on it."""
        self._touch(self.page.get_by_role("button", name=words, exact=True))

    def touches_connector(self, letter: str) -> None:
        """A tile of the overview, or a choice for a card, by its letter."""
        place = self.page.locator(".tile, .choice").filter(has=self.page.get_by_text(letter, exact=True))
        self._touch(place)

    def touches_the_card_away(self) -> None:
        """What lies over the page goes at a touch."""
        self._touch(self.page.locator(".sheet-card"))
        expect(self.page.locator(".sheet-card")).to_have_count(0)

    def goes_to_all(self, words: str) -> None:
        """To the overview, wherever the page is; a plug may just have opened its connector."""
        expect(self.page.locator(".tile, .says").first).to_be_visible()
        if self.page.locator(".back").count():
            self.touches(words)

    def speaks(self, language: str) -> None:
        """Choose a language by touch."""
        self._touch(self.page.locator(".tongue").last)
        self._touch(self.page.locator(f".tongues [data-language={language}]"))
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def _touch(self, target: Locator) -> None:
        expect(target).to_be_visible(timeout=PATIENCE_MS)
        box = target.bounding_box()
        assert box
        self.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    # --- hands --------------------------------------------------------------------------------------------

    def plugs_in(self, connector: int) -> None:
        """A car, at the simulator."""
        self.bench.plug_in(connector)

    def unplugs(self, connector: int) -> None:
        """The car leaves."""
        self.bench.plug_out(connector)

    def holds(self, card: str) -> None:
        """To the simulated reader, which is asked by the station as a real one is."""
        while time.monotonic() - self._held_s.get(card, float("-inf")) < SECOND_TAP_AFTER_S:
            rest()
        self.bench.hold_card(card)
        self._held_s[card] = time.monotonic()
