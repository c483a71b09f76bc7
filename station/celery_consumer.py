"""How a worker comes back to its broker."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

if TYPE_CHECKING:
    from kombu.connection import Connection

log = logging.getLogger(__name__)
FIRST_WAIT_S: Final = 0.5
WAIT_STEP_S: Final = 0.5
LONGEST_WAIT_S: Final = 3.0


class QuickReconnectConsumer(Consumer):  # type: ignore[misc] # Celery is not typed
    """Looks for Redis every 0.5 to 3 s for ever; Celery's own 2, 4, 6 .. 30 s have no setting."""

    def ensure_connected(self, conn: Connection) -> Connection:
        """Wait until the broker answers."""

        def say(problem: Exception, wait_s: float) -> None:
            log.warning("Redis does not answer (%s); trying again in %.1f s.", problem, wait_s)

        conn.ensure_connection(  # type: ignore[no-untyped-call] # kombu is half typed
            say,
            self.app.conf.broker_connection_max_retries,
            callback=maybe_shutdown,
            interval_start=FIRST_WAIT_S,
            interval_step=WAIT_STEP_S,
            interval_max=LONGEST_WAIT_S,
        )
        self.first_connection_attempt = False
        self.broker_connection_retry_attempt = 0
        return conn
