"""What beat sends, to which queue, and after how long a message is worth nothing any more.

Every entry expires: behind a stuck worker the missed ones would otherwise all run in one burst.
"""

from __future__ import annotations

from typing import Any, Final

CANARY_PERIOD_S: Final = 10
CHECKPOINT_LOOK_S: Final = 10
WATCH_PERIOD_S: Final = 5
MEMORY_LOOK_S: Final = 60
PRUNE_PERIOD_S: Final = 6 * 3600
UPKEEP_LOOK_S: Final = 600
CONFIGURE_PERIOD_S: Final = 10


def _entry(task: str, period_s: int, queue: str, *arguments: str) -> dict[str, Any]:
    return {"task": task, "schedule": period_s, "args": arguments, "options": {"queue": queue, "expires": period_s}}


SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "canary of links": _entry("station.tasks.canary", CANARY_PERIOD_S, "default", "links"),
    "canary of controllers": _entry("station.tasks.canary", CANARY_PERIOD_S, "hardware", "controllers"),
    "checkpoint": _entry("station.tasks.checkpoint", CHECKPOINT_LOOK_S, "default"),
    "watch polling": _entry("charging.watch_polling", WATCH_PERIOD_S, "default"),
    "watch memory": _entry("charging.watch_memory", MEMORY_LOOK_S, "default"),
    "prune": _entry("charging.prune", PRUNE_PERIOD_S, "default"),
    "configure connectors": _entry("station.tasks.configure_connectors", CONFIGURE_PERIOD_S, "default"),
    "daily upkeep": _entry("station.tasks.upkeep", UPKEEP_LOOK_S, "default"),
}
