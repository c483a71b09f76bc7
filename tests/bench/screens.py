"""How soon does the screen show the truth again, whatever was killed? The station's own browser, as the parent runs it.

During each outage a car comes or goes: a picture of before would be seen. The moment is the page's own report that the
newest picture has been painted (it comes once a second), and then the page itself is looked at.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, Final

import redis
from playwright.sync_api import Error, Page, sync_playwright

from .machine import PROC, surroundings
from .measurement import Effort, Measurement, spread_ms
from .pixels import SITUATION
from .stations import RunningStation, folder, started
from .waiting import wait_for

BAR_S: Final = 5.0
HELD_S: Final = 6.0
GONE_AFTER_S: Final = 4.0  # 3 s is the age at which a picture is not shown any more, and it is painted twice a second
PATIENCE_S: Final = 60.0
NUMBER: Final = 1
SITUATIONS: Final = {True: "authorize", False: "free"}
BRIEFLY: Final = ("page_crashed", "server_stopped")
OTHERS: Final = ("browser_killed", "browser_stopped", "server_killed", "redis_killed", "redis_stopped")
LOST: Final = "() => document.body.classList.contains('is-gone')"


def browser_family(station: RunningStation) -> dict[str, list[int]]:
    """The browser's processes by their --type; "" is the browser itself."""
    mark = f"--user-data-dir={station.data_dir}/run/browser"
    found: dict[str, list[int]] = {}
    for place in PROC.glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = place.read_text("utf-8", "replace").replace("\0", " ").split()
            if mark in words and "station.parent.pipe_ends" not in words:
                kind = next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "")
                found.setdefault(kind, []).append(int(place.parent.name))
    return found


def painted_s(station: RunningStation) -> float:
    """When the page last said that the newest picture is on the glass (monotonic); 0 when it is not known."""
    with suppress(redis.RedisError), redis.Redis(unix_socket_path=f"{station.data_dir}/run/redis.sock") as wire:
        return float(wire.get("beat:screen") or 0.0)
    return 0.0


@contextmanager
def looked_at(station: RunningStation) -> Iterator[Page]:
    """The page in the station's own browser."""
    port, _, path = (station.data_dir / "run/browser/DevToolsActivePort").read_text().partition("\n")
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(f"ws://127.0.0.1:{port}{path.strip()}").contexts[0].pages[0]


def shown(station: RunningStation) -> str:
    """The situation of the connector on the screen; "" when there is none."""
    try:
        with looked_at(station) as page:
            return str(page.evaluate(SITUATION))
    except (Error, OSError, IndexError):
        return ""


class Outages:
    """What is done to the station; each returns the moment at which the cause has ended (monotonic)."""

    def __init__(self, station: RunningStation) -> None:
        self.station = station
        self.stale = 0  # pictures of before that were shown as if they were true

    def kill(self, pids: list[int]) -> float:
        """At once."""
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return time.monotonic()

    def hold(self, pids: list[int], *, look: bool) -> float:
        """Stopped, and going on after HELD_S; meanwhile the page is looked at where it can be."""
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(GONE_AFTER_S)
            if look:
                with looked_at(self.station) as page:
                    self.stale += not page.evaluate(LOST)
            time.sleep(HELD_S - GONE_AFTER_S)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        return time.monotonic()

    def all(self) -> dict[str, Callable[[], float]]:
        """By name."""

        def of(role: str) -> list[int]:
            return [self.station.pids()[role]]

        return {
            "page_crashed": lambda: self.kill(browser_family(self.station)["renderer"]),
            "browser_killed": lambda: self.kill(browser_family(self.station)[""]),
            "browser_stopped": lambda: self.hold(list(chain(*browser_family(self.station).values())), look=False),
            "server_killed": lambda: self.kill(of("web")),
            "server_stopped": lambda: self.hold(of("web"), look=True),
            "redis_killed": lambda: self.kill(of("redis")),
            "redis_stopped": lambda: self.hold(of("redis"), look=False),
        }


def _once(outages: Outages, outage: Callable[[], float], *, plugged: bool) -> float:
    """Seconds from the end of the cause until the truth is on the glass."""
    station = outages.station
    wait_for("the browser is whole", lambda: "renderer" in browser_family(station), PATIENCE_S, 0.1)
    station.simulator.post(f"/plugin/{NUMBER}" if plugged else f"/plugout/{NUMBER}")
    ended_s = outage()
    seen_s = wait_for("the screen again", lambda: (at := painted_s(station)) > ended_s and at, PATIENCE_S)
    if shown(station) != SITUATIONS[plugged]:
        outages.stale += 1
        wait_for("the truth on the screen", lambda: shown(station) == SITUATIONS[plugged], PATIENCE_S, 0.1)
    return float(seen_s) - ended_s


def screen_recovers(effort: Effort) -> Measurement:
    """Every outage so many times, in turn."""
    found: dict[str, list[float]] = {}
    with (
        folder() as made,
        started(
            made / "station", "default", "--browser=headless", authorization_mode="card", has_screen=True
        ) as station,
    ):
        outages, plugged = Outages(station), False
        wait_for("the screen", lambda: painted_s(station) > 0.0, PATIENCE_S, 0.1)
        for _ in range(effort.of(1, 10, 50)):
            for name in effort.of(BRIEFLY, (*BRIEFLY, *OTHERS), (*BRIEFLY, *OTHERS)):
                plugged = not plugged
                found.setdefault(name, []).append(_once(outages, outages.all()[name], plugged=plugged))
    longest_s = max(max(each) for each in found.values())
    details: dict[str, Any] = {
        **{name: spread_ms(each) for name, each in found.items()},
        "stale_pictures": outages.stale,
        "held_s": HELD_S,
        **surroundings(),
    }
    bar = f"the truth is painted <= {BAR_S:g} s after the cause ends; no picture of before is shown as true"
    ok = longest_s <= BAR_S and not outages.stale
    value = round(longest_s, 2)
    return Measurement(name="screen_recovers", value=value, unit="s, longest", bar=bar, ok=ok, details=details)
