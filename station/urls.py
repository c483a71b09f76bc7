"""What the web process answers. Importing this finds the admin modules, so workers never import it."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from station.health import healthz

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("console/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
if find_spec("kiosk.urls") is not None:
    urlpatterns.append(path("", include("kiosk.urls")))
