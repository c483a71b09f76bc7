"""What an encrypted link is made of: whom it trusts and with what (security whitepaper, sections 2.4 and 2.5)."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

# Those of A00.FR.318, and ECDHE with RSA, which most servers on the internet have. TLS 1.3 has its own.
CIPHERS: Final = ":".join(
    (
        *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        *("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"),
        *("AES128-GCM-SHA256", "AES256-GCM-SHA384"),
    )
)


def context_of(roots: Sequence[str], *, system: bool) -> ssl.SSLContext:
    """Trust *roots* (PEM), and those of the operating system where *system* is set.

    Each of them is where a chain may end, also one that another authority has signed (whitepaper, section 7.1).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks the name and the dates; no compression
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # A00.FR.312
    context.set_ciphers(CIPHERS)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if system:
        context.load_default_certs()
    if roots:
        context.load_verify_locations(cadata="\n".join(roots))
    return context


def present(context: ssl.SSLContext, chain: str, key: Path) -> None:
    """Let a station present *chain* (PEM), for the private key in the file *key*. Raises OSError."""
    with NamedTemporaryFile("w", encoding="ascii") as file:  # OpenSSL reads certificates of its own from files only
        file.write(chain)
        file.flush()
        context.load_cert_chain(file.name, key)
