"""The admin site of the station: Station now is its start page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """Django's admin, with the pages that combine the apps of the station."""

    enable_nav_sidebar = True

    def __init__(self, name: str = "admin") -> None:
        from station.console.login import LoginForm  # noqa: PLC0415 - needs loaded models

        self.login_form = LoginForm
        super().__init__(name)

    def extra_urls(self) -> list[URLPattern]:
        """The pages beside the admin of the models."""
        from station.console import configuration, lines, now  # noqa: PLC0415 - they need the site that is made here

        return [
            path("now/", self.admin_view(now.parts), name="now"),
            path("lines/", self.admin_view(self.lines), name="lines"),
            path("lines/now/", self.admin_view(lines.parts), name="lines_now"),
            path("lines/frames/", self.admin_view(self.frames), name="lines_frames"),
            path("configuration/", self.admin_view(self.configuration), name="configuration"),
            path("configuration/station.json", self.admin_view(configuration.download), name="configuration_download"),
            path(
                "configuration/revert/<int:entry>/",
                self.admin_view(configuration.revert),
                name="configuration_revert",
            ),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Station now."""
        from station.console import now  # noqa: PLC0415 - see extra_urls

        return now.page(request, {**self.each_context(request), "title": _("Station now"), **(extra_context or {})})

    def lines(self, request: HttpRequest) -> HttpResponse:
        """Serial lines."""
        from station.console import lines  # noqa: PLC0415 - see extra_urls

        return lines.page(request, self.each_context(request))

    def frames(self, request: HttpRequest) -> HttpResponse:
        """The last frames of one line."""
        from station.console import lines  # noqa: PLC0415 - see extra_urls

        return lines.frames(request, self.each_context(request))

    def configuration(self, request: HttpRequest) -> HttpResponse:
        """The configuration page."""
        from station.console import configuration  # noqa: PLC0415 - see extra_urls

        return configuration.page(request, self.each_context(request))
