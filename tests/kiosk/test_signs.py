"""The Chinese font of the page: it has every sign of the sentences, and is loaded for Chinese only."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final
from urllib.parse import urlsplit

import pytest

from kiosk import words
from tests.kiosk.stations import SITUATIONS

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, expect

from tests.kiosk.browsers import CHROMIUM, FileKiosk
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture

FONTS: Final = words.HERE / "static" / "kiosk" / "fonts"
NAME: Final = "NotoSansSC-signs"
LARGEST_BYTES: Final = 65_000
FIRST_SIGN: Final = "\u2e80"


def test_it_has_every_sign_of_the_chinese_sentences() -> None:
    signs = set((FONTS / f"{NAME}.txt").read_text("utf-8").strip())
    used = {sign for sign in words.document("zh") + words.LANGUAGES["zh"] if sign >= FIRST_SIGN}
    assert used - signs == set(), "run `make chinese-font`"
    assert (FONTS / f"{NAME}.woff2").stat().st_size < LARGEST_BYTES
    assert "SIL Open Font License, Version 1.1" in (FONTS / "NotoSansSC-LICENSE.txt").read_text("utf-8")


@pytest.mark.e2e
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_only_chinese_loads_it_and_only_without_a_font_of_the_device(
    browser: Browser, kiosk: FileKiosk, language: str
) -> None:
    fc_list = shutil.which("fc-list") or pytest.skip("what fonts the device has is not known")
    of_device = subprocess.run([fc_list, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False).stdout
    page = browser.new_page()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(urlsplit(request.url).path.rpartition("/")[2]))
    kiosk.show(SITUATIONS["authorize"])
    page.goto(f"{kiosk.url}/?lang={language}")
    expect(page.locator(".says")).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => null)")
    wanted = language == "zh" and not of_device.strip()
    assert (f"{NAME}.woff2" in loaded) == wanted
    page.close()
