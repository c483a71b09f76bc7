"""By which names the station may be called.

A technician types whatever address the station has today, so addresses are never refused. Names are: a page on the
Internet can point its own name at the station's address (DNS rebinding) and would then act as the technician.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http import HttpRequest, HttpResponseBadRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http.response import HttpResponseBase

WRONG_NAME: Final = "This name is not the station's: call it by its address, or list the name in STATION_HOST_NAMES."


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def is_our_name(host: str) -> bool:
    """Whether `host` (a Host header: name or address, with or without port) may name this station."""
    name = _name_of(host)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return name in {"localhost", own, f"{own}.local", *settings.HOST_NAMES}
    return True


class KnownHostMiddleware:
    """Refuses requests that were sent to another name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, or answer 400 with the way to allow the name."""
        if is_our_name(request.headers.get("Host", "")):
            return self.get_response(request)
        return HttpResponseBadRequest(WRONG_NAME)


class SameOriginOnly:
    """Refuses websockets that a page of another site opens; a client that is no browser sends no Origin."""

    def __init__(self, inner: Callable[..., Awaitable[Any]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Pass the websocket on, or close it before it was accepted (the browser sees 403)."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        origin = headers.get(b"origin")
        same = origin is None or urlsplit(origin).netloc.lower() == host.lower()
        if same and is_our_name(host):
            return await self.inner(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)
