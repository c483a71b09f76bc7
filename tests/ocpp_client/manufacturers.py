"""Manufacturers of firmware in tests: roots, certificates for signing, signatures, and lists of what is revoked."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY: Final = timedelta(days=1)
SHA256: Final = hashes.SHA256()
PSS: Final = padding.PSS(mgf=padding.MGF1(SHA256), salt_length=padding.PSS.DIGEST_LENGTH)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def key_of(kind: str, name: str) -> Key:
    """ "rsa", "rsa1024", "ec" or "ec192": a key that *name* holds."""
    assert name
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:] or 2048))
    return ec.generate_private_key(ec.SECP192R1() if kind == "ec192" else ec.SECP256R1())


def named(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )


@dataclass(frozen=True)
class Signer:
    """A certificate, and what its key signs."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def sign(self, content: bytes, pad: Any = PSS) -> str:
        """As SignedUpdateFirmware carries it."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return base64.b64encode(self.key.sign(content, pad, SHA256)).decode()
        return base64.b64encode(self.key.sign(content, ec.ECDSA(SHA256))).decode()


class Manufacturer:
    """One root."""

    def __init__(
        self,
        name: str = "Maker Root",
        *,
        kind: str = "ec",
        holder: str = "",
        begins_days: float = -1,
        ends_days: float = 1,
    ) -> None:
        self.name, self.key = named(name), key_of(kind, holder or name)
        now = datetime.now(UTC)
        builder = _builder(self.name, self.name, self.key, now + begins_days * DAY, now + ends_days * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = builder.sign(self.key, SHA256)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def signer(
        self,
        kind: str = "rsa",
        *,
        begins_days: float = -1,
        ends_days: float = 1,
        authority: bool = False,
        may_sign: bool = True,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
    ) -> Signer:
        """A certificate for signing firmware, sound unless said otherwise."""
        now, key = datetime.now(UTC), key_of(kind, f"signer of {self.name.rfc4514_string()}")
        builder = _builder(named("Firmware"), self.name, key, now + begins_days * DAY, now + ends_days * DAY)
        usage = x509.KeyUsage(
            may_sign,
            not may_sign,
            *[False] * 7,  # digital signature, else content commitment
        )
        for extension in (
            x509.BasicConstraints(ca=authority, path_length=None),
            usage,
            x509.ExtendedKeyUsage([purpose]),
        ):
            builder = builder.add_extension(extension, critical=True)
        return Signer(builder.sign(self.key, SHA256), key)

    def revoking(self, *signers: Signer) -> bytes:
        """A list of revoked certificates, PEM."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder(self.name, now - DAY, now + DAY)
        for signer in signers:
            revoked = x509.RevokedCertificateBuilder(signer.certificate.serial_number, now - DAY)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self.key, SHA256).public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
