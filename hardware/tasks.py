"""Celery's tasks of the controllers: short, and never needed for charging."""

from __future__ import annotations

from celery import shared_task

from charging import live


@shared_task(name="hardware.poll_now")
def poll_now() -> None:
    """Make every polling loop take its next turn at once."""
    live.wake()
