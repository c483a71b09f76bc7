"""Which connectors nobody polls any more. Each is judged by the turns of its own line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

NOBODY_POLLS_AFTER_S: Final = 30.0  # the screen has said "no contact" since 3 s


class PollingWatch:
    """Remembers when each connector's line was last seen to turn: a Redis that begins empty does not tell it."""

    def __init__(self) -> None:
        self._seen_s: dict[int, float] = {}
        self._looked_s = -math.inf

    def unpolled(self, numbers: Iterable[int], ages_s: Mapping[int, float], now_s: float) -> list[int]:
        """Those of *numbers* whose line has done no turn for 30 s. *ages_s*: what is told of them (live.turns).

        Who is not told of is as old as when it was last told, or as this watch; nothing is concluded from a time
        in which nobody looked.
        """
        if now_s - self._looked_s >= NOBODY_POLLS_AFTER_S:
            self._seen_s.clear()
        self._looked_s = now_s
        for number in numbers:
            if number in ages_s:
                self._seen_s[number] = now_s - ages_s[number]
            self._seen_s.setdefault(number, now_s)
        return [number for number in numbers if now_s - self._seen_s[number] >= NOBODY_POLLS_AFTER_S]
