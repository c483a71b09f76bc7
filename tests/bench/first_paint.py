"""How soon does a browser that knows nothing show the truth, and what does it load for that?"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from .machine import surroundings
from .measurement import Effort, Measurement, spread_ms
from .pixels import ARGUMENTS, CHROMIUM, LOOK, SEEN_WITHIN_S
from .stations import RunningStation, station_of
from .waiting import wait_for

PAINT_BAR_S: Final = 1.0
WEIGHT_BAR_BYTES: Final = 300_000
# The frame in which the first connector stands is on the glass; the navigation's own zero is that of performance.now().
FIRST: Final = f"""
window.benchFirst_ms = null;
const looking = new MutationObserver(() => {{
  if (!{LOOK}) return;
  looking.disconnect();
  requestAnimationFrame(() => {{
    const after = new MessageChannel();
    after.port1.onmessage = () => {{ window.benchFirst_ms = performance.now(); }};
    after.port2.postMessage(0);
  }});
}});
looking.observe(document, {{ subtree: true, childList: true, attributes: true }});
"""
PAINTED: Final = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def opened_once(station: RunningStation) -> dict[str, Any]:
    """A browser with a folder of its own opens the page: first_s, truth_s, bytes over the wire, hosts asked."""
    weight_bytes, hosts = 0, set[str]()

    def loaded(event: dict[str, Any]) -> None:
        nonlocal weight_bytes
        weight_bytes += int(event["encodedDataLength"])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1024, "height": 600})
            page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
            wire = page.context.new_cdp_session(page)
            wire.send("Network.enable")
            wire.on("Network.loadingFinished", loaded)
            page.add_init_script(FIRST)
            page.goto(f"http://127.0.0.1:{station.port}/")
            truth_ms = wait_for("the truth", lambda: page.evaluate("() => window.benchFirst_ms"), SEEN_WITHIN_S, 0.05)
            first_ms = wait_for("a first paint", lambda: page.evaluate(PAINTED), SEEN_WITHIN_S, 0.05)
        finally:
            browser.close()
    return {"first_s": first_ms / 1000, "truth_s": truth_ms / 1000, "bytes": weight_bytes, "hosts": sorted(hosts)}


def first_paint(effort: Effort) -> Measurement:
    """Each time with a browser that was never there; what counts is the longest until the truth is on the glass."""
    with station_of(has_screen=True) as station:
        found = [opened_once(station) for _ in range(effort.of(1, 20, 100))]
        own = f"127.0.0.1:{station.port}"
    longest_s = max(each["truth_s"] for each in found)
    heaviest = max(each["bytes"] for each in found)
    elsewhere = sorted({host for each in found for host in each["hosts"]} - {own})
    return Measurement(
        name="first_paint",
        value=round(longest_s, 3),
        unit="s, longest",
        bar=f"the truth is painted <= {PAINT_BAR_S:g} s; <= {WEIGHT_BAR_BYTES // 1000} kB; nothing from elsewhere",
        ok=longest_s <= PAINT_BAR_S and 0 < heaviest <= WEIGHT_BAR_BYTES and not elsewhere,
        details={
            "truth": spread_ms([each["truth_s"] for each in found]),
            "first_contentful_paint": spread_ms([each["first_s"] for each in found]),
            "heaviest_bytes": heaviest,
            "elsewhere": elsewhere,
            **surroundings(),
        },
    )
