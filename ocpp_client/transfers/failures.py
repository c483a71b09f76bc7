"""What can go wrong with a transfer: a code for programs, a sentence for people."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """Why nothing was transferred."""

    ADDRESS = "address"  # it cannot be used, or leads to where no central system may send the station
    UNSUPPORTED = "unsupported"  # a protocol that is not carried, or something that the server does not do
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"  # of the server, or its key
    TLS_VERSION = "tls_version"
    TLS = "tls"
    DENIED = "denied"
    MISSING = "missing"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    NO_ROOM = "no_room"
    LATE = "late"
    BROKEN = "broken"
    GARBLED = "garbled"  # what the server says is not the protocol
    SERVER = "server"  # it says that it cannot
    PROGRAM = "program"  # ours


class TransferFailed(Exception):
    """Nothing was transferred: `code` for programs, the sentence for people. It holds no password."""

    def __init__(self, code: Why, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
