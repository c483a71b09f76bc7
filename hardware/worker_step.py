"""The bootstep that makes the Celery worker `controllers` poll: it starts, names and stops the loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from celery import bootsteps

if TYPE_CHECKING:
    from hardware.polling import Polling

QUEUE: Final = "hardware"


class PollingStep(bootsteps.StartStopStep):  # type: ignore[misc] # Celery is not typed
    """At worker level it outlives every loss of the broker; with Timer it stops after the running tasks."""

    requires = frozenset({"celery.worker.components:Timer"})

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.polling: Polling | None = None

    def include_if(self, parent: Any) -> bool:
        """Only the worker that serves the hardware queue owns ports."""
        return QUEUE in parent.app.amqp.queues.consume_from

    def start(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Begin polling."""
        from hardware.polling import Polling  # noqa: PLC0415 - needs Django's models, which Celery loads after this file

        self.polling = Polling()
        self.polling.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Write the last zero and end in order."""
        if self.polling:
            self.polling.stop()

    terminate = stop
