from __future__ import annotations

import base64

import pytest

from ocpp_client.addresses import Address
from ocpp_client.errors import AddressUnusable

KEY = bytes.fromhex("0001020304050607FFFFFFFFCCCCCCCCCCCCCCCC")


@pytest.mark.parametrize(
    ("url", "identity", "connection_url"),
    [
        # the two examples of OCPP-J 1.6, 3.1.1
        ("ws://centralsystem.example.com/ocpp", "CP001", "ws://centralsystem.example.com/ocpp/CP001"),
        ("wss://centralsystem.example.com/ocppj", "RDAM 123", "wss://centralsystem.example.com/ocppj/RDAM%20123"),
        ("ws://host", "a", "ws://host/a"),
        ("ws://host:9000/", "a", "ws://host:9000/a"),
        ("WSS://host/x//", "a", "wss://host/x/a"),
        ("ws://[::1]:9/x", "a", "ws://[::1]:9/x/a"),
        ("ws://host/x?token=1", "a", "ws://host/x/a?token=1"),
        ("ws://host/x", "a/../b?c#d%", "ws://host/x/a%2F..%2Fb%3Fc%23d%25"),
        ("ws://host/x", "Ж-1_2.3~4", "ws://host/x/%D0%96-1_2.3~4"),
    ],
)
def test_the_identity_is_appended_to_the_path(url: str, identity: str, connection_url: str) -> None:
    assert Address(url, identity).connection_url() == connection_url


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("", "a"),
        ("host", "a"),
        ("http://host", "a"),
        ("ws://", "a"),
        ("ws:///x", "a"),
        ("ws://host:0", "a"),
        ("ws://host:70000", "a"),
        ("ws://host:x", "a"),
        ("ws://[::1", "a"),
        ("ws://host..example", "a"),
        (f"ws://{'x' * 64}.example", "a"),
        ("ws://host/a b", "a"),
        ("ws://host/\r\nX: y", "a"),
        ("ws://hÖst/", "a"),
        ("ws://user:secret@host/", "a"),
        ("ws://host/#x", "a"),
        ("ws://host", ""),
        ("ws://host", "\ud800"),
        ("ws://host", "a\0b"),
    ],
)
def test_an_address_that_cannot_work_is_refused(url: str, identity: str) -> None:
    with pytest.raises(AddressUnusable, match="cannot be used"):
        Address(url, identity).connection_url()


@pytest.mark.parametrize(
    ("password", "pair"),
    [
        (KEY, b"AL1000:" + KEY),
        (KEY.hex(), b"AL1000:" + KEY.hex().encode()),
        ("Ж", "AL1000:Ж".encode()),
        ("", b"AL1000:"),
    ],
)
def test_a_password_is_sent_as_bytes_or_as_text(password: bytes | str, pair: bytes) -> None:
    scheme, _, encoded = Address("ws://host", "AL1000", password).headers()["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(encoded)) == ("Basic", pair)


def test_the_key_of_the_standard_is_sent_as_its_bytes() -> None:
    # OCPP-J 1.6, 6.2.2, shows the beginning of this header.
    assert Address("ws://host", "AL1000", KEY).headers()["Authorization"].startswith("Basic QUwxMDAwOgABAgMEBQYH////")


def test_without_a_password_nothing_is_sent() -> None:
    assert Address("ws://host", "AL1000").headers() == {}


def test_the_password_is_not_in_what_is_logged() -> None:
    assert "secret" not in repr(Address("ws://host", "AL1000", "secret"))


def test_it_knows_which_links_are_encrypted() -> None:
    assert Address("WSS://host", "a").secure
    assert not Address("ws://wss:9", "a").secure
