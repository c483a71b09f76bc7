"""The Celery app of both workers; `station.wiring` attaches their bootsteps."""

from __future__ import annotations

import os

from celery import Celery

from station.beat import BeatStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "station.settings")

app = Celery("station")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(BeatStep)
