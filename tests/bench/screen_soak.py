"""Does the page stay what it is? Eight hours of updates, one a second of the day, told 16 times as fast.

The real page in Chromium, before a web process that sends what a file says; what the page reports back says whether
the newest picture was on the glass.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Final

from .ending import dies_with_me
from .machine import surroundings
from .measurement import Effort, Measurement
from .stations import PROJECT_DIR

JUDGED_SHARE: Final = 2 / 3  # of half an hour the last 20 minutes
HEAP_BAR: Final = 1.05  # the last quarter of what is judged against the first one
NODES_BAR: Final = 1.02


def grown(sizes: list[tuple[float, float, int]]) -> tuple[float, float]:
    """Heap and nodes in the last quarter of what is judged, as a share of those in the first one."""
    judged = [each for each in sizes if each[0] >= sizes[-1][0] * (1 - JUDGED_SHARE)]
    quarter = max(len(judged) // 4, 1)
    first, last = judged[:quarter], judged[-quarter:]
    heap, nodes = (sum(each[i] for each in last) / sum(each[i] for each in first) for i in (1, 2))
    return heap, nodes


def screen_soak(effort: Effort) -> Measurement:
    """Half an hour in `make soak`; the report of the page comes once a second."""
    command = [sys.executable, "-m", "tests.bench.telling", str(effort.of(6.0, 300.0, 1_800.0))]
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": "station.settings"}
    telling = subprocess.Popen(command, cwd=PROJECT_DIR, env=environ, stdout=subprocess.PIPE, preexec_fn=dies_with_me())  # noqa: PLW1509 - no thread forks
    seen: dict[str, Any] = json.loads(telling.communicate()[0])
    heap, nodes = grown(seen["sizes"])
    stale = seen["behind"] + seen["lost"]
    shown = seen.pop("sizes")
    details = {
        **seen,
        "heap_share": round(heap, 3),
        "nodes_share": round(nodes, 3),
        "heap_mb_and_nodes": [[round(s), round(mb, 2), n] for s, mb, n in shown[:: max(len(shown) // 30, 1)]],
        **surroundings(),
    }
    return Measurement(
        name="screen_soak",
        value=round(heap, 3),
        unit="of the heap before",
        bar=f"over the last two thirds heap <= {HEAP_BAR:g} and nodes <= {NODES_BAR:g} of those before; "
        "no picture older than 5 s",
        ok=heap <= HEAP_BAR and nodes <= NODES_BAR and not stale and seen["reports"] > 0,
        details=details,
    )
