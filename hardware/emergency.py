"""The software side of the emergency stop: one event for the whole process, one waiting thread a line.

The hard-wired loop is the safety. Ours is as fast as a line allows: each line's thread takes its port next,
broadcasts zero and waits for nothing else; no database, no Redis, no Celery on this way.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from hardware.errors import PortError
from hardware.line import Line

log = logging.getLogger(__name__)

FIFO_PRIORITY: Final = 50
EARLY_NICE: Final = -10  # a busy page or export must not delay the thread that reads the stop
REPEAT_S: Final = 0.5  # while it lasts: a broadcast has no answer, so it is said again


class Emergency:
    """Set by whoever sees a stop first; cleared only by the station's own turn when the row says so."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake  # whoever records it, in this process: without Redis nobody else would tell
        self.event = threading.Event()
        self.heard: deque[tuple[str, float]] = deque(maxlen=16)  # who, monotonic; to be recorded
        self.raised = 0  # how often a calm station was stopped
        self._again = threading.Condition()

    def raise_now(self, who: str) -> bool:
        """Stop everything. From any thread, any number of times; True when it was not stopping already."""
        with self._again:
            is_news = not self.event.is_set()
            if is_news:
                self.heard.append((who, time.monotonic()))
                self.raised += 1
            self.event.set()
            self._again.notify_all()
        if is_news:
            self._wake()
        return is_news

    def wait_for_another(self, raised: int, within_s: float) -> None:
        """Return when it was raised again since the count was *raised*, or after *within_s*."""
        with self._again:
            self._again.wait_for(lambda: self.raised != raised, within_s)

    def clear(self) -> None:
        """The row says it is over."""
        if not self.heard:
            self.event.clear()


class EmergencyThread(threading.Thread):
    """Broadcasts zero on one line as soon as the event is set, and again while it lasts."""

    def __init__(self, line: Line, frame: bytes, emergency: Emergency) -> None:
        super().__init__(name=f"estop {line.path}", daemon=True)
        self._line, self._frame, self._emergency = line, frame, emergency
        self._stop_asked = threading.Event()
        self.sent_s: float | None = None  # monotonic time of the last byte of the last broadcast

    def run(self) -> None:
        """Wait for the event; broadcast while it lasts."""
        scheduled_first()
        while not self._stop_asked.is_set():
            if not self._emergency.event.wait(timeout=1.0):
                continue
            raised = self._emergency.raised
            try:
                self.sent_s = self._line.stop_everything(self._frame)
            except PortError as error:
                log.warning("The emergency broadcast could not be sent: %s.", error)
            # A release and another stop within this time are not slept through.
            self._emergency.wait_for_another(raised, REPEAT_S)

    def stop(self) -> None:
        """End within a second."""
        self._stop_asked.set()


def scheduled_first() -> bool:
    """Ask for FIFO scheduling of the calling thread; False where it is not allowed."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
        return True
    return False


def scheduled_early() -> bool:
    """Ask to go before other programs, for the calling thread and those that it starts; False: not allowed."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), EARLY_NICE)
        return True
    return False
