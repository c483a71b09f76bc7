"""How long from a plug, and from the commit that tells of it, to the picture? All on one clock.

Chromium's performance.now() is Linux' monotonic clock from another zero; the zero is found by asking for it between
two looks at our own clock, so the comparison is as exact as the fastest answer was quick.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from .machine import put_outside, surroundings
from .measurement import Effort, Measurement, share_of, spread_ms
from .stations import RunningStation, station_of
from .waiting import wait_for

SEED: Final = 1024
CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
P50_BAR_S: Final = 0.25
P99_BAR_S: Final = 0.6
COMMIT_BAR_S: Final = 0.15
SEEN_WITHIN_S: Final = 20.0
CALIBRATIONS: Final = 50
NUMBER: Final = 1
OPENED: Final = "SessionOpened"  # in the journal, by the frame that shows the plug
LOOK: Final = f"""document.querySelector('[data-number="{NUMBER}"][data-situation]')"""
SITUATION: Final = f"() => {LOOK}?.dataset.situation ?? ''"
# The picture is there when the frame that holds the change has been painted: a message after its animation callback.
WATCH: Final = f"""() => {{
  const was = {LOOK}.dataset.situation;
  window.benchSeen_ms = null;
  const watching = new MutationObserver(() => {{
    if (({LOOK}?.dataset.situation ?? was) === was) return;
    watching.disconnect();
    requestAnimationFrame(() => {{
      const after = new MessageChannel();
      after.port1.onmessage = () => {{ window.benchSeen_ms = performance.now(); }};
      after.port2.postMessage(0);
    }});
  }});
  watching.observe(document.body, {{ subtree: true, childList: true, attributes: true, characterData: true }});
}}"""


@contextmanager
def browser_page(station: RunningStation) -> Iterator[Page]:
    """The kiosk in Chromium, in the size of the screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1024, "height": 600})
            page.goto(f"http://127.0.0.1:{station.port}/")
            wait_for("the connector on the screen", lambda: page.evaluate(SITUATION) == "free", SEEN_WITHIN_S, 0.1)
            yield page
        finally:
            browser.close()


def clock_of(page: Page) -> tuple[float, float]:
    """What to add to performance.now() (s) for our monotonic clock, and how far that may be off."""
    best_s, offset_s = float("inf"), 0.0
    for _ in range(CALIBRATIONS):
        before_s = time.monotonic()
        page_s = float(page.evaluate("() => performance.now()")) / 1000
        after_s = time.monotonic()
        if after_s - before_s < best_s:
            best_s, offset_s = after_s - before_s, (before_s + after_s) / 2 - page_s
    return offset_s, best_s / 2


def seen_once(station: RunningStation, page: Page, offset_s: float) -> tuple[float, float]:
    """A car plugs in; when it did and when the screen showed it (monotonic). Leaves the connector free again."""
    page.evaluate(WATCH)
    station.truth.forget()
    station.simulator.post(f"/plugin/{NUMBER}")
    seen_ms = wait_for("the plug on the screen", lambda: page.evaluate("() => window.benchSeen_ms"), SEEN_WITHIN_S)
    [plugged] = station.truth.facts("plug", connector_id=NUMBER, plugged=True)
    return float(plugged["monotonic_s"]), float(seen_ms) / 1000 + offset_s


def unplugged(station: RunningStation, page: Page) -> None:
    """The connector is free again, and the screen says so."""
    station.simulator.post(f"/plugout/{NUMBER}")
    wait_for("the free connector on the screen", lambda: page.evaluate(SITUATION) == "free", SEEN_WITHIN_S, 0.05)


def opened_s(station: RunningStation) -> float:
    """When the frame that opened the running session was read (monotonic): its commit came a little later."""
    with closing(sqlite3.connect(f"file:{station.data_dir}/station.sqlite3?mode=ro", uri=True)) as record:
        [(mono_s,)] = record.execute(
            "SELECT mono_s FROM charging_journalentry WHERE connector_number = ? AND kind = ? ORDER BY id DESC LIMIT 1",
            (NUMBER, OPENED),
        )
    return float(mono_s)


def commit_to_pixel(effort: Effort) -> Measurement:
    """As plug_to_pixel, from the moment that the record gives to it: the board's answer, so the commit is included."""
    chance = random.Random(SEED)
    with station_of(authorization_mode="card", has_screen=True) as station, browser_page(station) as page:
        offset_s, off_by_s = clock_of(page)
        found = []
        for _ in range(effort.of(3, 200, 1_000)):
            time.sleep(chance.uniform(0.1, 0.3))
            _plugged_s, seen_s = seen_once(station, page, offset_s)
            found.append(seen_s - opened_s(station))
            unplugged(station, page)
    p99_s = share_of(found, 0.99)
    details = {**spread_ms(found), "clock_off_by_ms": round(off_by_s * 1000, 2), "seed": SEED, **surroundings()}
    return Measurement(
        name="commit_to_pixel",
        value=round(p99_s * 1000, 1),
        unit="ms p99",
        bar=f"p99 <= {COMMIT_BAR_S * 1000:g} ms, the commit itself included",
        ok=p99_s <= COMMIT_BAR_S,
        details=details,
    )


def plug_to_pixel(effort: Effort) -> Measurement:
    """With a card reader as the way to pay, so that a plug asks for a card and starts nothing."""
    chance = random.Random(SEED)
    with station_of(authorization_mode="card", has_screen=True) as station:
        outside = put_outside(station.pids()["simulator"])
        with browser_page(station) as page:
            offset_s, off_by_s = clock_of(page)
            found = []
            for _ in range(effort.of(3, 100, 1_000)):
                time.sleep(chance.uniform(0.1, 0.3))  # anywhere within a turn
                plugged_s, seen_s = seen_once(station, page, offset_s)
                found.append(seen_s - plugged_s)
                unplugged(station, page)
    p50_s, p99_s = share_of(found, 0.5), share_of(found, 0.99)
    details: dict[str, Any] = {
        **spread_ms(found),
        "clock_off_by_ms": round(off_by_s * 1000, 2),
        "simulator_goes_first": outside,
        "period_ms": 200,
        "seed": SEED,
        **surroundings(),
    }
    ok = p50_s <= P50_BAR_S and p99_s <= P99_BAR_S
    bar = f"p50 <= {P50_BAR_S * 1000:g} ms, p99 <= {P99_BAR_S * 1000:g} ms"
    value = round(p50_s * 1000, 1)
    return Measurement(name="plug_to_pixel", value=value, unit="ms p50", bar=bar, ok=ok, details=details)
