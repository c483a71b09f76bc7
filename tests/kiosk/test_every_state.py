"""Every state with every reason on every screen, in the two main languages: nothing is cut off, missing or foreign."""

from __future__ import annotations

import re
from itertools import product
from typing import Final

import hypothesis
import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser

from charging.snapshot import Snapshot
from tests.kiosk.browsers import CHROMIUM, FileKiosk, opened
from tests.kiosk.every_state import every_state
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import quick_kiosk as quick_kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.test_page import CUT_OFF, IS_SHOWN
from tests.kiosk.test_words import FORBIDDEN, FORBIDDEN_TRANSLATIONS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.fuzz,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SIZES: Final = {"800x480": (800, 480), "1024x600": (1024, 600), "1280x800": (1280, 800), "600x1024": (600, 1024)}
# A text whose end is not there, or that stands outside of the screen.
LOST: Final = """() => {
  const wrong = [];
  for (const element of document.querySelectorAll('#screen *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest('.unseen')) continue;
    const box = element.getBoundingClientRect();
    const where = `${element.className || element.tagName} "${element.textContent.trim().slice(0, 40)}"`;
    if (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) {
      wrong.push(`outside: ${where}`);
    }
    if (getComputedStyle(element).overflow !== 'visible' && element.scrollWidth > element.clientWidth + 1) {
      wrong.push(`cut: ${where}`);
    }
  }
  return wrong;
}"""
TEXT: Final = "() => document.getElementById('screen').innerText"
NO_WORD: Final = re.compile(
    r"\b(situation|why|fault|stop|refusal|card|step|screen|standard)\.[a-z_]{2,}|undefined|NaN|null|\[object"
)
OF_OCPP: Final = {"en": FORBIDDEN, "ru": re.compile(FORBIDDEN_TRANSLATIONS["ru"], re.IGNORECASE)}


SCREENS: Final = list(product(SIZES, ("en", "ru")))
SHARE: Final = 6


def states_of(screen: int) -> dict[str, Snapshot]:
    """All of them in `make fuzz`; else every sixth, others on the next screen: each is seen on one or two."""
    states = every_state()
    if hypothesis.settings.get_current_profile_name() == "fuzz":
        return states
    return {name: each for number, (name, each) in enumerate(states.items()) if (number + screen) % SHARE == 0}


@pytest.mark.parametrize(("size", "language"), SCREENS)
def test_every_state_is_whole_and_in_words(browser: Browser, quick_kiosk: FileKiosk, size: str, language: str) -> None:
    quick_kiosk.wear(language=language)  # a language that was only touched is the owner's again after a while
    page = opened(browser, quick_kiosk.url, SIZES[size])
    wrong: dict[str, list[str]] = {}
    for number, (name, shown) in enumerate(states_of(SCREENS.index((size, language))).items()):
        mark = f"Harbour {number}."
        quick_kiosk.show(shown | {"station": shown["station"] | {"name": mark}})
        page.wait_for_function(IS_SHOWN, arg=mark)
        text = page.evaluate(TEXT)
        words = [found[0] for pattern in (NO_WORD, OF_OCPP[language]) if (found := pattern.search(text))]
        if problems := page.evaluate(CUT_OFF) + page.evaluate(LOST) + words:
            wrong[name] = problems
    assert page.evaluate("() => document.documentElement.lang") == language
    page.close()
    assert wrong == {}


def test_what_is_cut_off_or_outside_is_seen(browser: Browser, quick_kiosk: FileKiosk) -> None:
    page = opened(browser, quick_kiosk.url, SIZES["1024x600"])
    page.wait_for_function("() => document.querySelector('.tile')")
    page.evaluate("""() => {
      const text = document.querySelector('.tile').appendChild(document.createElement('p'));
      text.textContent = 'A text that is long';
      Object.assign(text.style, { position: 'fixed', left: '1000px', width: '60px', overflow: 'hidden',
        whiteSpace: 'nowrap', fontSize: '40px' });
    }""")
    assert [each.split(":")[0] for each in page.evaluate(LOST)] == ["outside", "cut"]
    page.close()
