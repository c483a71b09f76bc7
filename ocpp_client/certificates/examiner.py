"""What is in a certificate, and may it be installed? Runs as a program of its own (see `child`), without the record.

The hashes are those of the OCSP specification, as section 6.1 of the whitepaper (edition 3) wants them.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate, ocsp

from ocpp_client.certificates.properties import (
    Untrusted,
    certificate_of,
    check_dates,
    check_strength,
    extensions_of,
    is_issued_by,
)

ALGORITHMS: Final = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}
LONGEST_SERIAL: Final = 40  # hexadecimal digits, section 6.5


def root_in(pem: str, installed: list[str], at: datetime) -> dict[str, Any]:
    """What the station keeps of *pem*, an authority that vouches for itself or for which an installed one does.

    Raises Untrusted.
    """
    certificate = certificate_of(pem)
    check_dates(certificate, at)
    check_strength(certificate)
    _check_authority(certificate)
    issuer = _issuer_of(certificate, installed)
    serial = f"{certificate.serial_number:X}"
    if certificate.serial_number <= 0 or len(serial) > LONGEST_SERIAL:
        raise Untrusted("The serial number of the certificate is no number of at most 20 bytes.")
    return {
        "subject": certificate.subject.rfc4514_string(),
        "serial_number": serial,
        "fingerprint": fingerprint_of(certificate),
        "issuer_fingerprint": fingerprint_of(issuer),
        "hashes": {name: _hashes(certificate, issuer, algorithm) for name, algorithm in ALGORITHMS.items()},
        "valid_from": certificate.not_valid_before_utc.isoformat(),
        "valid_until": certificate.not_valid_after_utc.isoformat(),
    }


def fingerprint_of(certificate: Certificate) -> str:
    """SHA-256 of all of it, in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _check_authority(certificate: Certificate) -> None:
    """What RFC 5280 section 4.2.1 wants of who signs certificates."""
    found = extensions_of(certificate)
    basic, usage = found.get(x509.BasicConstraints), found.get(x509.KeyUsage)
    if not (isinstance(basic, x509.BasicConstraints) and basic.ca):
        raise Untrusted("The certificate is not one of an authority.")
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        raise Untrusted("The certificate may not be used to sign certificates.")


def _issuer_of(certificate: Certificate, installed: list[str]) -> Certificate:
    for issuer in (certificate, *map(certificate_of, installed)):
        if is_issued_by(certificate, issuer):
            return issuer
    raise Untrusted("The certificate is no root, and no installed one has signed it.")


def _hashes(certificate: Certificate, issuer: Certificate, algorithm: hashes.HashAlgorithm) -> list[str]:
    """Of the issuer's name and of the issuer's key."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm).build()
    return [asked.issuer_name_hash.hex().upper(), asked.issuer_key_hash.hex().upper()]


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """{"wrong": a sentence, "" when all is right} and what is kept."""
    try:
        at = datetime.fromisoformat(question["at"])
        return {"wrong": "", **root_in(question["root"], question["installed"], at)}
    except Untrusted as error:
        return {"wrong": str(error)}


if __name__ == "__main__":
    json.dump(answer_to(json.load(sys.stdin)), sys.stdout)
