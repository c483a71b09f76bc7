"""How Django knows `charging`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChargingConfig(AppConfig):
    """The app `charging`."""

    name = "charging"
    verbose_name = _("Charging")
