"""Which certificate proves that firmware comes from the manufacturer, and which signature is its own (L01)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import settings

from ocpp_client.certificates.properties import Untrusted
from ocpp_client.firmware import signatures, trust
from tests.ocpp_client.firmware_orders import trusted
from tests.ocpp_client.manufacturers import SHA256, Manufacturer, Signer

MAKER = Manufacturer()
RSA_MAKER = Manufacturer("RSA Root", kind="rsa")
STRANGER = Manufacturer(holder="somebody else")  # calls itself by the maker's name
FILE = bytes(range(256)) * 40


def judged(pem: str, *roots: Manufacturer) -> None:
    revoked = Path(settings.DATA_DIR) / "security" / trust.REVOKED
    signatures.check_certificate(pem, [root.pem for root in roots or (MAKER,)], datetime.now(UTC), revoked)


@pytest.fixture
def revoked() -> Path:
    folder = Path(settings.DATA_DIR) / "security" / trust.REVOKED
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("maker", [MAKER, RSA_MAKER], ids=["EC root", "RSA root"])
def test_a_certificate_of_an_installed_root_is_trusted(maker: Manufacturer, kind: str) -> None:
    judged(maker.signer(kind).pem, STRANGER, maker)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (lambda: MAKER.signer(ends_days=-0.5).pem, "is valid from"),
        (lambda: MAKER.signer(begins_days=0.5).pem, "is valid from"),
        (lambda: STRANGER.signer().pem, "No installed ManufacturerRootCertificate"),
        (lambda: RSA_MAKER.signer().pem, "No installed ManufacturerRootCertificate"),
        (lambda: MAKER.pem, "one of an authority"),
        (lambda: MAKER.signer(authority=True).pem, "one of an authority"),
        (lambda: MAKER.signer("rsa1024").pem, "1024 bits, and 2048 are the least"),
        (lambda: MAKER.signer("ec192").pem, "192 bits, and 224 are the least"),
        (lambda: MAKER.signer(may_sign=False).pem, "may not be used for signatures"),
        (lambda: MAKER.signer(purpose=ExtendedKeyUsageOID.SERVER_AUTH).pem, "may not be used to sign software"),
        (lambda: MAKER.signer().pem + MAKER.pem, "One certificate is expected"),
        (lambda: "", "cannot be read"),
        (lambda: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "cannot be read"),
        (lambda: "Zertifikat für München", "cannot be read"),
    ],
    ids=[
        *("expired", "not yet valid", "another root of the same name", "another root", "the root itself"),
        *("an authority", "a weak RSA key", "a weak EC key", "not for signatures", "of a server", "with its root"),
        *("empty", "broken", "no certificate"),
    ],
)
def test_no_other_certificate_is(pem: Callable[[], str], why: str) -> None:
    with pytest.raises(Untrusted, match=why) as untrusted:
        judged(pem())
    assert not untrusted.value.revoked


def test_without_a_root_nothing_is_trusted() -> None:
    with pytest.raises(Untrusted, match="nobody vouches"):
        signatures.check_certificate(MAKER.signer().pem, [], datetime.now(UTC), Path("nowhere"))


def test_a_revoked_certificate_is_told_from_an_invalid_one(revoked: Path) -> None:
    signer, another = MAKER.signer(), MAKER.signer()
    (revoked / "maker.crl").write_bytes(MAKER.revoking(signer))
    judged(another.pem)
    with pytest.raises(Untrusted, match="is revoked") as untrusted:
        judged(signer.pem)
    assert untrusted.value.revoked


def test_only_who_issued_a_certificate_revokes_it(revoked: Path) -> None:
    signer = MAKER.signer()
    (revoked / "stranger.crl").write_bytes(STRANGER.revoking(signer))
    judged(signer.pem)


def test_a_revocation_list_that_cannot_be_read_stops_every_update(revoked: Path) -> None:
    (revoked / "maker.crl").write_bytes(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    with pytest.raises(Untrusted, match=r"maker\.crl cannot be read"):
        judged(MAKER.signer().pem)


def pkcs1(signer: Signer) -> str:
    return signer.sign(FILE, padding.PKCS1v15())


def longest_salt(signer: Signer) -> str:
    return signer.sign(FILE, padding.PSS(mgf=padding.MGF1(SHA256), salt_length=padding.PSS.MAX_LENGTH))


@pytest.mark.parametrize(
    ("kind", "sign", "right"),
    [
        ("rsa", lambda signer: signer.sign(FILE), True),
        ("rsa", longest_salt, True),
        ("ec", lambda signer: signer.sign(FILE), True),
        ("rsa", pkcs1, False),
        ("rsa", lambda signer: signer.sign(FILE + b"\0"), False),
        ("ec", lambda signer: signer.sign(FILE[:-1]), False),
        ("rsa", lambda _signer: "", False),
        ("ec", lambda _signer: "", False),
        ("ec", lambda _signer: "no base64!", False),
        ("ec", lambda _signer: base64.b64encode(b"\x30\x06\x02\x01\x01\x02\x01\x01").decode(), False),
        ("ec", lambda signer: RSA_MAKER.signer("ec").sign(FILE) if signer else "", False),
    ],
)
def test_the_signature_is_over_the_whole_file(
    tmp_path: Path, kind: str, sign: Callable[[Signer], str], right: bool
) -> None:
    file, signer = tmp_path / "image.bin", MAKER.signer(kind)
    file.write_bytes(FILE)
    assert signatures.signature_is_right(file, signer.pem, sign(signer)) is right


def test_the_child_says_the_same(tmp_path: Path, revoked: Path) -> None:
    signer, file, at = MAKER.signer(), tmp_path / "image.bin", datetime.now(UTC)
    file.write_bytes(FILE)
    with trusted(MAKER):
        assert trust.of_certificate(signer.pem, at) == trust.Verdict()
        (revoked / "maker.crl").write_bytes(MAKER.revoking(signer))
        assert trust.of_certificate(signer.pem, at).revoked
    assert trust.of_file(file, signer.pem, signer.sign(FILE)) == trust.Verdict()
    assert trust.of_file(file, signer.pem, signer.sign(b"")).wrong == signatures.OTHERS
    assert "cannot be read" in trust.of_file(tmp_path / "gone", signer.pem, "").wrong


@pytest.mark.parametrize("program", ["/bin/false", "/bin/true", "/bin/cat", "/nowhere"])
def test_a_child_that_says_nothing_of_use_has_verified_nothing(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocpp_client.certificates.child.sys.executable", program)
    assert trust.of_file(tmp_path / "image.bin", MAKER.pem, "") == trust.Verdict(trust.UNSAID)
