from __future__ import annotations

import errno
import re
import socket
import ssl
from typing import Final

import pytest
from django.utils import translation
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    InvalidMessage,
    InvalidStatus,
    InvalidUpgrade,
    InvalidURI,
    NegotiationError,
    WebSocketException,
)
from websockets.frames import Close
from websockets.http11 import Response

from ocpp_client.addresses import Address
from ocpp_client.causes import ENDED, INTERNAL, NO_PONG, NO_SUBPROTOCOL, NOT_READING, Cause, reason_of
from ocpp_client.disconnect_words import disconnect_words
from ocpp_client.errors import AddressUnusable

UNUSABLE: Final = "The address of the central system cannot be used"


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


def untrusted(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = message
    return error


def status(code: int) -> InvalidStatus:
    return InvalidStatus(Response(code, "", Headers()))


def is_russian(text: str) -> bool:
    return re.search("[\u0430-\u044f]{3}", text) is not None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (AddressUnusable(f"{UNUSABLE}: it holds a user, a password or a fragment"), Cause.ADDRESS),
        (InvalidURI("x", "y"), Cause.ADDRESS),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Cause.DNS),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Cause.REFUSED),
        (OSError(errno.ENETUNREACH, "unreachable"), Cause.UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, "unreachable"), Cause.UNREACHABLE),
        (TimeoutError("timed out during opening handshake"), Cause.TIMEOUT),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), Cause.TIMEOUT),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Cause.BROKEN),
        (untrusted("self-signed certificate"), Cause.CERTIFICATE),
        (tls("UNSUPPORTED_PROTOCOL"), Cause.TLS_VERSION),
        (tls("SSLV3_ALERT_HANDSHAKE_FAILURE"), Cause.TLS_CIPHER),
        (tls("TLSV13_ALERT_CERTIFICATE_REQUIRED"), Cause.OWN_CERTIFICATE),
        (tls("WRONG_VERSION_NUMBER"), Cause.TLS),
        (status(401), Cause.UNAUTHORIZED),
        (status(403), Cause.UNAUTHORIZED),
        (status(404), Cause.NOT_FOUND),
        (status(302), Cause.REDIRECT),
        (status(503), Cause.HTTP),
        (status(200), Cause.HTTP),
        (NegotiationError("unsupported subprotocol"), Cause.SUBPROTOCOL),
        (InvalidUpgrade("Upgrade", "x"), Cause.HANDSHAKE),
        (InvalidMessage("did not receive a valid HTTP response"), Cause.HANDSHAKE),
        (WebSocketException("else"), Cause.BROKEN),
        (ConnectionClosedError(None, None), Cause.BROKEN),
        (ConnectionClosedError(None, Close(1001, "")), Cause.BROKEN),
        (ConnectionClosedError(Close(1008, ""), Close(1008, ""), rcvd_then_sent=True), Cause.CLOSED),
        (ConnectionClosedError(Close(1009, ""), Close(1009, ""), rcvd_then_sent=True), Cause.CLOSED),
        (ConnectionClosedError(Close(1009, ""), Close(1009, ""), rcvd_then_sent=False), Cause.TOO_BIG),
        (ConnectionClosedError(None, Close(1009, "")), Cause.TOO_BIG),
        (ConnectionClosedError(None, Close(1002, "")), Cause.BAD_FRAME),
        (ConnectionClosedError(None, Close(1007, "")), Cause.BAD_FRAME),
        (KeyError("x"), Cause.INTERNAL),
    ],
)
def test_every_error_has_its_cause_and_one_sentence(error: BaseException, cause: Cause) -> None:
    code, sentence = reason_of(error)
    assert code is cause
    assert sentence[0].isupper()
    assert len(sentence) > 20

    with translation.override("ru"):
        told = disconnect_words(sentence)
    assert is_russian(told), told
    assert disconnect_words(sentence) == sentence


@pytest.mark.parametrize("reason", [NO_PONG, NOT_READING, NO_SUBPROTOCOL, ENDED, INTERNAL])
def test_what_the_link_itself_sees_has_russian_words(reason: tuple[Cause, str]) -> None:
    with translation.override("ru"):
        assert is_russian(disconnect_words(reason[1]))


@pytest.mark.parametrize(
    ("identity", "url"),
    [("", "ws://a"), ("CP1", "ws://a b"), ("CP1", "http://a"), ("CP1", "ws://user@a"), ("CP1", "ws://a/#x")],
)
def test_what_is_wrong_with_an_address_has_russian_words(identity: str, url: str) -> None:
    with pytest.raises(AddressUnusable) as wrong:
        Address(url, identity).connection_url()
    with translation.override("ru"):
        assert is_russian(disconnect_words(str(wrong.value)))


def test_what_was_seen_stays_in_the_translation() -> None:
    with translation.override("ru"):
        assert "HTTP 503" in disconnect_words(reason_of(status(503))[1])
        assert "hostname mismatch" in disconnect_words(reason_of(untrusted("hostname mismatch."))[1])
        close = Close(4001, "%(code)s) (x")
        assert "4001 (%(code)s) (x)" in disconnect_words(reason_of(ConnectionClosedError(close, close, True))[1])
        assert disconnect_words("of a later version") == "of a later version"
        assert disconnect_words("") == ""


def test_a_tls_error_is_found_behind_the_error_that_hid_it() -> None:
    hidden = InvalidMessage("did not receive a valid HTTP response")
    hidden.__cause__ = EOFError()
    hidden.__cause__.__context__ = tls("TLSV13_ALERT_CERTIFICATE_REQUIRED")
    assert reason_of(hidden)[0] is Cause.OWN_CERTIFICATE


def test_it_says_what_the_certificate_lacks() -> None:
    assert "self-signed certificate. Check the root" in reason_of(untrusted("self-signed certificate"))[1]
    assert "hostname mismatch. Check the root" in reason_of(untrusted("hostname mismatch."))[1]


def test_the_reason_of_a_stranger_is_shown_harmless_and_short() -> None:
    close = Close(4001, "\x1b[31mЖ" + "x" * 100)
    _, sentence = reason_of(ConnectionClosedError(close, close, rcvd_then_sent=True))
    assert sentence.isascii()
    assert "code 4001 (\\x1b[31m\\u0416xxx" in sentence
    assert len(sentence) < 150
