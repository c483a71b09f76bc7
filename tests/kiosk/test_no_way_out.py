"""N39: whoever touches, types or plugs in a keyboard stays on the page, in a Chromium with the station's own flags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Page, expect, sync_playwright

from station.parent.browser import FLAGS
from tests.kiosk.browsers import CHROMIUM, FileKiosk
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]
KEYS: Final = (
    *("F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "ContextMenu", "Alt+ArrowLeft", "Alt+Home", "Alt+F4"),
    *(f"Control+{key}" for key in ("f", "g", "h", "j", "k", "l", "n", "o", "p", "r", "s", "t", "u", "w", "+", "-")),
    *("Control+Shift+I", "Control+Shift+J", "Control+Shift+N", "Control+Shift+Delete", "Meta+l"),
)
# Of each event of real input: whether the page has kept the browser from acting on it.
KEPT: Final = """
window.kept = [];
for (const name of ['keydown', 'contextmenu', 'selectstart', 'dragstart', 'wheel', 'auxclick']) {
  window.addEventListener(name, (event) => window.kept.push([event.type, event.defaultPrevented]));
}
window.addEventListener('beforeprint', () => window.kept.push(['print', false]));
"""
MIDDLE: Final = (512, 300)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        flags = [flag for flag in FLAGS if flag != "--kiosk"]  # there is no screen to fill
        flags += ["--no-sandbox", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield running
        running.close()


@pytest.fixture
def page(chromium: Any, kiosk: FileKiosk) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1024, "height": 600}, has_touch=True)
    page = context.new_page()
    page.add_init_script(KEPT)
    page.goto(kiosk.url)
    expect(page.locator(".tile")).to_have_count(4)
    opened: list[str] = []
    page.on("dialog", lambda dialog: opened.append(dialog.type))
    page.on("download", lambda download: opened.append(download.url))
    page.on("filechooser", lambda _chooser: opened.append("a file chooser"))
    yield page
    assert (len(context.pages), page.url, opened) == (1, f"{kiosk.url}/", [])
    assert page.evaluate("() => [visualViewport.scale, scrollX, scrollY, String(getSelection())]") == [1, 0, 0, ""]
    expect(page.locator(".tile")).to_have_count(4)
    context.close()


def kept(page: Page, kind: str) -> list[bool]:
    return [prevented for name, prevented in page.evaluate("() => window.kept") if name == kind]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_means_something_to_a_browser_means_nothing(page: Page, key: str) -> None:
    page.keyboard.press(key)
    assert kept(page, "keydown")
    assert kept(page, "keydown")[-1]
    assert not kept(page, "print")


def test_no_menu_comes_at_a_right_click_or_a_long_press(page: Page) -> None:
    page.mouse.click(*MIDDLE, button="right")
    wire = page.context.new_cdp_session(page)
    point = {"x": MIDDLE[0], "y": MIDDLE[1]}
    wire.send("Input.synthesizeTapGesture", {**point, "duration": 1_200})
    menus = kept(page, "contextmenu")
    assert menus
    assert all(menus)


def test_nothing_is_selected_or_dragged_away(page: Page) -> None:
    page.mouse.move(100, 200)
    page.mouse.down()
    page.mouse.move(900, 400, steps=5)
    page.mouse.up()
    assert all(kept(page, "selectstart") + kept(page, "dragstart"))


def test_two_fingers_and_the_wheel_zoom_nothing(page: Page) -> None:
    wire = page.context.new_cdp_session(page)
    wire.send("Input.synthesizePinchGesture", {"x": MIDDLE[0], "y": MIDDLE[1], "scaleFactor": 3.0})
    page.keyboard.down("Control")
    page.mouse.move(*MIDDLE)
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    page.wait_for_function("() => window.kept.some(([name]) => name === 'wheel')")
    assert all(kept(page, "wheel"))


def test_a_swipe_goes_to_no_page_before(page: Page) -> None:
    wire = page.context.new_cdp_session(page)
    wire.send("Input.synthesizeScrollGesture", {"x": 20, "y": 300, "xDistance": 700, "yDistance": 0, "speed": 2_000})
    wire.send("Input.synthesizeScrollGesture", {"x": 512, "y": 20, "xDistance": 0, "yDistance": 500, "speed": 2_000})


def test_a_dropped_file_is_not_opened(page: Page) -> None:
    wire = page.context.new_cdp_session(page)
    dropped = {"items": [], "files": ["/etc/hostname"], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        wire.send("Input.dispatchDragEvent", {"type": kind, "x": MIDDLE[0], "y": MIDDLE[1], "data": dropped})


def test_the_page_has_no_link_no_field_and_no_frame(page: Page) -> None:
    ways = "a[href], input, textarea, select, iframe, [contenteditable]"
    assert page.locator(ways).count() == 0


ADDRESSES: Final = ("file:///etc/passwd", "chrome://settings", "view-source:http://127.0.0.1/", "javascript:1")


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_page_cannot_be_talked_into_another_address(page: Page, address: str) -> None:
    """Should a hostile text ever become code: what it opens is nothing."""
    page.evaluate("(address) => { try { location.assign(address); } catch { return; } }", address)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
