"""Who stands at the cabinet: the one rule of what may be done there only (docs/decisions/0016 and 0030)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

PROXIES: Final = frozenset({"x-forwarded-for", "forwarded", "via"})
KEY_COOKIE: Final = "station_screen"


def is_at_cabinet(address: str, header_names: Iterable[str], key: str) -> bool:
    """True for the station's own screen: over the loopback, not through a proxy on it, and with the screen's key."""
    if PROXIES & {name.lower() for name in header_names}:
        return False
    with suppress(ValueError):
        return ip_address(address).is_loopback and is_screen_key(key)
    return False


def is_asked_at_cabinet(request: HttpRequest) -> bool:
    """The same of a page that is asked for: the browser shows its key as a cookie."""
    return is_at_cabinet(request.META.get("REMOTE_ADDR", ""), request.headers, request.COOKIES.get(KEY_COOKIE, ""))


def is_screen_key(key: str) -> bool:
    """Whether `key` is what the parent gave the browser; where it started none, whoever uses the loopback will do."""
    wanted: str = settings.SCREEN_KEY
    return not wanted or secrets.compare_digest(key.encode(), wanted.encode())
