"""What every certificate has to be: readable, valid now, of a key and a hash that are strong enough (whitepaper 2.6.1).

For programs of their own only (see `child`): the library takes 12 MB.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import Certificate

LEAST_RSA_BITS: Final = 2048  # A00.FR.502
LEAST_EC_BITS: Final = 224  # A00.FR.503
ACCEPTED_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})  # A00.FR.506
Extensions = dict[type, x509.ExtensionType]


class Untrusted(Exception):
    """The certificate does not prove what it should; the sentence says why."""

    def __init__(self, sentence: str, *, revoked: bool = False) -> None:
        super().__init__(sentence)
        self.revoked = revoked


def certificates_of(pem: str) -> list[Certificate]:
    """All that stand there, in their order. Raises Untrusted."""
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise Untrusted(f"The certificate cannot be read: {error}.") from error


def certificate_of(pem: str) -> Certificate:
    """The only one. Raises Untrusted."""
    found = certificates_of(pem)
    if len(found) != 1:
        raise Untrusted(f"One certificate is expected without others beside it, and {len(found)} came.")
    return found[0]


def check_dates(certificate: Certificate, at: datetime) -> None:
    """Raise Untrusted unless it is valid at *at*."""
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise Untrusted(f"The certificate is valid from {_span(certificate)}, and it is {at:%Y-%m-%d %H:%M} UTC.")


def _span(certificate: Certificate) -> str:
    return f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to {certificate.not_valid_after_utc:%Y-%m-%d %H:%M}"


def check_strength(certificate: Certificate) -> None:
    """Raise Untrusted unless key and hash are those of A00.FR.501 to FR.506."""
    try:
        key, algorithm = certificate.public_key(), certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Untrusted(f"The key of the certificate cannot be used: {error}.") from error
    if algorithm is None or algorithm.name not in ACCEPTED_HASHES:
        raise Untrusted("The certificate is not signed with SHA-256 or better.")
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise Untrusted("The key of the certificate is neither RSA nor of an elliptic curve.")
    least_bits = LEAST_RSA_BITS if isinstance(key, rsa.RSAPublicKey) else LEAST_EC_BITS
    if key.key_size < least_bits:
        raise Untrusted(f"The key of the certificate has {key.key_size} bits, and {least_bits} are the least.")


def extensions_of(certificate: Certificate) -> Extensions:
    """By their type. Raises Untrusted."""
    try:
        return {type(each.value): each.value for each in certificate.extensions}
    except ValueError as error:
        raise Untrusted(f"The extensions of the certificate cannot be read: {error}.") from error


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether *issuer* is named there and has signed it; when it is valid, and for what, is not looked at."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
