"""Beat as a thread of the worker `links`: half a megabyte instead of a process, and nothing written to flash."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from celery import beat, bootsteps

if TYPE_CHECKING:
    from celery.apps.worker import Worker

log = logging.getLogger(__name__)
QUEUE: Final = "default"  # the worker that serves it holds beat
EXIT_CODE: Final = 70


class UnhurriedScheduler(beat.Scheduler):  # type: ignore[misc] # Celery is not typed
    """Keeps the schedule in memory and does not spin through the last 10 ms before each due entry."""

    def adjust(self, n: float, drift: float = 0) -> float:  # noqa: ARG002 - Celery's signature
        """Sleep until the entry is due, at 2 instead of 110 ticks a second."""
        return n


class BeatStep(bootsteps.StartStopStep):  # type: ignore[misc] # Celery is not typed
    """Worker-level step: it outlives every reconnection to the broker, which a consumer-level step does not.

    It requires Timer and not Pool, so that at a warm shutdown it stops after the running tasks, not before.
    """

    requires = frozenset({"celery.worker.components:Timer"})

    def include_if(self, parent: Worker) -> bool:
        """Only the worker that serves the default queue holds beat."""
        return QUEUE in parent.app.amqp.queues.consume_from

    def start(self, parent: Worker) -> None:
        """Start ticking in a thread."""
        self.service = beat.Service(parent.app, scheduler_cls=UnhurriedScheduler)
        threading.Thread(target=self._run, name="beat", daemon=True).start()

    def stop(self, parent: Worker) -> None:  # noqa: ARG002 - Celery's signature
        """Stop sending; the sleeping thread is not waited for."""
        self.service.stop()

    terminate = stop

    def _run(self) -> None:
        try:
            self.service.start()
        except Exception:
            log.exception("Beat ended; the worker ends with it and is started again.")
            os._exit(EXIT_CODE)
