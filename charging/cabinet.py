"""Who stands at the cabinet: the one rule of what may be done there only (docs/decisions/0016)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

PROXIES: Final = frozenset({"x-forwarded-for", "forwarded", "via"})


def is_at_cabinet(address: str, header_names: Iterable[str] = ()) -> bool:
    """True for the station's own screen: over the loopback, and not through a proxy on it."""
    if PROXIES & {name.lower() for name in header_names}:
        return False
    with suppress(ValueError):
        return ip_address(address).is_loopback
    return False
