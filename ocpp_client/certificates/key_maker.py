"""Makes a private key of the station and the request to certify it. Runs as a program of its own (see `child`).

The key is written where nobody but the station's account reads it, and goes nowhere else: not over a pipe, not into the
memory of the worker (security whitepaper, A02.FR.05).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def make(path: Path, organization: str, serial: str) -> str:
    """A key on P-256 in *path*, durable; the request for it (RFC 2986), PEM, as A02.FR.13 and A00.FR.511 want it.

    Raises OSError.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # of an attempt that was killed
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)
    names = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, serial))
    subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in names])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode("ascii")


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """{"wrong": a sentence, "" when all is right; "csr": PEM}."""
    try:
        csr = make(Path(question["path"]), question["organization"], question["serial"])
    except (OSError, ValueError) as error:
        return {"wrong": f"The key could not be made: {error}"}
    return {"wrong": "", "csr": csr}


if __name__ == "__main__":
    json.dump(answer_to(json.load(sys.stdin)), sys.stdout)
