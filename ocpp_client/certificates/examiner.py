"""What is in a certificate, and may it be installed? Runs as a program of its own (see `child`), without the record.

The hashes are those of the OCSP specification, as section 6.1 of the whitepaper (edition 3) wants them.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate, ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from ocpp_client.certificates.properties import (
    Untrusted,
    certificate_of,
    certificates_of,
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


def chain_in(pem: str, key: Path, roots: list[str], at: datetime, name: str) -> dict[str, Any]:
    """What the station keeps of *pem*: its own certificate for *key*, and whatever leads from it to one of *roots*.

    It has to be in the name of this station (A00.FR.511), and may begin later (A02.FR.06 to FR.08). Raises Untrusted.
    """
    certificates = certificates_of(pem)
    own = _own_in(certificates, key)
    if own.not_valid_after_utc <= at:
        raise Untrusted(f"The certificate was valid until {own.not_valid_after_utc:%Y-%m-%d %H:%M} UTC.")
    check_strength(own)
    _check_own_use(own)
    _check_subject(own, name)
    chain = _chain_of(own, certificates, [certificate_of(each) for each in roots], max(at, own.not_valid_before_utc))
    return {
        "pem": "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in chain),
        "subject": own.subject.rfc4514_string(),
        "serial_number": f"{own.serial_number:X}",
        "fingerprint": fingerprint_of(own),
        "valid_from": own.not_valid_before_utc.isoformat(),
        "valid_until": own.not_valid_after_utc.isoformat(),
    }


def _own_in(certificates: list[Certificate], key: Path) -> Certificate:
    public = _public(load_pem_private_key(key.read_bytes(), password=None).public_key())
    for certificate in certificates:
        with suppress(ValueError, UnsupportedAlgorithm):
            if _public(certificate.public_key()) == public:
                return certificate
    raise Untrusted("No certificate in it is for the key of this station.")


def _public(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _check_own_use(own: Certificate) -> None:
    found = extensions_of(own)
    basic, usage, extended = (found.get(kind) for kind in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage))
    if isinstance(basic, x509.BasicConstraints) and basic.ca:
        raise Untrusted("The certificate is one of an authority.")
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        raise Untrusted("The certificate may not be used for signatures.")
    if isinstance(extended, x509.ExtendedKeyUsage) and not {Usage.CLIENT_AUTH, Usage.ANY_EXTENDED_KEY_USAGE} & {
        *extended
    }:
        raise Untrusted("The certificate may not be used by a client.")


def _check_subject(own: Certificate, name: str) -> None:
    names = [str(each.value) for each in own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [name]:
        raise Untrusted(f"The certificate is for {', '.join(names) or 'nobody'}, and this station is {name}.")
    if not own.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
        raise Untrusted("The certificate names no organization.")


def _chain_of(own: Certificate, beside: list[Certificate], roots: list[Certificate], at: datetime) -> list[Certificate]:
    """From *own* to the last one before a root. Raises Untrusted."""
    chain = [own]
    while not any(is_issued_by(chain[-1], root) and _is_valid(root, at) for root in roots):
        issuer = next((each for each in beside if each not in chain and is_issued_by(chain[-1], each)), None)
        if issuer is None:
            raise Untrusted("No installed CentralSystemRootCertificate that is valid vouches for the certificate.")
        check_dates(issuer, at)
        check_strength(issuer)
        _check_authority(issuer)
        chain.append(issuer)
    return chain


def _is_valid(root: Certificate, at: datetime) -> bool:
    return root.not_valid_before_utc <= at <= root.not_valid_after_utc


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """{"wrong": a sentence, "" when all is right} and what is kept."""
    try:
        at, roots = datetime.fromisoformat(question["at"]), question["installed"]
        if "root" in question:
            return {"wrong": "", **root_in(question["root"], roots, at)}
        return {"wrong": "", **chain_in(question["chain"], Path(question["key"]), roots, at, question["name"])}
    except Untrusted as error:
        return {"wrong": str(error)}


if __name__ == "__main__":
    json.dump(answer_to(json.load(sys.stdin)), sys.stdout)
