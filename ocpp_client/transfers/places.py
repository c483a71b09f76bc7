"""Where a file is: an address of the central system, read once. What is checked and what is connected to is the same.

Pure. An address in which two programs could see two servers is refused, not repaired (OCPP 1.6 chapter 8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote

from ocpp_client.transfers.failures import TransferFailed, Why

PORTS: Final = {"http": 80, "https": 443, "ftp": 21, "ftps": 21, "sftp": 22}  # ftps: TLS is asked for (RFC 4217)
MOST_CHARACTERS: Final = 512  # security whitepaper, edition 3, sections 6.9 and 6.14
_LARGEST_PORT: Final = 65_535
_SHAPE: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?:(?P<login>[^/?#]*)@)?(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or for uploads the folder that it shall lie in."""

    scheme: str
    host: str  # a name in lower case, or a numeric address without brackets
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    path: str = "/"  # percent-encoded, as it was told
    query: str = ""  # with its question mark

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme in {"https", "ftps"}

    @property
    def target(self) -> str:
        """Of an HTTP request."""
        return f"{self.path}{self.query}"

    @property
    def file_path(self) -> str:
        """As FTP and SFTP name it."""
        return unquote(self.path)


def place_of(location: str) -> Place:
    """Raises TransferFailed."""
    if not (location.isascii() and location.isprintable()) or " " in location or "\\" in location:
        raise _unusable("it holds a space, a backslash or a character that no address has")
    told = _SHAPE.fullmatch(location) if len(location) <= MOST_CHARACTERS else None
    scheme = (told["scheme"] if told else location.partition(":")[0]).lower()
    if scheme not in PORTS:
        raise TransferFailed(Why.UNSUPPORTED, f"Files are not transferred by {scheme[:20]!r}: use {', '.join(PORTS)}.")
    if told is None:
        raise _unusable(f"write it as {scheme}://user:password@host:port/path")
    user, _colon, password = (unquote(part) for part in (told["login"] or "").partition(":"))
    path = told["path"] or "/"
    if not all(text.isprintable() for text in (user, password, unquote(path))):
        raise _unusable("it holds control characters")
    port = int(told["port"] or PORTS[scheme])
    if not 0 < port <= _LARGEST_PORT:
        raise _unusable(f"there is no port {port}")
    return Place(scheme, _host_of(told["host"].lower()), port, user, password, path, told["query"] or "")


def put_at(place: Place, name: str) -> Place:
    """Where a file of this *name* is put: in the folder (OCPP 1.6 section 6.25), or at an address that is whole.

    An address with a query is signed for one file, as storage services do: nothing can be added to it.
    """
    if place.query:
        return place
    path = f"{place.path.rstrip('/')}/{name}"
    return Place(place.scheme, place.host, place.port, place.user, place.password, path)


def _host_of(told: str) -> str:
    host = told.strip("[]").removesuffix(".")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    labels = host.split(".")
    # A last label that is a number makes some programs read all of it as a numeric address, and others not.
    if told.startswith("[") or not all(map(_LABEL.fullmatch, labels)) or _NUMBER.fullmatch(labels[-1]):
        raise _unusable("its server is neither a name nor a numeric address")
    return host


def _unusable(why: str) -> TransferFailed:
    return TransferFailed(Why.ADDRESS, f"The address of the file cannot be used: {why}.")
