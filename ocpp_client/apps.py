"""How Django knows `ocpp_client`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OcppClientConfig(AppConfig):
    """The app `ocpp_client`."""

    name = "ocpp_client"
    verbose_name = _("Central system")
