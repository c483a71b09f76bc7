"""Where a central system is and how the station presents itself there. Pure.

Sources: OCPP-J 1.6, sections 3.1.1 (connection URL) and 6.2.2 (HTTP Basic); security whitepaper edition 3,
A00.FR.204 and 205.
"""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from .errors import AddressUnusable

_UNUSABLE: Final = "The address of the central system cannot be used"


@dataclass(frozen=True, slots=True)
class Address:
    """One OCPP-J endpoint, `url` without the identity, for example wss://host/ocpp.

    A password of `bytes` is what the hexadecimal AuthorizationKey stands for; one of `str` travels as its UTF-8
    text, as many central systems take the key. None sends no password (security profiles 0 and 3).
    `tls` is for wss only; without it the system's root certificates decide.
    """

    url: str
    charge_point_id: str
    password: bytes | str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def secure(self) -> bool:
        """Whether the link is encrypted."""
        return self.url.lower().startswith("wss:")

    def connection_url(self) -> str:
        """Return the URL to connect to: the path, a slash and the percent-encoded identity (3.1.1).

        Raises AddressUnusable.
        """
        if not self.charge_point_id.isprintable() or not self.charge_point_id:
            raise AddressUnusable(f"{_UNUSABLE}: the station's charge point identity is empty or no text")
        if not (self.url.isascii() and self.url.isprintable()) or " " in self.url:
            raise AddressUnusable(f"{_UNUSABLE}: it holds a space or a character that is not ASCII")
        try:
            parts = urlsplit(self.url)
            right = parts.scheme in {"ws", "wss"} and parts.port != 0 and bool((parts.hostname or "").encode("idna"))
        except ValueError:
            right = False
        if not right:
            raise AddressUnusable(f"{_UNUSABLE}: write it as ws://host/path or wss://host/path")
        if "@" in parts.netloc or parts.fragment:
            raise AddressUnusable(f"{_UNUSABLE}: it holds a user, a password or a fragment")
        path = f"{parts.path.rstrip('/')}/{quote(self.charge_point_id, safe='')}"
        return parts._replace(path=path).geturl()

    def headers(self) -> dict[str, str]:
        """HTTP Basic: the user is the charge point identity (6.2.2)."""
        if self.password is None:
            return {}
        password = self.password.encode() if isinstance(self.password, str) else self.password
        pair = base64.b64encode(self.charge_point_id.encode() + b":" + password)
        return {"Authorization": f"Basic {pair.decode('ascii')}"}
