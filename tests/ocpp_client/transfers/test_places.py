"""An address is read once, and one that two programs could read in two ways is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_client.configuration import FILE_PROTOCOLS
from ocpp_client.transfers.failures import TransferFailed
from ocpp_client.transfers.places import PORTS, Place, place_of, put_at


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("http://files.example/a/b.bin", Place("http", "files.example", 80, path="/a/b.bin")),
        ("HTTPS://Files.Example./", Place("https", "files.example", 443)),
        ("https://files.example?key=@evil/", Place("https", "files.example", 443, query="?key=@evil/")),
        ("ftp://files.example:2121", Place("ftp", "files.example", 2121)),
        ("ftps://u:p@files.example/in/", Place("ftps", "files.example", 21, "u", "p", "/in/")),
        ("sftp://u:p%40%3A@10.0.0.9/in", Place("sftp", "10.0.0.9", 22, "u", "p@:", "/in")),
        # Everything up to the last @ is user and password, for the check and for the connection alike.
        ("https://good.example@evil.example/", Place("https", "evil.example", 443, "good.example")),
        ("ftp://u:p@ss@files.example/", Place("ftp", "files.example", 21, "u", "p@ss")),
        ("http://[2001:DB8::0:1]:8080/a", Place("http", "2001:db8::1", 8080, path="/a")),
        ("http://files.example/a%20b;reboot/$(reboot)/`x`/-oProxyCommand=x", None),
    ],
)
def test_n25_an_address_is_read_as_what_it_says(location: str, place: Place | None) -> None:
    found = place_of(location)
    assert place is None or found == place
    assert location.lower().startswith(found.scheme)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("", "unsupported"),
        ("files.example/a", "unsupported"),
        ("file:///etc/passwd", "unsupported"),
        ("gopher://files.example/", "unsupported"),
        ("dict://files.example:11211/stat", "unsupported"),
        ("http+unix://%2Frun%2Fredis.sock/", "unsupported"),
        ("unix:///run/redis.sock", "unsupported"),
        ("-oProxyCommand=reboot", "unsupported"),
        ("https://good.example#@evil.example/", "address"),
        ("https://good.example\\@evil.example/", "address"),
        ("https:\\\\evil.example/", "address"),
        ("https:/evil.example/", "address"),
        ("https:///evil.example/", "address"),
        ("https://", "address"),
        ("http://2130706433/", "address"),
        ("http://0x7f000001/", "address"),
        ("http://0177.0.0.1/", "address"),
        ("http://127.1/", "address"),
        ("http://files.example.1/", "address"),
        ("http://[::ffff:127.0.0.1/", "address"),
        ("http://[fe80::1%25eth0]/", "address"),
        ("http://[files.example]/", "address"),
        ("http://%6cocalhost/", "address"),
        ("http://-oProxyCommand=reboot/", "address"),
        ("http://-files.example/", "address"),
        ("http://files..example/", "address"),
        ("http://m\u00fcller.example/", "address"),
        ("http://files.example:0/", "address"),
        ("http://files.example:65536/", "address"),
        ("http://files.example:http/", "address"),
        ("http://files.example/a b", "address"),
        ("http://files.example/a\nHost: evil", "address"),
        ("ftp://files.example/a%0d%0aDELE%20b", "address"),
        ("ftp://u%0d%0aDELE:p@files.example/", "address"),
        ("ftp://u:p%00@files.example/", "address"),
        ("http://files.example/" + "x" * 492, "address"),
    ],
)
def test_n23_what_can_be_read_in_two_ways_is_refused(location: str, code: str) -> None:
    with pytest.raises(TransferFailed) as failed:
        place_of(location)
    assert failed.value.code == code


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("ftp://files.example", "/d.tar.gz"),
        ("ftp://files.example/in/", "/in/d.tar.gz"),
        ("https://files.example/in", "/in/d.tar.gz"),
        ("https://bucket.example/key?signature=1", "/key?signature=1"),
    ],
)
def test_a_file_is_put_into_the_folder_or_at_an_address_that_is_whole(location: str, target: str) -> None:
    assert put_at(place_of(location), "d.tar.gz").target == target


def test_the_protocols_that_are_told_are_there() -> None:
    """Errata v4.0, 3.90."""
    assert {name.lower() for name in FILE_PROTOCOLS.split(",")} == set(PORTS) - {"sftp"}


def test_a_place_does_not_show_its_password() -> None:
    shown: Any = repr(place_of("ftp://user:secret@files.example/"))
    assert "secret" not in shown
