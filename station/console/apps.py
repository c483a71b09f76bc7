"""How Django knows the console's pages, and who is told of logins."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class PagesConfig(AppConfig):
    """Templates, static files and the Russian words of the console."""

    name = "station.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Journal every login and logout."""
        from station.console.login import logged_in, logged_out  # noqa: PLC0415 - needs loaded models

        user_logged_in.connect(logged_in, dispatch_uid="console")
        user_logged_out.connect(logged_out, dispatch_uid="console")


class ConsoleConfig(SimpleAdminConfig):
    """Django's admin with the console's site; the admin modules are found by `station.urls`, so only in `web`."""

    default_site = "station.console.site.ConsoleSite"
