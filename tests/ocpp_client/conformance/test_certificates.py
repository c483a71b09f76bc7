"""Certificates that the central system installs, lists and deletes: security whitepaper, edition 3, M03 to M05."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charging.models import SecurityLogEntry
from ocpp_client.firmware import trust
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import ConfigurationKey
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.clients import client_of, registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.manufacturers import Manufacturer
from tests.ocpp_client.roots import CENTRAL_SYSTEM, MANUFACTURER, examined, install

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

WITHIN_S = 30.0  # a program of its own reads the certificate
MAKER = Manufacturer()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secure(redis_server: str, authority: Authority) -> Iterator[CentralSystem]:
    """A central system with a certificate of the authority."""
    assert redis_server
    with CentralSystem("CP1", tls=authority.of_server(), give_up_s=2.0) as central:
        yield central


def asked(central: CentralSystem, action: str, **payload: Any) -> dict[str, Any]:
    return central.call(action, payload, timeout_s=WITHIN_S)


def sent(central: CentralSystem, pem: str, use: str = CENTRAL_SYSTEM) -> str:
    return str(asked(central, "InstallCertificate", certificateType=use, certificate=pem)["status"])


def told(central: CentralSystem, use: str = CENTRAL_SYSTEM) -> dict[str, Any]:
    return asked(central, "GetInstalledCertificateIds", certificateType=use)


def hashes_of(pem: str, algorithm: str = "SHA256") -> dict[str, str]:
    root = examined(pem)
    name, key = root.hashes[algorithm]
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": name,
        "issuerKeyHash": key,
        "serialNumber": root.serial_number,
    }


@case(
    "TC_075_1",
    file="ocpp_client/certificates/store.py",
    before="        _keep(use, root)",
    after="        print(use, root)",
)
def test_a_root_of_the_manufacturer_is_installed_and_told(central: CentralSystem) -> None:
    """TC_075_1; from then on firmware has to be signed by it."""
    with registered(central):
        assert told(central, MANUFACTURER) == {"status": "NotFound"}
        assert sent(central, MAKER.pem, MANUFACTURER) == "Accepted"
        assert told(central, MANUFACTURER) == {"status": "Accepted", "certificateHashData": [hashes_of(MAKER.pem)]}
        assert told(central) == {"status": "NotFound"}
        assert trust.roots() == [MAKER.pem]


@case(
    "TC_075_2",
    file="ocpp_client/certificates/store.py",
    before="return Certificate.objects.filter(use=use)",
    after='return Certificate.objects.filter(use="")',
)
def test_a_root_of_the_central_system_is_installed_and_told(central: CentralSystem, authority: Authority) -> None:
    """TC_075_2."""
    with registered(central):
        assert sent(central, authority.pem) == "Accepted"
        assert told(central) == {"status": "Accepted", "certificateHashData": [hashes_of(authority.pem)]}
        central.wait("SecurityEventNotification", type="ReconfigurationOfSecurityParameters")


def test_what_is_no_sound_root_is_rejected(central: CentralSystem, authority: Authority) -> None:
    """M05.FR.06; what is there stays."""
    certificate, _key = authority.write("server.example")
    with registered(central):
        assert sent(central, "nonsense") == "Rejected"
        assert sent(central, certificate.read_text()) == "Rejected"
        assert told(central) == {"status": "NotFound"}
        assert not SecurityLogEntry.objects.filter(event="ReconfigurationOfSecurityParameters").exists()


def test_a_station_that_cannot_read_certificates_has_failed(
    central: CentralSystem, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M05.FR.04."""
    monkeypatch.setattr("ocpp_client.certificates.child.sys.executable", "/bin/false")
    with registered(central):
        assert sent(central, authority.pem) == "Failed"


def test_a_full_store_rejects(central: CentralSystem, authority: Authority) -> None:
    """M05.FR.03."""
    ConfigurationKey.objects.create(name="CertificateStoreMaxLength", value="1")
    with registered(central):
        assert sent(central, MAKER.pem, MANUFACTURER) == "Accepted"
        assert sent(central, authority.pem) == "Rejected"


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
@case(
    "TC_076",
    file="ocpp_client/certificates/store.py",
    before="        row.delete()",
    after="        row.save()",
)
def test_a_certificate_is_deleted_by_its_hashes(central: CentralSystem, authority: Authority, algorithm: str) -> None:
    """TC_076; hexadecimal digits are the same in both cases, and leading zeros are none."""
    install(authority.pem)
    named = hashes_of(authority.pem, algorithm)
    named = {name: value if name == "hashAlgorithm" else f"{value.lower()}" for name, value in named.items()}
    with registered(central):
        assert asked(central, "DeleteCertificate", certificateHashData=named) == {"status": "Accepted"}
        assert told(central) == {"status": "NotFound"}
        assert asked(central, "DeleteCertificate", certificateHashData=named) == {"status": "NotFound"}


def test_the_root_that_the_link_stands_on_is_not_deleted(
    secure: CentralSystem, authority: Authority, tmp_path: Path
) -> None:
    """M04.FR.06."""
    other = Authority(tmp_path, "other")
    install(authority.pem)
    install(other.pem)
    with registered(secure):
        assert Row.objects.get().anchor == examined(authority.pem).fingerprint
        assert asked(secure, "DeleteCertificate", certificateHashData=hashes_of(authority.pem)) == {"status": "Failed"}
        assert asked(secure, "DeleteCertificate", certificateHashData=hashes_of(other.pem)) == {"status": "Accepted"}
        assert told(secure)["certificateHashData"] == [hashes_of(authority.pem)]


def test_nobody_is_trusted_whose_root_is_not_installed(secure: CentralSystem, authority: Authority) -> None:
    with client_of(secure):
        wait_until(lambda: Row.objects.get().disconnect_code == "certificate")
        assert secure.record.links == []
        install(authority.pem)
        secure.wait("BootNotification", timeout_s=30.0)


def test_a_successor_takes_over_as_soon_as_a_link_stands_on_it(secure: CentralSystem, authority: Authority) -> None:
    """M05.FR.11 to FR.13: until then both vouch."""
    ConfigurationKey.objects.create(name="AdditionalRootCertificateCheck", value="true")
    install(authority.pem)
    after = authority.successor("after")
    with registered(secure):
        assert sent(secure, after.pem) == "Accepted"
        assert len(told(secure)["certificateHashData"]) == 2
        secure.mark()
        secure.cut()
        secure.wait("StatusNotification", connectorId=1, timeout_s=WITHIN_S)
        assert len(told(secure)["certificateHashData"]) == 2
        secure.present(after.of_server())
        secure.mark()
        secure.cut()
        secure.wait("StatusNotification", connectorId=1, timeout_s=WITHIN_S)
        assert len(told(secure)["certificateHashData"]) == 1
        assert sent(secure, authority.pem) == "Rejected"
