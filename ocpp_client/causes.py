"""Why there is no link: from what the network throws to a code and a sentence for a technician. Pure."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    WebSocketException,
)

from .errors import AddressUnusable
from .frames import MAX_BYTES, shown


class Cause(StrEnum):
    """What ended or prevented a link."""

    ADDRESS = "address"
    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"  # theirs
    OWN_CERTIFICATE = "own_certificate"
    TLS_VERSION = "tls_version"
    TLS_CIPHER = "tls_cipher"
    TLS = "tls"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    REDIRECT = "redirect"
    HTTP = "http"
    HANDSHAKE = "handshake"
    SUBPROTOCOL = "subprotocol"
    CLOSED = "closed"
    BROKEN = "broken"
    NO_PONG = "no_pong"
    NOT_READING = "not_reading"
    TOO_BIG = "too_big"
    BAD_FRAME = "bad_frame"
    ASKED = "asked"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The last reason why there is or was no link, as the console shows it."""

    code: Cause
    sentence: str
    at: datetime


Reason = tuple[Cause, str]

NO_PONG: Final[Reason] = (
    Cause.NO_PONG,
    "The central system did not answer a ping: the link was dead. Check the network between here and there.",
)
NOT_READING: Final[Reason] = (
    Cause.NOT_READING,
    "The central system takes nothing that the station sends. Ask its operator whether it is overloaded.",
)
NO_SUBPROTOCOL: Final[Reason] = (
    Cause.SUBPROTOCOL,
    "The central system does not speak OCPP 1.6 (ocpp1.6) at this address. Check the path of the address.",
)
ENDED: Final[Reason] = (Cause.ASKED, "The station ended the connection.")
INTERNAL: Final[Reason] = (Cause.INTERNAL, "The station's own program failed; its log says where.")
_REFUSED: Final[Reason] = (
    Cause.REFUSED,
    "The central system's computer refuses the connection. Check the port in the address; the server may be down.",
)
_UNREACHABLE: Final[Reason] = (
    Cause.UNREACHABLE,
    "The network has no way to the central system. Check cable, modem and router.",
)
_BROKEN: Final[Reason] = (Cause.BROKEN, "The connection to the central system broke.")
_BY_HTTP_STATUS: Final = {
    401: (Cause.UNAUTHORIZED, "does not accept identity and password of this station. Compare both with its operator"),
    403: (Cause.UNAUTHORIZED, "does not let this station in. Compare identity and password with its operator"),
    404: (Cause.NOT_FOUND, "does not know this station or this path. Check the address and the identity"),
}
_BY_TLS_REASON: Final = {
    "UNSUPPORTED_PROTOCOL": Cause.TLS_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": Cause.TLS_VERSION,
    "NO_PROTOCOLS_AVAILABLE": Cause.TLS_VERSION,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": Cause.TLS_CIPHER,
    "NO_CIPHERS_AVAILABLE": Cause.TLS_CIPHER,
    "WRONG_CIPHER_RETURNED": Cause.TLS_CIPHER,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": Cause.TLS_CIPHER,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Cause.OWN_CERTIFICATE,
    "TLSV1_ALERT_UNKNOWN_CA": Cause.OWN_CERTIFICATE,
    "SSLV3_ALERT_BAD_CERTIFICATE": Cause.OWN_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": Cause.OWN_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": Cause.OWN_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": Cause.OWN_CERTIFICATE,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": Cause.OWN_CERTIFICATE,
}
_TLS_SENTENCES: Final = {
    Cause.TLS_VERSION: "The central system and this station have no version of TLS in common.",
    Cause.TLS_CIPHER: "The central system and this station have no TLS cipher suite in common.",
    Cause.OWN_CERTIFICATE: "The central system does not accept the certificate of this station.",
    Cause.TLS: "The connection could not be encrypted. Check that the address and its port are meant for wss.",
}
_NO_WAY: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
# Close codes of RFC 6455, 7.4.1, when it is the station that closes.
_TOO_BIG: Final = 1009
_BAD_FRAME: Final = {1002, 1007}


def reason_of(error: BaseException) -> Reason:
    """Return what *error* means for the link."""
    for each in _chain(error):
        if isinstance(each, ssl.SSLError):
            return _tls(each)
    match error:
        case ConnectionClosed():
            return _closed(error)
        case WebSocketException():
            return _refused_handshake(error)
        case socket.gaierror():
            return Cause.DNS, "The name of the central system is not known. Check the address and the name server."
        case TimeoutError():
            return Cause.TIMEOUT, "The central system did not answer in time. Check the address and the firewall."
        case OSError():
            return _network(error)
        case AddressUnusable():
            return Cause.ADDRESS, str(error)
    return INTERNAL


def _chain(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


def _tls(error: ssl.SSLError) -> Reason:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Cause.CERTIFICATE, (
            f"The certificate of the central system is not trusted: {error.verify_message.rstrip('.')}. "
            "Check the root certificate and the clock of the station."
        )
    cause = _BY_TLS_REASON.get(error.reason, Cause.TLS)
    return cause, _TLS_SENTENCES[cause]


def _closed(closed: ConnectionClosed) -> Reason:
    ours = closed.sent if closed.sent is not None and not closed.rcvd_then_sent else None
    if ours is not None and ours.code == _TOO_BIG:
        return Cause.TOO_BIG, f"The central system sent a message of more than {MAX_BYTES} bytes."
    if ours is not None and ours.code in _BAD_FRAME:
        return Cause.BAD_FRAME, "The central system sent what is no WebSocket message."
    if closed.rcvd is None:
        return _BROKEN
    reason = f" ({shown(closed.rcvd.reason)})" if closed.rcvd.reason else ""
    return Cause.CLOSED, f"The central system closed the connection with code {closed.rcvd.code}{reason}."


def _refused_handshake(error: WebSocketException) -> Reason:
    match error:
        case InvalidURI():
            return Cause.ADDRESS, "The address of the central system cannot be used: it is no WebSocket address."
        case NegotiationError():
            return NO_SUBPROTOCOL
        case InvalidStatus():
            return _http(error.response.status_code)
        case InvalidHandshake():
            return Cause.HANDSHAKE, "What answers at this address is no WebSocket server. Check address and port."
    return _BROKEN


def _http(status: int) -> Reason:
    if status in _BY_HTTP_STATUS:
        cause, what = _BY_HTTP_STATUS[status]
        return cause, f"The central system {what} (HTTP {status})."
    if status // 100 == 3:  # noqa: PLR2004 - the class of HTTP's redirections
        return (
            Cause.REDIRECT,
            f"The central system sends the station elsewhere (HTTP {status}), which it does not follow.",
        )
    return Cause.HTTP, f"The central system answered HTTP {status} instead of opening a WebSocket. Ask its operator."


def _network(error: OSError) -> Reason:
    if error.errno == errno.ECONNREFUSED:
        return _REFUSED
    return _UNREACHABLE if error.errno in _NO_WAY else _BROKEN
