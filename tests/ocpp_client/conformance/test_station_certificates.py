"""The station's own certificate: ordered, certified, used and renewed (security whitepaper, A02, A03, profile 3)."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from charging.models import JournalEntry, SecurityLogEntry
from ocpp_client.certificates import own
from ocpp_client.connection import Pace
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import ConfigurationKey, StationCertificate
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.certificates import DAY, Authority
from tests.ocpp_client.clients import client_of, registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.conformance.test_security_profiles import OLD, change, comes_back
from tests.ocpp_client.roots import install
from tests.ocpp_client.station_certificates import certified

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

WITHIN_S = 30.0  # a program of its own makes the key, another one reads the certificate
CPO = "Example Charging"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with patch("ocpp_client.connection.Pace", partial(Pace, shortest_wait_s=0.05, longest_wait_s=0.2)):
        yield


@pytest.fixture(autouse=True)
def _named() -> None:
    ConfigurationKey.objects.create(name="CpoName", value=CPO)


def triggered(central: CentralSystem) -> str:
    answer = central.call("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    return str(answer["status"])


def request_of(central: CentralSystem) -> str:
    """What the station wants to have certified."""
    assert triggered(central) == "Accepted"
    return str(central.wait("SignCertificate", timeout_s=WITHIN_S).payload["csr"])


def signed(central: CentralSystem, chain: str) -> str:
    return str(central.call("CertificateSigned", {"certificateChain": chain}, timeout_s=WITHIN_S)["status"])


@case(
    "TC_074",
    file="ocpp_client/certificates/own.py",
    before="        if row is None:",
    after="        if row is not None:",
)
def test_a_certificate_is_asked_for_and_kept(central: CentralSystem, authority: Authority) -> None:
    """TC_074, A02.FR.02 to FR.06, FR.13: the key is made here and goes nowhere."""
    install(authority.pem)
    with registered(central):
        assert change(central, "CpoName", "Another Company") == "Accepted"
        csr = request_of(central)
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        assert request.subject.rfc4514_string() == "CN=SN-1,O=Another Company"
        wait_until(lambda: StationCertificate.objects.get().sent_at is not None)
        assert signed(central, authority.certify(csr)) == "Accepted"
        row = StationCertificate.objects.get()
        assert row.subject == "CN=SN-1,O=Another Company"
        key = own.key_path(row)
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
        assert SecurityLogEntry.objects.filter(about__contains="Certificate of the station installed").exists()
        secret = key.read_text().splitlines()[1]
        others = [path for path in Path(settings.DATA_DIR).rglob("*") if path.is_file() and path != key]
        assert not [path for path in others if secret.encode() in path.read_bytes()]


def test_without_the_name_of_its_operator_the_station_asks_for_nothing(central: CentralSystem) -> None:
    """The prerequisite of A02."""
    ConfigurationKey.objects.all().delete()
    with registered(central):
        assert triggered(central) == "Rejected"
        assert not StationCertificate.objects.exists()


def test_a_pending_station_can_be_certified(central: CentralSystem, authority: Authority) -> None:
    """A00.FR.806."""
    install(authority.pem)
    central.boots("Pending")
    with client_of(central):
        central.wait("BootNotification")
        wait_until(lambda: Row.objects.get().registration == "Pending")
        assert signed(central, authority.certify(request_of(central))) == "Accepted"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ends": -timedelta(hours=1)}, "was valid until"),
        ({"subject": x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP2")])}, "is for CP2"),
        ({"without": (NameOID.ORGANIZATION_NAME,)}, "names no organization"),
        ({"authority": True}, "one of an authority"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "may not be used by a client"),
    ],
    ids=["expired", "of another station", "of nobody", "of an authority", "of a server"],
)
@case(
    "TC_077",
    file="ocpp_client/incoming/certificates.py",
    before="        await asked.db(services.security_event, INVALID, str(refused))",
    after="        print(services.security_event, INVALID, str(refused))",
)
def test_a_wrong_certificate_is_rejected_and_told(
    central: CentralSystem, authority: Authority, wrong: dict[str, Any], why: str
) -> None:
    """TC_077, A02.FR.07; and the right one may follow."""
    install(authority.pem)
    with registered(central):
        csr = request_of(central)
        assert signed(central, authority.certify(csr, **wrong)) == "Rejected"
        told = central.wait("SecurityEventNotification", type="InvalidChargePointCertificate", timeout_s=WITHIN_S)
        assert why in told.payload["techInfo"]
        assert StationCertificate.objects.get().pem == ""
        assert signed(central, authority.certify(csr)) == "Accepted"


def test_what_nobody_vouches_for_or_waits_for_is_rejected(
    central: CentralSystem, authority: Authority, tmp_path: Path
) -> None:
    install(authority.pem)
    other = Authority(tmp_path, "other")
    ConfigurationKey.objects.create(name="CertificateSignedMaxChainSize", value="4000")
    with registered(central):
        assert signed(central, authority.pem) == "Rejected", "before anything was asked for"
        csr = request_of(central)
        right = authority.certify(csr)
        assert signed(central, other.certify(csr)) == "Rejected"
        assert signed(central, authority.pem) == "Rejected"
        assert signed(central, "nonsense") == "Rejected"
        assert signed(central, right * 9) == "Rejected"
        assert signed(central, right) == "Accepted"
        assert signed(central, right) == "Rejected", "it is there already"


def test_a_chain_leads_to_an_installed_root(central: CentralSystem, authority: Authority) -> None:
    """Sub CA certificates may come with it (section 5.1), in any order."""
    install(authority.pem)
    between = authority.successor("between")
    with registered(central):
        csr = request_of(central)
        assert signed(central, between.certify(csr)) == "Rejected"
        assert signed(central, between.pem + between.certify(csr) + authority.pem) == "Accepted"
        assert StationCertificate.objects.get().pem.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("says", ["Rejected", "NotSupported"])
def test_a_request_that_is_refused_is_not_repeated(central: CentralSystem, says: str) -> None:
    if says == "Rejected":
        central.answer("SignCertificate", {"status": "Rejected"})
    else:
        central.refuse("SignCertificate", says)
    with registered(central):
        request_of(central)
        wait_until(lambda: not StationCertificate.objects.exists())
        assert JournalEntry.objects.filter(kind="CertificateNotSigned").exists()


def test_a_request_is_repeated_only_where_that_is_wanted(central: CentralSystem) -> None:
    """CertSigningRepeatTimes and CertSigningWaitMinimum."""
    with registered(central):
        assert change(central, "CertSigningRepeatTimes", "1") == "Accepted"
        assert change(central, "CertSigningWaitMinimum", "1") == "Accepted"
        first = request_of(central)
        wait_until(lambda: StationCertificate.objects.get().times_sent == 2)
        assert [frame.payload["csr"] for frame in central.frames("SignCertificate")] == [first, first]


@case(
    "TC_087",
    file="ocpp_client/presentation.py",
    before="            tls.present(context, certificate.pem, own.key_path(certificate))",
    after="            tls.present",
)
def test_the_station_is_known_by_its_certificate(central: CentralSystem, authority: Authority) -> None:
    """TC_087, A00.FR.401 and FR.402: TLS on both sides, and no password."""
    install(authority.pem)
    certified(authority)
    central.present(authority.demanding())
    Row.objects.update_or_create(pk=1, defaults={"authorization_key": OLD, "security_profile": 3})
    with registered(central):
        assert "Authorization" not in central.record.handshakes[-1].headers
        wait_until(lambda: StationCertificate.objects.get().let_in_at is not None)


def test_profile_3_is_used_as_soon_as_there_is_a_certificate(central: CentralSystem, authority: Authority) -> None:
    """TC_083, from profile 2 to 3 (A05.FR.04)."""
    install(authority.pem)
    central.password = OLD
    central.present(authority.of_server())
    Row.objects.update_or_create(pk=1, defaults={"authorization_key": OLD, "security_profile": 2})
    with registered(central):
        assert change(central, "SecurityProfile", "3") == "Rejected"
        assert signed(central, authority.certify(request_of(central))) == "Accepted"
        central.password = None
        central.present(authority.demanding())
        assert change(central, "SecurityProfile", "3") == "Accepted"
        comes_back(central, 2)
        wait_until(lambda: Row.objects.get().security_profile == 3)


def test_another_certificate_is_used_at_once_and_the_old_one_kept(central: CentralSystem, authority: Authority) -> None:
    """A02.FR.08 to FR.10."""
    install(authority.pem)
    first = certified(authority)
    central.present(authority.demanding())
    Row.objects.update_or_create(pk=1, defaults={"security_profile": 3})
    with registered(central):
        assert signed(central, authority.certify(request_of(central))) == "Accepted"
        comes_back(central, 2)
        wait_until(lambda: StationCertificate.objects.filter(let_in_at__isnull=False).count() == 2)
        assert own.key_path(first).exists()


def test_a_certificate_that_does_not_let_in_is_not_used(
    central: CentralSystem, authority: Authority, tmp_path: Path
) -> None:
    """A02.FR.10: the old one is the fallback."""
    clients = Authority(tmp_path, "clients")
    install(authority.pem)
    install(clients.pem)
    first = certified(authority)
    central.present(authority.demanding())
    Row.objects.update_or_create(pk=1, defaults={"security_profile": 3})
    with registered(central):
        assert signed(central, clients.certify(request_of(central))) == "Accepted"
        comes_back(central, 2)
        wait_until(lambda: StationCertificate.objects.exclude(pk=first.pk).get().refused_at is not None)
        assert SecurityLogEntry.objects.filter(about__contains="ChargePointCertificate was not let in").exists()


def test_a_certificate_is_renewed_in_the_month_before_its_end(central: CentralSystem, authority: Authority) -> None:
    """A03."""
    install(authority.pem)
    certified(authority, ends=29 * DAY)
    with registered(central):
        csr = str(central.wait("SignCertificate", timeout_s=WITHIN_S).payload["csr"])
        assert signed(central, authority.certify(csr)) == "Accepted"
    told = JournalEntry.objects.get(kind="CertificateExpires")
    assert told.body["ordered"] is True
    assert datetime.fromisoformat(told.body["until"]) < datetime.now(UTC) + 30 * DAY


def test_an_end_that_comes_is_told_once_where_nothing_can_be_ordered(
    central: CentralSystem, authority: Authority
) -> None:
    ConfigurationKey.objects.all().delete()
    certified(authority, ends=29 * DAY)
    for _ in range(2):
        with registered(central) if not Row.objects.exists() else client_of(central):
            wait_until(lambda: JournalEntry.objects.filter(kind="CertificateExpires").exists())
    assert JournalEntry.objects.get(kind="CertificateExpires").body["ordered"] is False
