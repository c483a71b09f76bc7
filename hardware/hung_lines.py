"""A line whose turn does not end: no thread can be ended from outside, so only a new process takes it up again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from hardware.turning import LineTurns

HUNG_AFTER_S: Final = 30.0
HELPS_AGAIN_AFTER_S: Final = 600.0  # a younger process has perhaps been started for just this line, in vain


class HungLines:
    """One a process: judges whether its end would help more than it costs."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()

    def worth_a_restart(self, lines: Mapping[str, LineTurns], now_s: float) -> list[str]:
        """The paths of hung lines, when nobody uses a connector of any other line; else nothing.

        Where every line hangs there is no sign of life of the polling at all, and the parent judges that.
        """
        seen_s = {path: max(turns.state.begun_s, turns.state.turned_s) for path, turns in lines.items()}
        hung = [path for path in lines if now_s - seen_s[path] >= HUNG_AFTER_S]
        others = [turns for path, turns in lines.items() if path not in hung]
        if now_s - self._begun_s < HELPS_AGAIN_AFTER_S or not others or not all(turns.idle for turns in others):
            return []
        return hung
