"""Servers and addresses that mean ill: N22 to N29. Refused or ended in bounded time, size and words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from unittest.mock import patch

import pytest

from ocpp_client.transfers import over_ftp, reaching
from ocpp_client.transfers.reaching import networks_of
from tests.ocpp_client.transfers.questions import LARGE, Carrier
from tests.ocpp_client.transfers.servers import (
    ftp_script,
    ftp_server,
    http_server,
    raw_server,
    said,
    until_gone,
)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "LOCALHOST."])  # noqa: S104
@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "ftps", "sftp"])
def test_n22_the_station_is_not_sent_to_itself(carrier: Carrier, scheme: str, host: str) -> None:
    """Nor to what listens on it: not one connection is made."""
    carrier.networks = "10.0.0.0/8, 127.0.0.0/8"
    with raw_server(until_gone) as listener:
        for refused in (
            carrier.fetch(f"{scheme}://{host}:{listener.port}/CONFIG"),
            carrier.put(b"", f"{scheme}://{host}:{listener.port}/"),
        ):
            assert refused["code"] == "address"
            assert "where a central system may not send the station" in refused["sentence"]
        assert listener.came == 0


@pytest.mark.parametrize(
    ("address", "networks", "allowed"),
    [
        ("93.184.216.34", "", True),
        ("2606:2800:220:1::1", "", True),
        ("10.20.1.1", "", False),
        ("192.168.1.1", "", False),
        ("172.16.0.1", "", False),
        ("100.64.0.1", "", False),
        ("169.254.169.254", "", False),
        ("fe80::1", "", False),
        ("fd00::1", "", False),
        ("224.0.0.1", "", False),
        ("255.255.255.255", "", False),
        ("::", "", False),
        ("::ffff:10.20.1.1", "", False),
        ("64:ff9b::10.20.1.1", "", False),
        ("2002:0a14:0101::", "", False),
        ("10.20.1.1", "10.20.0.0/16", True),
        ("10.21.1.1", "10.20.0.0/16", False),
        ("::ffff:10.20.1.1", "10.20.0.0/16", True),
        ("fd00::1", "10.0.0.0/8, fd00::/8", True),
        ("127.0.0.1", "127.0.0.0/8", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.2", "127.0.0.1", False),
    ],
)
def test_n22_private_networks_are_allowed_by_their_name_only(address: str, networks: str, allowed: bool) -> None:
    assert reaching._may_be_dialled(ip_address(address), networks_of(networks)) is allowed


def test_n24_a_redirection_is_not_followed(carrier: Carrier) -> None:
    with http_server() as inside, http_server(status=302, headers={"Location": inside.url("/a")}) as shelf:
        for told in (carrier.fetch(shelf.url("/a")), carrier.put(b"x", shelf.url("/in/"))):
            assert told["code"] == "redirected"
        assert inside.asked == []


def test_n24_a_name_is_asked_for_once(carrier: Carrier) -> None:
    """A name server whose second answer is another one changes nothing: the first one was looked at, and is dialled."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 1))] for host in ("10.20.1.1", "127.0.0.1")]
    with patch("socket.getaddrinfo", lambda *_more, **_named: answers.pop(0)):
        assert carrier.fetch("http://files.example:1/a")["code"] == "address"
    assert len(answers) == 1


FTP_HEADS = ("331 password", "230 in", "200 binary")


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        ((), "late"),
        (("530 no",), "denied"),
        (("331 password", "530 no p@ss:word here"), "denied"),
        ((*FTP_HEADS, "550 size", "500 what"), "unsupported"),
        ((*FTP_HEADS, "213 5", "213 20260101000000", "227 ok (10,0,0,1,1,1)"), "broken"),
        ((*FTP_HEADS, "213 5", "213 20260101000000", "227 nothing"), "garbled"),
        ((*FTP_HEADS, "213 99999999999", "213 20260101000000"), "too_large"),
        (("hello",), "garbled"),
    ],
)
def test_n26_an_ftp_server_that_fails_is_a_failure_in_bounded_time(
    carrier: Carrier, replies: tuple[str, ...], code: str
) -> None:
    silence = (patch.object(over_ftp, "SILENCE_S", 3.0), patch.object(reaching, "SILENCE_S", 3.0))
    with silence[0], silence[1], raw_server(ftp_script(*replies)) as listener:
        told = carrier.fetch(f"ftp://user:p%40ss%3Aword@127.0.0.1:{listener.port}/image.bin")
    assert told["code"] == code
    assert "p@ss:word" not in told["sentence"]


def test_n26_the_host_that_a_server_names_for_its_content_is_ignored(carrier: Carrier, tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(LARGE)
    with ftp_server(tmp_path, masquerade_address="10.0.0.1") as url:
        assert carrier.fetch(f"{url}/image.bin") == {}


def test_n26_a_file_that_vanishes_meanwhile_is_a_failure(carrier: Carrier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as content:
        high, low = divmod(content.getsockname()[1], 256)
        replies = (*FTP_HEADS, "213 500", "213 20260101000000", f"227 ok (127,0,0,1,{high},{low})", "150 comes")

        def talk(link: socket.socket) -> None:
            link.sendall(said("220 ready"))
            commands = link.makefile("rb")
            for reply in replies:
                commands.readline()
                link.sendall(said(reply))
            there, _from = content.accept()
            there.sendall(b"x" * 100)
            there.close()
            link.sendall(said("550 it is gone"))
            until_gone(link)

        with raw_server(talk) as listener:
            assert carrier.fetch(f"ftp://127.0.0.1:{listener.port}/image.bin")["code"] == "missing"


def endless(first: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def talk(link: socket.socket) -> None:
        link.sendall(first)
        while True:
            link.sendall(piece)

    return talk


@pytest.mark.parametrize(
    ("scheme", "first", "piece", "code"),
    [
        ("ftp", b"220-\r\n", b"220-and more\r\n" * 100, "garbled"),
        ("ftp", b"220 ", b"x" * 1000, "garbled"),
        ("http", b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n" * 100, "garbled"),
        ("http", b"", b"x" * 1000, "garbled"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536, "too_large"),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65_536 + b"\r\n",
            "too_large",
        ),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\n", "garbled"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", b"x" * 65_536, "too_large"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", b"x" * 1000, "garbled"),
        ("sftp", b"SSH-2.0-x\r\n", b"\xff" * 1000, "garbled"),
        ("sftp", b"", b"x" * 1000, "garbled"),
        ("https", b"", b"x" * 1000, "tls"),
    ],
)
def test_u7_a_server_without_an_end_is_left(
    carrier: Carrier, scheme: str, first: bytes, piece: bytes, code: str
) -> None:
    with raw_server(endless(first, piece)) as listener:
        told = carrier.fetch(f"{scheme}://127.0.0.1:{listener.port}/image.bin", most_bytes=1_000_000)
    assert told["code"] == code
    assert len(told["sentence"]) <= 300
    assert told["sentence"].isprintable()
    assert not carrier.into.exists() or carrier.into.stat().st_size <= 1_000_000


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "sftp"])
def test_a_server_that_hangs_up_or_is_not_there_is_named(carrier: Carrier, scheme: str) -> None:
    with raw_server(lambda _link: None) as listener:
        assert carrier.fetch(f"{scheme}://127.0.0.1:{listener.port}/a")["code"] in {"broken", "garbled"}
    assert carrier.fetch(f"{scheme}://127.0.0.1:{listener.port}/a")["code"] == "unreachable"


def test_n29_a_name_that_a_server_gives_is_ignored(carrier: Carrier) -> None:
    headers = {"Content-Disposition": 'attachment; filename="../../x"', "ETag": '"../../\u00e9"'}
    with http_server(files={"/a": LARGE}, headers=headers) as shelf:
        assert carrier.fetch(shelf.url("/a")) == {}
    assert carrier.fetched == LARGE
    assert {path.name for path in carrier.into.parent.iterdir()} == {"ordered-1.part", "root.pem"}


def test_u11_a_full_disk_is_said_and_freed(carrier: Carrier) -> None:
    carrier.into.symlink_to("/dev/full")
    with http_server(files={"/a": LARGE}) as shelf:
        told = carrier.fetch(shelf.url("/a"))
    assert told == {"code": "no_room", "sentence": "There is no room for it on the disk: free some."}
    assert not carrier.into.is_symlink()


def test_n26_a_server_that_takes_nothing_is_left(carrier: Carrier) -> None:
    ended = threading.Event()
    with patch.object(reaching, "SILENCE_S", 1.0), raw_server(lambda _link: ended.wait(60.0)) as listener:
        told = carrier.put(LARGE * 20, f"http://127.0.0.1:{listener.port}/in/")
        ended.set()
    assert told["code"] == "late"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "denied"),
        (403, "denied"),
        (404, "missing"),
        (405, "unsupported"),
        (413, "too_large"),
        (501, "unsupported"),
    ],
)
def test_an_upload_that_is_not_wanted_says_why(carrier: Carrier, status: int, code: str) -> None:
    with http_server(status=status) as shelf:
        assert carrier.put(LARGE, shelf.url("/in/"))["code"] == code


def test_an_upload_that_may_not_be_written_says_so(carrier: Carrier, tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(ftp_server(tmp_path, perm="elr"))
        assert carrier.put(LARGE, url)["code"] == "denied"
