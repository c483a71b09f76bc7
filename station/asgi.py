"""The web process: pages over HTTP, the kiosk's live view over a websocket."""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

if TYPE_CHECKING:
    from django.urls import URLPattern

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "station.settings")
pages = get_asgi_application()

from station import urls  # noqa: E402, F401 - else the first question would load the console
from station.hosts import SameOriginOnly  # noqa: E402 - consumers and hosts need loaded settings
from station.start_up import forget_start_up  # noqa: E402


def websocket_urlpatterns() -> list[URLPattern]:
    """List the websockets of the kiosk."""
    if find_spec("kiosk.routing") is None:
        return []
    return list(importlib.import_module("kiosk.routing").websocket_urlpatterns)


application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": SameOriginOnly(URLRouter(websocket_urlpatterns())),  # nobody logs in at the screen
    }
)
forget_start_up()
