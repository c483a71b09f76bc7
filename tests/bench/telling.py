"""A day of updates before a real page, told 16 times as fast: `python -m tests.bench.telling SECONDS`; JSON on stdout.

A program of its own, because a page's snapshots are Django's and the other measurements are free of it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Final

import django

django.setup()

from playwright.sync_api import CDPSession, Page  # noqa: E402 - Django first, as for all below

from charging.snapshot import ConnectorShown, Snapshot  # noqa: E402
from tests.kiosk.browsers import FileKiosk, opened, running_browser, running_kiosk  # noqa: E402
from tests.kiosk.stations import charging, connector, ended, four, reading, transaction  # noqa: E402

RATE_HZ: Final = 16
SAMPLE_EVERY_S: Final = 10.0
SESSION_UPDATES: Final = 1_800  # half an hour of a day for each car
FREE_UPDATES: Final = 300
NUMBER: Final = 1


def told(update: int) -> Snapshot:
    """What the station says at this second of its day: connector 1 charges one car after the other."""
    snapshot = four()
    snapshot["connectors"][0] = _first(update % (SESSION_UPDATES + FREE_UPDATES), update)
    return snapshot


def _first(second: int, update: int) -> ConnectorShown:
    if second >= SESSION_UPDATES:
        return (
            connector(NUMBER, finished=ended()) if second < SESSION_UPDATES + FREE_UPDATES // 2 else connector(NUMBER)
        )
    power_w = 11_040 + update % 37 * 10
    live = reading(power_w=power_w, currents_a=[power_w / 690] * 3, limit_w=11_040, register_wh=1_222_227 + second * 3)
    return charging(NUMBER, power_w, reading=live) | {"transaction": transaction(second * 3, float(second))}


def size_of(wire: CDPSession) -> tuple[float, int]:
    """MB of the heap after a forced collection, and nodes of all documents."""
    wire.send("HeapProfiler.collectGarbage")
    used_bytes = wire.send("Runtime.getHeapUsage")["usedSize"]
    return used_bytes / 1e6, int(wire.send("Memory.getDOMCounters")["nodes"])


class Soak:
    """Tells, looks and touches, all in one thread: nothing waits for anything else."""

    def __init__(self, kiosk: FileKiosk, page: Page) -> None:
        self._kiosk, self._page = kiosk, page
        self._wire = page.context.new_cdp_session(page)
        self.updates, self.lost = 0, 0
        self.sizes: list[tuple[float, float, int]] = []  # s since the beginning, MB, nodes

    def run(self, seconds: float) -> None:
        """So long; somebody opens the first connector after each sample, and the page goes back by itself."""
        begun_s = sampled_s = time.monotonic()
        while (now_s := time.monotonic()) < begun_s + seconds:
            self._kiosk.show(told(self.updates))
            self.updates += 1
            if now_s >= sampled_s + min(SAMPLE_EVERY_S, seconds / 3):
                sampled_s = now_s
                self.sizes.append((now_s - begun_s, *size_of(self._wire)))
                self.lost += bool(self._page.evaluate("() => document.body.classList.contains('is-gone')"))
                self._page.evaluate(f"""() => document.querySelector('.tile[data-number="{NUMBER}"]')?.click()""")
            time.sleep(max(begun_s + self.updates / RATE_HZ - time.monotonic(), 0.0))


def main() -> None:
    """What was seen: updates, sizes (s, MB of heap, nodes), how often the page was lost, and its own reports."""
    with running_kiosk(told(0), closest_s=1 / RATE_HZ) as kiosk, running_browser() as browser:
        soak = Soak(kiosk, opened(browser, kiosk.url))
        soak.run(float(sys.argv[1]))
        reports = [each["painted"] for each in kiosk.asked() if "painted" in each]
    seen = {"updates": soak.updates, "sizes": soak.sizes, "lost": soak.lost}
    sys.stdout.write(json.dumps(seen | {"reports": len(reports), "behind": reports.count(False)}) + "\n")


if __name__ == "__main__":
    main()
