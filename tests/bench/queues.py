"""How fast is a queue of transaction messages delivered that grew while nobody could be reached, and in what memory?"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from tests.central_system import CentralSystem
from tests.central_system.frames import Frame

from .machine import cpu_s, pss_mb, surroundings
from .measurement import Effort, Measurement
from .owing import PER_TRANSACTION, WH
from .stations import PROJECT_DIR, RunningStation, station_of

ANSWERS_AFTER_S: Final = 0.005
RATE_BAR: Final = 100.0  # messages a second
GROWTH_BAR_MB: Final = 3.0  # of the worker, between the first tenth and the last message: memory is flat
WITHIN_S: Final = 600.0
ACTIONS: Final = ("StartTransaction", "MeterValues", "StopTransaction")


def queue_drain(effort: Effort) -> Measurement:
    """The whole queue against a central system that takes 5 ms for each answer and judges every message."""
    count = effort.of(300, 3_000, 10_000)
    with station_of() as station, CentralSystem() as central:
        central.delay(None, ANSWERS_AFTER_S)
        last_wh = _owe(station, central.url, count)
        central.wait("StopTransaction", meterStop=last_wh // PER_TRANSACTION // WH * WH, timeout_s=WITHIN_S)
        links = station.pids()["links"]
        early_mb, early_cpu_s = pss_mb(links), cpu_s([links])[links]
        central.wait("StopTransaction", meterStop=last_wh, timeout_s=WITHIN_S)
        late_mb, late_cpu_s = pss_mb(links), cpu_s([links])[links]
        told = [frame for frame in central.frames() if frame.action in ACTIONS]
    rates = [_rate(told[part * len(told) // 3 : (part + 1) * len(told) // 3]) for part in range(3)]
    details = {
        "messages": len(told),
        "rate_by_thirds": rates,
        "links_mb": [round(early_mb, 1), round(late_mb, 1)],
        "links_cpu_ms_a_message": round((late_cpu_s - early_cpu_s) * 1000 / (0.9 * count), 2),
        "answer_after_ms": ANSWERS_AFTER_S * 1000,
        **surroundings(),
    }
    value = _rate(told)
    ok = value >= RATE_BAR and late_mb - early_mb <= GROWTH_BAR_MB and len(told) == count
    bar = f">= {RATE_BAR:g}/s, {count} messages, the worker grows by <= {GROWTH_BAR_MB:g} MB"
    return Measurement(name="queue_drain", value=value, unit="messages/s", bar=bar, ok=ok, details=details)


def _owe(station: RunningStation, url: str, count: int) -> int:
    environ = {
        **os.environ,
        "STATION_DATA_DIR": str(station.data_dir),
        "STATION_ROLE": "tool",
        "DJANGO_SETTINGS_MODULE": "station.settings",
    }
    command = [sys.executable, "-m", "tests.bench.owing", url, str(count)]
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environ, check=True, capture_output=True, text=True)
    return int(done.stdout.splitlines()[-1])


def _rate(frames: list[Frame]) -> float:
    """Messages a second between the first and the last."""
    return round((len(frames) - 1) / (frames[-1].at_s - frames[0].at_s), 1)
