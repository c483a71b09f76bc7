"""Celery's tasks of the hub: another interface to the services, with nothing of their own."""

from __future__ import annotations

from celery import shared_task

from charging import live, services
from charging.clock import now
from charging.models import Connector
from charging.polling_watch import PollingWatch
from charging.pruning import prune

_watch = PollingWatch()  # of this process: what it has seen since it began to look


@shared_task(name="charging.watch_polling")
def watch_polling() -> int:
    """Ask for Faulted of the connectors whose line has done no turn for 30 s; how many.

    The first frame after its return clears the fault (charging.domain.advance).
    """
    numbers = list(Connector.objects.values_list("pk", flat=True))
    unpolled = _watch.unpolled(numbers, live.turns(), now().mono_s)
    return sum(services.raise_fault(number, "ControllerLost", who="links").accepted for number in unpolled)


@shared_task(name="charging.watch_memory")
def watch_memory() -> int:
    """Tell when the disk or the computer's memory is getting full; how many of them were told now."""
    return services.memory_checked(now())


@shared_task(name="charging.prune")
def prune_record() -> int:
    """Drop what is older than it is worth keeping; how many rows."""
    return prune(now())
