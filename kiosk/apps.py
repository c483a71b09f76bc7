"""How Django knows `kiosk`."""

from __future__ import annotations

from django.apps import AppConfig


class KioskConfig(AppConfig):
    """The app `kiosk`."""

    name = "kiosk"
    verbose_name = "Kiosk"
