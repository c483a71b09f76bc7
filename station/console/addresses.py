"""The addresses by which the station is reached now, and what software it runs."""

from __future__ import annotations

import fcntl
import socket
import struct
from ipaddress import IPv6Address
from operator import itemgetter
from pathlib import Path
from typing import Final

SIOCGIFADDR: Final = 0x8915  # linux/sockios.h
INTERFACE_NAME_BYTES: Final = 16  # IFNAMSIZ with its end mark, linux/if.h


IPV6_TABLE: Final = Path("/proc/net/if_inet6")  # address, index, prefix, scope, flags, interface; proc(5)
EVERYWHERE: Final = "00"  # the scope of an address that is reached from outside of its link


def addresses() -> list[tuple[str, str]]:
    """(interface, address) of every address by which others reach the station; loopback and link-local left out."""
    return sorted([*_ipv4(), *_ipv6()], key=itemgetter(0))


def _ipv6() -> list[tuple[str, str]]:
    try:
        rows = [line.split() for line in IPV6_TABLE.read_text("ascii").splitlines()]
    except OSError:  # a kernel without IPv6
        return []
    return [(row[5], str(IPv6Address(int(row[0], 16)))) for row in rows if row[3] == EVERYWHERE]


def _ipv4() -> list[tuple[str, str]]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        for _index, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[: INTERFACE_NAME_BYTES - 1])
            try:
                answer = fcntl.ioctl(ask.fileno(), SIOCGIFADDR, request)
            except OSError:  # an interface without an address
                continue
            found.append((name, socket.inet_ntoa(answer[20:24])))
    return [(name, address) for name, address in found if not address.startswith("127.")]
