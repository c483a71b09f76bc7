"""Who listens to whom: the only file that says it.

- The worker `controllers` polls: hardware.worker_step on its bootsteps.
- The worker `links` speaks to the central system: ocpp_client.worker_step on its bootsteps; it reads the journal and
  calls charging.services like everybody.
- Polling calls charging.turns and charging.services in its own process; they journal in the same commit.
- Whoever changes a row says so over charging.live: `changed` wakes the kiosk's push, `wake` the polling.
- Stops by software go to the control socket of the controllers process before anything is written.
"""

from __future__ import annotations

from celery import Celery

from hardware.worker_step import PollingStep
from ocpp_client.worker_step import CentralSystemStep


def connect(app: Celery) -> None:
    """Attach the loops to the workers of *app*."""
    app.steps["worker"].add(PollingStep)
    app.steps["worker"].add(CentralSystemStep)
