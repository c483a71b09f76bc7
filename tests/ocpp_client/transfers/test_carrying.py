"""Files come and go over every protocol, against real servers, and go on where they stopped."""

from __future__ import annotations

import hashlib
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.ocpp_client.transfers.questions import LARGE, Carrier
from tests.ocpp_client.transfers.servers import LOGIN, PASSWORD, ftp_server, http_server, sftp_server

PROTOCOLS = ["http", "https", "ftp", "ftps", "sftp"]


class Folder:
    """What a server serves, whichever it is."""

    def __init__(self, url: str, path: Path, files: dict[str, bytes] | None = None) -> None:
        self.url, self._path, self._files = url, path, files

    def write(self, name: str, content: bytes) -> None:
        if self._files is not None:
            self._files[f"/in/{name}"] = content
        else:
            (self._path / "in" / name).write_bytes(content)

    def read(self, name: str) -> bytes:
        return self._files[f"/in/{name}"] if self._files is not None else (self._path / "in" / name).read_bytes()


@contextmanager
def served(scheme: str, carrier: Carrier, tmp_path: Path) -> Iterator[Folder]:
    folder = tmp_path / "served"
    (folder / "in").mkdir(parents=True)
    match scheme:
        case "http" | "https":
            tls = carrier.authority.of_server() if scheme == "https" else None
            with http_server(tls, password=True) as shelf:
                yield Folder(shelf.url("/in", scheme, f"{LOGIN}@"), folder, shelf.files)
        case "ftp" | "ftps":
            with ftp_server(folder, carrier.authority.write() if scheme == "ftps" else None) as url:
                yield Folder(f"{url}/in", folder)
        case _:
            with sftp_server(folder, asyncssh.generate_private_key("ssh-ed25519")) as url:
                yield Folder(f"{url}/in", folder)


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_a_file_is_fetched_as_it_is(scheme: str, carrier: Carrier, tmp_path: Path) -> None:
    with served(scheme, carrier, tmp_path) as folder:
        folder.write("image.bin", LARGE)
        assert carrier.fetch(f"{folder.url}/image.bin") == {}
    assert hashlib.sha256(carrier.fetched).digest() == hashlib.sha256(LARGE).digest()
    assert not carrier.into.with_suffix(".mark").exists()


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_a_file_is_put_into_the_folder_under_our_name(scheme: str, carrier: Carrier, tmp_path: Path) -> None:
    with served(scheme, carrier, tmp_path) as folder:
        assert carrier.put(LARGE, f"{folder.url}/", "diagnostics-1.tar.gz") == {}
        assert folder.read("diagnostics-1.tar.gz") == LARGE


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_what_is_not_there_or_not_allowed_is_said(scheme: str, carrier: Carrier, tmp_path: Path) -> None:
    with served(scheme, carrier, tmp_path) as folder:
        folder.write("image.bin", LARGE)
        assert carrier.fetch(f"{folder.url}/nothing.bin")["code"] == "missing"
        denied = carrier.fetch(folder.url.replace("p%40ss%3Aword", "wrong%20word") + "/image.bin")
        assert denied["code"] == "denied"
        assert "wrong word" not in denied["sentence"]
        assert PASSWORD not in denied["sentence"]
        assert carrier.fetch(f"{folder.url}/image.bin", most_bytes=len(LARGE) - 1)["code"] == "too_large"
        assert not carrier.into.exists()


# --- going on ----------------------------------------------------------------------------------------


def begun(carrier: Carrier, mark: str, content: bytes = LARGE[:100_000]) -> None:
    """As an attempt before has left it."""
    carrier.into.write_bytes(content)
    carrier.into.with_suffix(".mark").write_text(mark)


@pytest.mark.parametrize("ranges", [True, False])
def test_u10_a_download_that_was_cut_goes_on_or_begins_anew(carrier: Carrier, ranges: bool) -> None:
    """A server that ignores Range sends all of it."""
    with http_server(files={"/image.bin": LARGE}, headers={"ETag": '"1"'}, ranges=ranges, cut_after=300_000) as shelf:
        cut = carrier.fetch(shelf.url("/image.bin"))
        assert cut == {"code": "broken", "sentence": "The connection ended after 300000 of 524288 bytes."}
        shelf.cut_after = None
        assert carrier.fetch(shelf.url("/image.bin")) == {}
        assert shelf.asked[1][2]["Range"] == "bytes=300000-"
    assert carrier.fetched == LARGE


def test_u10_a_file_that_became_another_one_meanwhile_is_fetched_anew(carrier: Carrier) -> None:
    begun(carrier, '"1"')
    with http_server(files={"/image.bin": LARGE[::-1]}, headers={"ETag": '"2"'}) as shelf:
        assert carrier.fetch(shelf.url("/image.bin")) == {}
    assert carrier.fetched == LARGE[::-1]


def test_u10_a_piece_that_nobody_asked_for_is_not_put_together(carrier: Carrier) -> None:
    begun(carrier, '"1"')
    headers = {"ETag": '"1"', "Content-Range": "bytes 5-524287/524288"}
    with http_server(files={"/image.bin": LARGE}, headers=headers) as shelf:
        assert carrier.fetch(shelf.url("/image.bin"))["code"] == "garbled"
    assert carrier.fetched == LARGE[:100_000]


def test_u10_a_beginning_that_the_server_cannot_continue_is_thrown_away(carrier: Carrier) -> None:
    begun(carrier, '"1"')
    with http_server(files={"/image.bin": LARGE}, status=416) as shelf:
        assert carrier.fetch(shelf.url("/image.bin"))["code"] == "broken"
        shelf.status = 0
        assert carrier.fetch(shelf.url("/image.bin")) == {}
        assert "Range" not in shelf.asked[1][2]
    assert carrier.fetched == LARGE


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("scheme", ["ftp", "sftp"])
def test_u10_other_protocols_go_on_by_size_and_time(scheme: str, carrier: Carrier, tmp_path: Path, same: bool) -> None:
    with served(scheme, carrier, tmp_path) as folder:
        folder.write("image.bin", LARGE)
        assert carrier.fetch(f"{folder.url}/image.bin", most_bytes=1000)["code"] == "too_large"
        begun(carrier, mark_of(scheme, tmp_path) if same else "another", b"\0" * 1000)
        assert carrier.fetch(f"{folder.url}/image.bin") == {}
    assert carrier.fetched == (b"\0" * 1000 + LARGE[1000:] if same else LARGE)


def mark_of(scheme: str, tmp_path: Path) -> str:
    seen = (tmp_path / "served" / "in" / "image.bin").stat()
    if scheme == "sftp":
        return f"{seen.st_size} {int(seen.st_mtime)}"
    return f"{seen.st_size} 213 {datetime.fromtimestamp(seen.st_mtime, UTC):%Y%m%d%H%M%S}"


def test_an_upload_over_ftp_goes_on_where_it_stopped(carrier: Carrier, tmp_path: Path) -> None:
    """Section 8.2 recommends it."""
    with served("ftp", carrier, tmp_path) as folder:
        folder.write("diagnostics-1.tar.gz", b"\0" * 1000)
        assert carrier.put(LARGE, folder.url, "diagnostics-1.tar.gz") == {}
        assert folder.read("diagnostics-1.tar.gz") == b"\0" * 1000 + LARGE[1000:]


# --- trust -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["https", "ftps"])
@pytest.mark.parametrize("wrong", ["self_signed", "expired", "another_name"])
def test_n27_a_certificate_that_is_not_trusted_is_refused(
    carrier: Carrier, tmp_path: Path, scheme: str, wrong: str
) -> None:
    if wrong == "self_signed":
        carrier.roots = []
    host = "10.1.2.3" if wrong == "another_name" else "127.0.0.1"
    certificate = carrier.authority.write(host, expired=wrong == "expired")
    if scheme == "https":
        with http_server(carrier.authority.of_server(host, expired=wrong == "expired")) as shelf:
            refused = carrier.put(LARGE, shelf.url("/in/", "https"))
            assert shelf.asked == []
    else:
        with ftp_server(tmp_path, certificate) as url:
            refused = carrier.put(LARGE, url)
    assert refused["code"] == "certificate"
    assert refused["sentence"].startswith("The certificate of 127.0.0.1 is not trusted: ")


def test_n27_an_old_version_of_tls_is_refused(carrier: Carrier) -> None:
    old = carrier.authority.of_server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with http_server(old) as shelf:
        assert carrier.put(LARGE, shelf.url("/in/", "https"))["code"] == "tls_version"


def test_a_server_that_does_not_speak_tls_gets_no_password(carrier: Carrier, tmp_path: Path) -> None:
    with http_server() as shelf:
        assert carrier.fetch(shelf.url("/a", "https", f"{LOGIN}@"))["code"] == "tls"
        assert shelf.asked == []
    with ftp_server(tmp_path) as url:
        assert carrier.fetch(url.replace("ftp:", "ftps:"))["code"] == "unsupported"


def test_an_sftp_server_keeps_the_key_that_it_had_the_first_time(carrier: Carrier, tmp_path: Path) -> None:
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(2)]
    (tmp_path / "image.bin").write_bytes(LARGE)
    with sftp_server(tmp_path, keys[0]) as url:
        assert carrier.fetch(f"{url}/image.bin") == {}
        assert carrier.fetch(f"{url}/image.bin") == {}
    assert len(carrier.known.read_text().splitlines()) == 1
    assert carrier.known.stat().st_mode & 0o777 == 0o600
    with sftp_server(tmp_path, keys[1], int(url.rpartition(":")[2])):
        refused = carrier.fetch(f"{url}/image.bin")
    assert refused["code"] == "certificate"


def test_nothing_is_told_of_a_server_but_one_short_line(carrier: Carrier) -> None:
    with http_server(status=500) as shelf:
        told: dict[str, Any] = carrier.fetch(shelf.url("/a"))
    assert told == {"code": "server", "sentence": "127.0.0.1 answered HTTP 500 Internal Server Error."}
