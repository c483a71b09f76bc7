"""What happens once in every process with Django, before its first task, request or turn."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StationConfig(AppConfig):
    """Makes the Celery app current and connects the parts."""

    name = "station"
    default = True
    verbose_name = _("Station")

    def ready(self) -> None:
        """Import the Celery app here, else `delay()` in the web process publishes to a default AMQP broker."""
        from station.celery import app  # noqa: PLC0415 - tasks need loaded models

        if find_spec("station.wiring") is not None:
            importlib.import_module("station.wiring").connect(app)
