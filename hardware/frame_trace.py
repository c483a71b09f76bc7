"""The last frames of a line, for a technician who looks: kept as bytes, written out only when asked for."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

SENT: Final = ">"
RECEIVED: Final = "<"
STRAY: Final = "?"  # bytes that belong to no exchange, thrown away

_FRAMES: Final = 200
_LONGEST: Final = 300  # bytes kept of one frame; a talker that never ends may not fill the memory


@dataclass(slots=True)
class TracedFrame:
    """One frame; `direction` is SENT, RECEIVED or STRAY, `at_s` the time of the system's clock (Unix)."""

    at_s: float
    direction: str
    octets: bytes  # the first 300
    whole_bytes: int
    failure: str = ""  # the error's name: "NoReply" on the request, else on the reply


class FrameTrace:
    """A ring of the last 200 frames; adding is one append and safe while another thread looks."""

    def __init__(self) -> None:
        self._ring: deque[TracedFrame] = deque(maxlen=_FRAMES)

    def add(self, direction: str, octets: bytes) -> TracedFrame:
        """Remember *octets*; what went wrong with them may be noted on the frame later."""
        frame = TracedFrame(time.time(), direction, octets[:_LONGEST], len(octets))
        self._ring.append(frame)
        return frame

    def last(self, most: int = _FRAMES) -> list[TracedFrame]:
        """The last *most* frames, oldest first."""
        return list(self._ring.copy())[-most:]
