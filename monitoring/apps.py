"""How Django knows `monitoring`."""

from __future__ import annotations

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """The app `monitoring`."""

    name = "monitoring"
    verbose_name = "Monitoring"
