"""Certificates of a throw-away authority, for central systems and stations of tests."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

DAY: Final = timedelta(days=1)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def _key(_name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _rsa_key(_name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


class Authority:
    """One root; `write` makes files of a certificate that it signed."""

    def __init__(self, folder: Path, name: str = "root") -> None:
        self.folder = folder
        self.name = name
        now = datetime.now(UTC)
        root = self._builder(name, now - DAY, now + DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.root = folder / f"{name}.pem"
        self.root.write_bytes(root.sign(_key(name), hashes.SHA256()).public_bytes(Encoding.PEM))

    @property
    def pem(self) -> str:
        """Of the root."""
        return self.root.read_text("ascii")

    def successor(self, name: str) -> Authority:
        """Another authority, whose root this one has signed."""
        after = Authority(self.folder, name)
        now = datetime.now(UTC)
        root = self._builder(name, now - DAY, now + DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        after.root.write_bytes(root.sign(_key(self.name), hashes.SHA256()).public_bytes(Encoding.PEM))
        return after

    def _builder(
        self, subject: str, begins: datetime, ends: datetime, key: Key | None = None
    ) -> x509.CertificateBuilder:
        key = key or _key(subject)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )

    def write(
        self, host: str = "127.0.0.1", *, expired: bool = False, rsa: bool = False, alternative: bool = True
    ) -> tuple[Path, Path]:
        """Certificate and key of *host*; without an *alternative* name only the subject says whose it is."""
        now, key = datetime.now(UTC), _rsa_key(host) if rsa else _key(host)
        builder = self._builder(host, now - 3 * DAY, now - DAY if expired else now + DAY, key)
        if alternative:
            place = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([place]), critical=False)
        certificate = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        certificate_file, key_file = self.folder / f"{host}.pem", self.folder / f"{host}.key"
        certificate_file.write_bytes(certificate.sign(_key(self.name), hashes.SHA256()).public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate_file, key_file

    def certify(self, csr: str, **kind: Any) -> str:
        """The certificate that a station asks for, PEM; *kind* says what is wrong with it."""
        request = x509.load_pem_x509_csr(csr.encode())
        now = datetime.now(UTC)
        name = x509.Name([each for each in request.subject if each.oid not in kind.get("without", ())])
        builder = (
            x509.CertificateBuilder()
            .subject_name(kind.get("subject", name))
            .issuer_name(_name(self.name))
            .public_key(kind.get("key", request.public_key()))
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + kind.get("begins", -DAY))
            .not_valid_after(now + kind.get("ends", 90 * DAY))
            .add_extension(x509.BasicConstraints(ca=kind.get("authority", False), path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([kind.get("purpose", Usage.CLIENT_AUTH)]), critical=False)
        )
        return builder.sign(_key(self.name), hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def demanding(self, clients: Authority | None = None) -> ssl.SSLContext:
        """A server that lets in nobody without a certificate of *clients*, or of this authority."""
        context = self.of_server()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations((clients or self).root)
        return context

    def of_server(self, host: str = "127.0.0.1", **kind: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.write(host, **kind))
        return context

    def of_station(self) -> ssl.SSLContext:
        """What a station that trusts this authority uses."""
        return ssl.create_default_context(cafile=str(self.root))
