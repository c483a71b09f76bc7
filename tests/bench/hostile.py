"""What does a hostile client of the screen's websocket reach? Nothing: cars charge on, and the screen stays true.

The station has its own browser, and so a key; the attacker is on the same computer, on the loopback, without it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any, Final

from .costs import longest_p99_s
from .ending import dies_with_me
from .flood import AT_ONCE, SOCKETS
from .machine import pss_mb, put_outside, surroundings
from .measurement import Effort, Measurement
from .screens import painted_s
from .stations import ENOUGH_W, PROJECT_DIR, RunningStation, all_charge, charge_everywhere, folder, started
from .waiting import wait_for

PERIOD_S: Final = 0.2
LATE_BAR_S: Final = 0.050
OLDEST_PICTURE_S: Final = 5.0
GROWTH_BAR_MB: Final = 25.0
PATIENCE_S: Final = 60.0
LOOK_EVERY_S: Final = 0.1


def _attacked(station: RunningStation, seconds: float) -> tuple[dict[str, int], float]:
    """What the attacker was answered, and the oldest picture on the station's own screen meanwhile, s."""
    command = [sys.executable, "-m", "tests.bench.flood", str(station.port), str(seconds)]
    attacker = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True, preexec_fn=dies_with_me())  # noqa: PLW1509 - no thread forks
    oldest_s = 0.0
    try:
        while attacker.poll() is None:
            oldest_s = max(oldest_s, time.monotonic() - painted_s(station))
            time.sleep(LOOK_EVERY_S)
    finally:
        attacker.kill()
        said = attacker.communicate()[0]
    answered: dict[str, int] = json.loads(said)
    return answered, oldest_s


def _wrong(answered: dict[str, int]) -> list[str]:
    """What should have been refused and was not."""
    wrong = [
        what for what in answered if what.startswith(("foreign origin", "other host")) and not what.endswith("403")
    ]
    if answered.get("sockets: 101", 0) > SOCKETS // 10:
        wrong.append("too many sockets")
    if "10 MB: still open" in answered:
        wrong.append("ten megabytes were taken")
    return wrong


def hostile_screen(effort: Effort) -> Measurement:
    """A minute of it, while four cars charge; how late the loop is without it is in the details."""
    seconds = effort.of(5.0, 60.0, 1_800.0)
    with (
        folder() as made,
        started(made / "station", "default", "--browser=headless", site_limit_w=ENOUGH_W) as station,
    ):
        put_outside(station.pids()["simulator"])
        charge_everywhere(station)
        wait_for("the screen", lambda: painted_s(station) > 0.0, PATIENCE_S, 0.1)
        web = station.pids()["web"]
        before_mb = pss_mb(web)
        station.simulator.post("/heartbeats", forget=True)
        time.sleep(effort.of(5.0, 30.0, 60.0))
        quiet_s = longest_p99_s(station) - PERIOD_S
        station.simulator.post("/heartbeats", forget=True)
        answered, oldest_s = _attacked(station, seconds)
        late_s = longest_p99_s(station) - PERIOD_S
        obeyed = not all_charge(station)
        grown_mb, survived = pss_mb(web) - before_mb, station.pids()["web"] == web
    wrong = _wrong(answered) + ["a command was obeyed"] * obeyed + ["the server was started again"] * (not survived)
    details: dict[str, Any] = {
        "answered": answered,
        "wrong": wrong,
        "late_without_ms": round(quiet_s * 1000, 1),
        "oldest_picture_s": round(oldest_s, 2),
        "web_grew_mb": round(grown_mb, 1),
        "seconds": seconds,
        "messages_at_once": AT_ONCE,
        **surroundings(),
    }
    ok = late_s <= LATE_BAR_S and oldest_s <= OLDEST_PICTURE_S and grown_mb <= GROWTH_BAR_MB and not wrong
    bar = (
        f"the control loop is late by p99 <= {LATE_BAR_S * 1000:g} ms; nothing obeyed; the screen <= "
        f"{OLDEST_PICTURE_S:g} s old; memory + <= {GROWTH_BAR_MB:g} MB"
    )
    value = round(late_s * 1000, 1)
    return Measurement(name="hostile_screen", value=value, unit="ms p99", bar=bar, ok=ok, details=details)
