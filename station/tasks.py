"""The station's own periodic work; all of it may be missed or run twice."""

from __future__ import annotations

from celery import shared_task

from charging import live
from station import upkeep as daily
from station.document_awaited import connectors_appeared


@shared_task(name="station.tasks.canary")
def canary(worker: str) -> None:
    """Prove that messages reach `worker`: the parent restarts `links` when this stops."""
    live.beat(f"canary.{worker}")


@shared_task(name="station.tasks.checkpoint")
def checkpoint() -> None:
    """Write the write-ahead logs back; this task is the one owner of checkpoints."""
    daily.checkpoint_when_due()


@shared_task(name="station.tasks.configure_connectors")
def configure_connectors() -> None:
    """Give connectors that have appeared what station.json said about them."""
    connectors_appeared()


@shared_task(name="station.tasks.upkeep")
def upkeep() -> None:
    """Check and back up the database once a day."""
    daily.back_up_when_due()
