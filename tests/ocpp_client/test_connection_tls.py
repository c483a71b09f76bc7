"""The encrypted link, with real handshakes: every way in which they fail has a cause of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ocpp_client.addresses import Address
from ocpp_client.causes import Cause

from .certificates import Authority
from .servers import CentralSystem, RawServer, Station, shake_hands, until_gone


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def secure(server: CentralSystem | RawServer, tls: ssl.SSLContext | None) -> Address:
    return Address(f"wss://127.0.0.1:{server.port}/ocpp", "CP 1", "secret", tls)


async def loss_of(server_tls: ssl.SSLContext, station_tls: ssl.SSLContext | None) -> tuple[Cause, str]:
    server = CentralSystem()
    async with server.open(ssl=server_tls), Station(secure(server, station_tls)).running() as station:
        lost = await station.loss()
        assert server.requests == []
        assert station.opened.empty()
        return lost.code, lost.sentence


async def test_it_trusts_the_root_that_it_was_given(authority: Authority) -> None:
    server = CentralSystem()
    async with server.open(ssl=authority.of_server()):
        async with Station(secure(server, authority.of_station())).running() as station:
            await station.link()
            assert server.requests[0].path == "/ocpp/CP%201"
            station.connection.drop("The password changed.")
            await station.loss()
            await station.link()
        assert server.most == 1


async def test_an_unknown_authority_is_told(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    cause, sentence = await loss_of(authority.of_server(), other.of_station())
    assert (cause, "unable to get local issuer certificate" in sentence) == (Cause.CERTIFICATE, True)


async def test_without_a_context_the_roots_of_the_system_decide(authority: Authority) -> None:
    assert (await loss_of(authority.of_server(), None))[0] is Cause.CERTIFICATE


async def test_a_certificate_of_another_host_is_told(authority: Authority) -> None:
    cause, sentence = await loss_of(authority.of_server("elsewhere.example"), authority.of_station())
    assert (cause, "mismatch" in sentence) == (Cause.CERTIFICATE, True)


async def test_an_expired_certificate_is_told(authority: Authority) -> None:
    cause, sentence = await loss_of(authority.of_server(expired=True), authority.of_station())
    assert (cause, "expired" in sentence) == (Cause.CERTIFICATE, True)


@contextmanager
def refusing(tls: ssl.SSLContext) -> Iterator[Address]:
    """A server that says over TLS why it refuses; the one of asyncio hangs up before it has said so."""

    def serve() -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            accepted.settimeout(5)
            with tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False) as wrapped:
                try:
                    wrapped.do_handshake()
                except ssl.SSLError:
                    wrapped.shutdown(socket.SHUT_WR)  # from here on it is a plain socket
                    while wrapped.recv(4_096):
                        pass

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    yield Address(f"wss://127.0.0.1:{listening.getsockname()[1]}/ocpp", "CP 1")
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


async def refusal_of(server_tls: ssl.SSLContext, station_tls: ssl.SSLContext) -> Cause:
    with refusing(server_tls) as address:
        async with Station(replace(address, tls=station_tls)).running() as station:
            return (await station.loss()).code


async def test_a_server_of_an_older_tls_is_told(authority: Authority) -> None:
    server_tls, station_tls = authority.of_server(), authority.of_station()
    server_tls.maximum_version = ssl.TLSVersion.TLSv1_2
    station_tls.minimum_version = ssl.TLSVersion.TLSv1_3
    assert await refusal_of(server_tls, station_tls) is Cause.TLS_VERSION


async def test_a_server_that_shares_no_cipher_suite_is_told(authority: Authority) -> None:
    server_tls, station_tls = authority.of_server(), authority.of_station()
    server_tls.maximum_version = ssl.TLSVersion.TLSv1_2
    server_tls.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    station_tls.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert await refusal_of(server_tls, station_tls) is Cause.TLS_CIPHER


@pytest.mark.parametrize(
    ("version", "cause"),
    # TLS 1.2 says no more than that the handshake failed.
    [(ssl.TLSVersion.TLSv1_2, Cause.TLS_CIPHER), (ssl.TLSVersion.TLSv1_3, Cause.OWN_CERTIFICATE)],
)
async def test_a_server_that_wants_a_certificate_of_the_station_is_told(
    authority: Authority, version: ssl.TLSVersion, cause: Cause
) -> None:
    server_tls, station_tls = authority.of_server(), authority.of_station()
    server_tls.verify_mode = ssl.CERT_REQUIRED
    server_tls.load_verify_locations(authority.root)
    server_tls.maximum_version = version
    assert await refusal_of(server_tls, station_tls) is cause
    station_tls.load_cert_chain(*authority.write("station.example"))
    server = CentralSystem()
    async with server.open(ssl=server_tls), Station(secure(server, station_tls)).running() as station:
        await station.link()


async def test_a_port_that_is_not_encrypted_is_told() -> None:
    server = CentralSystem()
    async with server.open(), Station(secure(server, None)).running() as station:
        assert (await station.loss()).code in {Cause.TLS, Cause.BROKEN}


async def test_an_encrypted_port_is_told_when_the_address_says_ws(authority: Authority) -> None:
    server = CentralSystem()
    async with server.open(ssl=authority.of_server()), Station(server.url).running() as station:
        assert (await station.loss()).code in {Cause.HANDSHAKE, Cause.BROKEN}


async def test_a_goodbye_that_hangs_is_cut_on_an_encrypted_link_too(authority: Authority) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        await until_gone(reader)

    server = RawServer(hang)
    async with server.open(authority.of_server()):
        station = Station(secure(server, authority.of_station()))
        async with station.running():
            for _ in range(3):
                await station.link()
                station.connection.drop("The password changed.")
                assert (await station.loss()).code is Cause.ASKED
    assert server.most == 1
