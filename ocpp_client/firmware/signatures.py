"""Who made the firmware? The signing certificate and the signature over the file (security whitepaper, L01).

The certificate is issued directly by an installed ManufacturerRootCertificate: there are no intermediate ones
(L01, remarks). The signature is RSA-PSS or ECDSA over the SHA-256 of the whole file.

Runs as a program of its own (see `trust`): the library takes 16 MB, which are given back, and it reads what strangers
have made. It knows neither Django nor the record.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509 import Certificate, CertificateRevocationList
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from ocpp_client.certificates.properties import (
    Untrusted,
    certificate_of,
    check_dates,
    check_strength,
    extensions_of,
    is_issued_by,
)

USE: Final = "ManufacturerRootCertificate"
OTHERS: Final = "The file is not the one that the certificate's owner has signed."
PIECE_BYTES: Final = 1024 * 1024


def check_certificate(pem: str, roots: list[str], at: datetime, revoked: Path) -> None:
    """Raise Untrusted unless *pem* is one certificate for signing that one of *roots* (PEM) vouches for at *at*.

    *revoked*: a folder of revocation lists, *.crl, PEM or DER.
    """
    certificate = certificate_of(pem)
    check_dates(certificate, at)
    check_strength(certificate)
    _check_usage(certificate)
    root = _issuer_of(certificate, roots, at)
    if any(crl.get_revoked_certificate_by_serial_number(certificate.serial_number) for crl in _lists_of(root, revoked)):
        raise Untrusted(f"The certificate with serial number {certificate.serial_number:x} is revoked.", revoked=True)


def _check_usage(certificate: Certificate) -> None:
    """What the extensions forbid. A certificate without them may be used for signing (RFC 5280 section 4.2.1)."""
    found = extensions_of(certificate)
    basic, usage, extended = (found.get(kind) for kind in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage))
    if isinstance(basic, x509.BasicConstraints) and basic.ca:
        raise Untrusted("The certificate is one of an authority, and these do not sign firmware.")
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        raise Untrusted("The certificate may not be used for signatures.")
    if isinstance(extended, x509.ExtendedKeyUsage) and not {Usage.CODE_SIGNING, Usage.ANY_EXTENDED_KEY_USAGE} & {
        *extended
    }:
        raise Untrusted("The certificate may not be used to sign software.")


def _issuer_of(certificate: Certificate, roots: list[str], at: datetime) -> Certificate:
    if not roots:
        raise Untrusted(f"No {USE} is installed: nobody vouches for the certificate.")
    for root in map(certificate_of, roots):
        valid = root.not_valid_before_utc <= at <= root.not_valid_after_utc
        if valid and is_issued_by(certificate, root):
            return root
    raise Untrusted(f"No installed {USE} that is valid now has issued the certificate.")


def _lists_of(root: Certificate, revoked: Path) -> Iterator[CertificateRevocationList]:
    """The revocation lists that a technician has put there and that *root* has signed."""
    key = root.public_key()
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        return
    for path in sorted(revoked.glob("*.crl")):
        content = path.read_bytes()
        try:
            pem = content.startswith(b"-----BEGIN")
            crl = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
        except ValueError as error:
            raise Untrusted(f"The revocation list {path.name} cannot be read: {error}.") from error
        if crl.issuer == root.subject and crl.is_signature_valid(key):
            yield crl


def signature_is_right(path: Path, pem: str, signature: str) -> bool:
    """Whether the key of the certificate *pem* has signed this file (L01.FR.04, FR.12). Raises OSError, Untrusted."""
    digest, algorithm = _sha256_of(path), Prehashed(hashes.SHA256())
    key = certificate_of(pem).public_key()
    try:
        signed = base64.b64decode(signature, validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
            key.verify(signed, digest, pss, algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed, digest, ec.ECDSA(algorithm))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _sha256_of(path: Path) -> bytes:
    """Piece by piece: a bundle may be larger than the memory that the worker may use."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.digest()


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """{"wrong": a sentence, "" when all is right; "revoked": whether that is why}."""
    try:
        if "file" in question:
            right = signature_is_right(Path(question["file"]), question["certificate"], question["signature"])
            return {"wrong": "" if right else OTHERS, "revoked": False}
        at = datetime.fromisoformat(question["at"])
        check_certificate(question["certificate"], question["roots"], at, Path(question["revoked"]))
    except Untrusted as error:
        return {"wrong": str(error), "revoked": error.revoked}
    except OSError as error:
        return {"wrong": f"It cannot be read: {error}", "revoked": False}
    return {"wrong": "", "revoked": False}


if __name__ == "__main__":
    json.dump(answer_to(json.load(sys.stdin)), sys.stdout)
