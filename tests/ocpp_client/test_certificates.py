"""Which certificates may be installed, and what the rows say of them (whitepaper, M05, sections 2.6 and 6.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.core.management.base import CommandError

from ocpp_client.certificates import examination, examiner, store
from ocpp_client.certificates.properties import Untrusted
from ocpp_client.models import Certificate
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.manufacturers import Manufacturer
from tests.ocpp_client.roots import CENTRAL_SYSTEM, MANUFACTURER, examined, install

MAKER = Manufacturer()
WEAK = Manufacturer("Weak Root", kind="rsa1024")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (lambda: MAKER.signer().pem, "not one of an authority"),
        (lambda: MAKER.signer(authority=True, may_sign=False).pem, "may not be used to sign certificates|no root"),
        (lambda: MAKER.signer(authority=True).pem, "may not be used to sign certificates"),
        (lambda: WEAK.pem, "1024 bits, and 2048 are the least"),
        (lambda: Manufacturer("Old Root", begins_days=-3, ends_days=-2).pem, "is valid from"),
        (lambda: Manufacturer("Future Root", begins_days=2, ends_days=3).pem, "is valid from"),
        (lambda: MAKER.pem * 2, "One certificate is expected"),
        (lambda: "", "cannot be read"),
        (lambda: MAKER.pem.replace("M", "N"), "cannot be read"),
        (lambda: "корень", "cannot be read"),
    ],
    ids=[
        *("no authority", "signed by nobody that is installed", "an authority that signs nothing", "weak", "expired"),
        *("not yet valid", "two", "empty", "broken", "no certificate"),
    ],
)
def test_what_is_no_sound_root_is_refused(pem: Callable[[], str], why: str) -> None:
    with pytest.raises(Untrusted, match=why):
        examiner.root_in(pem(), [], datetime.now(UTC))


def test_an_authority_that_an_installed_one_has_signed_is_sound(authority: Authority) -> None:
    after = authority.successor("after")
    with pytest.raises(Untrusted, match="no installed one has signed it"):
        examined(after.pem)
    assert examined(after.pem, authority.pem).issuer_fingerprint == examined(authority.pem).fingerprint


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_the_hashes_are_those_of_the_issuers_name_and_key(authority: Authority, algorithm: str) -> None:
    """Section 6.1: the key without tag and length, the serial number without leading zeros."""
    after = authority.successor("after")
    issuer, root = (x509.load_pem_x509_certificate(each.pem.encode()) for each in (authority, after))
    point = issuer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    found = examined(after.pem, authority.pem)
    digest = getattr(hashlib, algorithm.lower())
    assert found.hashes[algorithm] == [
        digest(root.issuer.public_bytes()).hexdigest().upper(),
        digest(point).hexdigest().upper(),
    ]
    assert found.serial_number == f"{root.serial_number:X}"


def test_the_child_says_the_same(authority: Authority) -> None:
    assert examination.of_root(authority.pem, [], datetime.now(UTC)) == examined(authority.pem)
    with pytest.raises(examination.Refused, match="cannot be read"):
        examination.of_root("nonsense", [], datetime.now(UTC))


@pytest.mark.parametrize("program", ["/bin/false", "/bin/true", "/bin/cat", "/nowhere"])
def test_a_child_that_says_nothing_of_use_knows_nothing(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp_client.certificates.child.sys.executable", program)
    with pytest.raises(examination.Unexamined):
        examination.of_root(MAKER.pem, [], datetime.now(UTC))


@pytest.mark.django_db
class TestStore:
    def test_there_is_room_for_so_many(self, authority: Authority) -> None:
        install(authority.pem)
        maker = examined(MAKER.pem)
        assert store.install(MANUFACTURER, maker, "test", most=1, succession=False) is store.Installed.REJECTED
        assert store.install(MANUFACTURER, maker, "test", most=2, succession=False) is store.Installed.ACCEPTED
        assert store.installed(MANUFACTURER) == [MAKER.pem]

    def test_one_that_is_there_needs_no_more_room(self, authority: Authority) -> None:
        root = install(authority.pem)
        assert store.install(CENTRAL_SYSTEM, root, "test", most=1, succession=False) is store.Installed.ACCEPTED
        assert Certificate.objects.count() == 1

    def test_with_the_additional_check_only_a_successor_takes_the_place(
        self, authority: Authority, tmp_path: Path
    ) -> None:
        """M05.FR.08 to FR.12."""
        before, after = install(authority.pem), authority.successor("after")
        other = examined(Authority(tmp_path, "other").pem)
        assert store.install(CENTRAL_SYSTEM, other, "test", most=9, succession=True) is store.Installed.REJECTED
        successor = examined(after.pem, authority.pem)
        assert store.install(CENTRAL_SYSTEM, successor, "test", most=1, succession=True) is store.Installed.ACCEPTED
        assert sorted(store.installed(CENTRAL_SYSTEM)) == sorted([authority.pem, after.pem])
        store.proved(before.fingerprint)
        assert len(store.installed(CENTRAL_SYSTEM)) == 2, "the old one still vouches for the link"
        store.proved(successor.fingerprint)
        assert store.installed(CENTRAL_SYSTEM) == [after.pem]

    def test_the_additional_check_is_for_the_central_system_only(self) -> None:
        install(MAKER.pem, MANUFACTURER)
        second = examined(Manufacturer("Second Root").pem)
        assert store.install(MANUFACTURER, second, "test", most=9, succession=True) is store.Installed.ACCEPTED

    def test_whoever_stands_at_the_station_installs_a_root_from_a_file(self, authority: Authority) -> None:
        call_command("install_root", "central-system", str(authority.root))
        assert store.installed(CENTRAL_SYSTEM) == [authority.pem]
        certificate, _key = authority.write("server.example")
        for wrong in (certificate, authority.folder / "nowhere.pem"):
            with pytest.raises(CommandError, match="was not installed"):
                call_command("install_root", "manufacturer", str(wrong))
        assert store.installed(MANUFACTURER) == []
