"""The bootstep that gives the Celery worker `links` its central system: it starts, watches and ends the loop."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any, Final

from celery import bootsteps

log = logging.getLogger(__name__)

QUEUE: Final = "ocpp"
LOOK_EVERY_S: Final = 2.0  # for a central system, while there is none
EXIT_CODE: Final = 70


class CentralSystemStep(bootsteps.StartStopStep):  # type: ignore[misc] # Celery is not typed
    """At worker level it outlives every loss of the broker; with Timer it stops after the running tasks."""

    requires = frozenset({"celery.worker.components:Timer"})

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ocpp", daemon=True)

    def include_if(self, parent: Any) -> bool:
        """Only the worker that serves the queue of OCPP speaks to the central system."""
        return QUEUE in parent.app.amqp.queues.consume_from

    def start(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Begin to look for a central system."""
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """End the link with a goodbye."""
        self._stopping.set()
        self._thread.join(timeout=5.0)

    terminate = stop

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._serve()
                self._stopping.wait(LOOK_EVERY_S)
        except Exception:
            log.exception("The link to the central system ended; the worker ends with it and is started again.")
            os._exit(EXIT_CODE)

    def _serve(self) -> None:
        """One central system, for as long as it is the one. What it needs is loaded only where there is one."""
        from ocpp_client.central_system import named  # noqa: PLC0415 - Django's models, loaded after this file

        row = named()
        if row is None:
            _forget_orders()
            return
        from ocpp_client.client import Client  # noqa: PLC0415 - 5 MB that a station without one need not have

        asyncio.run(Client(row).run(self._stopping))


def _forget_orders() -> None:
    """Nobody is there any more who ordered an update or an upload, and none to carry it on: connectors are let go."""
    from django.db import DatabaseError, close_old_connections  # noqa: PLC0415 - loaded after this file

    from ocpp_client.firmware import orders as updates  # noqa: PLC0415 - Django's models, as well
    from ocpp_client.orders import NOBODY  # noqa: PLC0415 - as well
    from ocpp_client.uploads import orders as uploads  # noqa: PLC0415 - as well

    try:
        updates.give_up_unless_of(NOBODY)
        uploads.give_up_unless_of(NOBODY)
    except DatabaseError as error:
        log.warning("The orders of a central system that is gone cannot be ended yet (%s).", error)
        close_old_connections()
