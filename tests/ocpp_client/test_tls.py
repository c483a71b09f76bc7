"""What the station accepts of a central system over TLS: names, versions, cipher suites (whitepaper 2.4)."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest

from ocpp_client.addresses import Address
from ocpp_client.causes import Cause
from ocpp_client.certificates.tls import context_of

from .certificates import Authority
from .servers import CentralSystem, Station
from .test_connection_tls import refusing

OPENSSL_OLD = "@SECLEVEL=0"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def let_in(server: ssl.SSLContext, authority: Authority, host: str = "127.0.0.1") -> bool:
    """Whether there is a link."""
    central = CentralSystem()
    async with central.open(ssl=server):
        address = Address(f"wss://{host}:{central.port}/ocpp", "CP 1", None, context_of([authority.pem], system=False))
        async with Station(address).running() as station:
            await station.link()
            return station.connection.anchor == hashlib.sha256(ssl.PEM_cert_to_DER_cert(authority.pem)).hexdigest()


async def refused(server: ssl.SSLContext, authority: Authority) -> Cause:
    """Why there is none."""
    with refusing(server) as address:
        tls = context_of([authority.pem], system=False)
        async with Station(Address(address.url, address.charge_point_id, None, tls)).running() as station:
            return (await station.loss()).code


@pytest.mark.parametrize("alternative", [True, False], ids=["subjectAltName", "commonName"])
async def test_the_name_is_that_of_the_address(authority: Authority, alternative: bool) -> None:
    """A00.FR.308 and FR.511: also where only the commonName says it."""
    assert await let_in(authority.of_server("localhost", alternative=alternative), authority, "localhost")


@pytest.mark.parametrize(
    "suite",
    [
        *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        *("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "AES128-GCM-SHA256", "AES256-GCM-SHA384"),
    ],
)
async def test_these_cipher_suites_are_taken(authority: Authority, suite: str) -> None:
    """A00.FR.317 and FR.318."""
    server = authority.of_server(rsa="ECDSA" not in suite)
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers(suite)
    assert await let_in(server, authority)


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"])
async def test_no_other_cipher_suite_is(authority: Authority, suite: str) -> None:
    server = authority.of_server()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers(suite)
    assert await refused(server, authority) is Cause.TLS_CIPHER


async def test_an_older_tls_is_refused(authority: Authority) -> None:
    """A00.FR.312, FR.315."""
    server = authority.of_server()
    server.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        server.maximum_version = ssl.TLSVersion.TLSv1_1
    server.set_ciphers(f"ALL:{OPENSSL_OLD}")
    assert await refused(server, authority) is Cause.TLS_VERSION
