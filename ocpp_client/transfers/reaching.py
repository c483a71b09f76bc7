"""May the station go there? Every address that a name leads to is looked at, and only what was looked at is dialled.

A central system may name any server of the internet. It may not send the station to itself, to its neighbours in a
private network, or to what answers only inside, unless the station's owner has named these (`file_networks`).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.transfers.places import Place

CONNECT_WITHIN_S: Final = 15.0  # each address
SILENCE_S: Final = 30.0  # a server that takes and gives nothing for so long is gone
_NAT64: Final = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Terms:
    """What the station's owner allows and trusts: networks besides the internet, roots (PEM) besides the system's."""

    networks: tuple[Network, ...] = ()
    roots: tuple[str, ...] = ()
    known: Path = Path("sftp_servers")  # keys of SSH servers

    def tls(self) -> ssl.SSLContext:
        """Certificates are verified by these roots."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # security whitepaper, edition 3, A00.FR.313
        for root in self.roots:
            with contextlib.suppress(ssl.SSLError):  # one that is unreadable vouches for nobody
                context.load_verify_locations(cadata=root)
        return context


def networks_of(text: str) -> tuple[Network, ...]:
    """Of a comma separated list such as "10.20.0.0/16, 192.168.4.7". Raises ValueError."""
    return tuple(ip_network(each.strip(), strict=False) for each in text.split(",") if each.strip())


def connected(place: Place, terms: Terms) -> socket.socket:
    """A TCP connection to *place*. Raises TransferFailed."""
    found = _addresses_of(place)
    allowed = [each for each in found if _may_be_dialled(ip_address(each[1][0]), terms.networks)]
    if not allowed:
        raise TransferFailed(
            Why.ADDRESS,
            f"{place.host} is {found[0][1][0]}, where a central system may not send the station: it is this station or "
            "in a private network. file_networks in station.json allows it.",
        )
    problem: OSError | None = None
    for family, address in allowed:
        link = socket.socket(family, socket.SOCK_STREAM)
        link.settimeout(CONNECT_WITHIN_S)
        try:
            link.connect(address)
        except OSError as error:
            problem = error
            link.close()
        else:
            link.settimeout(SILENCE_S)
            return link
    raise TransferFailed(Why.UNREACHABLE, f"{place.host} cannot be reached at port {place.port}: {problem}.")


def _addresses_of(place: Place) -> Sequence[tuple[int, tuple[str, int]]]:
    """Asked once: a name server that answers otherwise the next time changes nothing."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TransferFailed(Why.UNREACHABLE, f"The name {place.host} is not known ({error}).") from error
    return [(family, address) for family, _kind, _protocol, _name, address in found]  # type: ignore[misc]


def _may_be_dialled(told: Address, networks: Sequence[Network]) -> bool:
    """The station itself only where this address was named alone, not as one of a network."""
    address = _inner(told)
    if _is_own(address):
        return any(address in network and network.num_addresses == 1 for network in networks)
    if address.is_global and not address.is_multicast:
        return True
    return any(address in network for network in networks)


def _inner(address: Address) -> Address:
    """An IPv4 address that travels inside of an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_own(address: Address) -> bool:
    """Only an address of this computer can be bound."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return address.is_loopback
    return True
