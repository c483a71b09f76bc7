"""Security profiles: password, TLS, and how they are changed (security whitepaper, edition 3, 2.2 to 2.5, A01, A05)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from charging.models import SecurityLogEntry
from ocpp_client.connection import Pace
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import Frame
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.clients import client_of, registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.roots import install

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

OLD = "a password of old"
KEY = "00112233445566778899AABBCCDDEEFFA0B1C2D3"
WITHIN_S = 30.0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    """Nobody waits seconds for the next attempt."""
    with patch("ocpp_client.connection.Pace", partial(Pace, shortest_wait_s=0.05, longest_wait_s=0.2)):
        yield


def row(**columns: Any) -> None:
    """How the station presents itself."""
    Row.objects.update_or_create(pk=1, defaults={"authorization_key": OLD, "security_profile": 1} | columns)


def change(central: CentralSystem, key: str, value: str) -> str:
    return str(central.call("ChangeConfiguration", {"key": key, "value": value})["status"])


def comes_back(central: CentralSystem, link: int) -> None:
    """The link with this number is open and is spoken over."""
    central.mark()
    central.record.wait(lambda: len(central.record.links) >= link, WITHIN_S, f"Link {link}")
    wait_until(lambda: Row.objects.get().connected_at is not None)
    central.wait("StatusNotification", connectorId=1, timeout_s=WITHIN_S)


def event(text: str) -> Callable[[], bool]:
    return lambda: SecurityLogEntry.objects.filter(about__contains=text).exists()


def credentials(central: CentralSystem) -> bytes:
    """Of the last handshake."""
    kind, code = central.record.handshakes[-1].headers["Authorization"].split()
    assert kind == "Basic"
    return base64.b64decode(code)


@case(
    "TC_085",
    file="ocpp_client/addresses.py",
    before='        pair = base64.b64encode(self.charge_point_id.encode() + b":" + password)',
    after='        pair = base64.b64encode(b"CP2:" + password)',
)
def test_identity_and_password_are_presented(central: CentralSystem) -> None:
    """TC_085, A00.FR.202 to FR.205."""
    central.password = OLD
    row()
    with registered(central):
        assert credentials(central) == f"CP1:{OLD}".encode()


@case(
    "TC_073",
    file="ocpp_client/incoming/asked.py",
    before="    asked.triggers.present_anew = True",
    after="    asked.triggers.present_anew = False",
)
@pytest.mark.parametrize("octets", [True, False], ids=["as octets", "as text"])
def test_another_password_is_used_from_the_next_link_on(
    central: CentralSystem, caplog: pytest.LogCaptureFixture, octets: bool
) -> None:
    """TC_073, N17: and nobody is told of it."""
    caplog.set_level(logging.DEBUG)
    central.password = OLD
    row()
    with registered(central):
        central.password = bytes.fromhex(KEY) if octets else KEY
        assert change(central, "AuthorizationKey", KEY) == "Accepted"
        comes_back(central, 2)
        wait_until(lambda: Row.objects.get().authorization_key == KEY)
        assert credentials(central) == b"CP1:" + (central.password or b"")
        wait_until(event("AuthorizationKey was changed"))
        told = central.call("GetConfiguration", {"key": ["AuthorizationKey"]})
        assert told == {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]}
        assert KEY not in str(central.call("GetConfiguration"))
    with client_of(central):
        comes_back(central, 3)
    assert KEY not in "".join(Frame.objects.values_list("text", flat=True))
    assert KEY not in caplog.text


@case(
    "TC_073",
    file="ocpp_client/credentials.py",
    before="    everybody = (present, *candidates)",
    after="    everybody = candidates",
)
def test_a_password_that_is_refused_in_the_end_is_not_kept(central: CentralSystem) -> None:
    """TC_073: a central system that has lost what it ordered finds the station again."""
    central.password = OLD
    row()
    with registered(central):
        assert change(central, "AuthorizationKey", KEY) == "Accepted"
        comes_back(central, 2)
        wait_until(event("AuthorizationKey was not let in"))
        assert (Row.objects.get().authorization_key, Row.objects.get().candidate_key) == (OLD, "")


@pytest.mark.parametrize("value", ["", "short", "0" * 14, "0" * 41, "g" * 32])
def test_what_is_no_key_is_rejected_and_the_link_stays(central: CentralSystem, value: str) -> None:
    central.password = OLD
    row()
    with registered(central):
        assert change(central, "AuthorizationKey", value) == "Rejected"
        assert central.call("GetInstalledCertificateIds", {"certificateType": "ManufacturerRootCertificate"})
        assert len(central.record.links) == 1


@case(
    "TC_083",
    file="ocpp_client/credentials.py",
    before="        return (replace(present, profile=row.candidate_profile, certificate=certificate),)",
    after="        return (present,)",
)
def test_a_higher_profile_is_used_from_the_next_link_on(central: CentralSystem, authority: Authority) -> None:
    """TC_083, A05.FR.05 to FR.07: the same port, encrypted from now on."""
    central.password = OLD
    row()
    install(authority.pem)
    with registered(central):
        central.present(authority.of_server())
        assert change(central, "SecurityProfile", "2") == "Accepted"
        comes_back(central, 2)
        wait_until(lambda: Row.objects.get().security_profile == 2)
        told = central.call("GetConfiguration", {"key": ["SecurityProfile"]})
        assert told == {"configurationKey": [{"key": "SecurityProfile", "readonly": False, "value": "2"}]}
        wait_until(event("SecurityProfile was changed"))


def test_a_profile_that_does_not_work_is_not_kept(central: CentralSystem, authority: Authority) -> None:
    """A05.FR.08: nobody speaks TLS there."""
    central.password = OLD
    row()
    install(authority.pem)
    with registered(central):
        assert change(central, "SecurityProfile", "2") == "Accepted"
        comes_back(central, 2)
        wait_until(event("SecurityProfile was not let in"))
        assert (Row.objects.get().security_profile, Row.objects.get().candidate_profile) == (1, None)


@case(
    "TC_084",
    file="ocpp_client/credentials.py",
    before="int(value) <= row.security_profile",
    after="int(value) > 3",
)
def test_a_lower_profile_is_rejected(central: CentralSystem, authority: Authority) -> None:
    """TC_084, A00.FR.005, A05.FR.01: and the link stays."""
    central.password = OLD
    central.present(authority.of_server())
    install(authority.pem)
    row(security_profile=2)
    with registered(central):
        for value in ("1", "0", "2", "-1", "4", "", "two", "²"):
            assert change(central, "SecurityProfile", value) == "Rejected"
        assert len(central.record.links) == 1
        assert Row.objects.get().candidate_profile is None


@pytest.mark.parametrize(
    ("key", "root", "profile"),
    [
        ("", True, "1"),
        ("too short", True, "1"),
        ("", True, "2"),
        (OLD, False, "2"),
        (OLD, False, "3"),
        (OLD, True, "3"),
    ],
)
def test_a_profile_without_what_it_needs_is_rejected(
    central: CentralSystem, authority: Authority, key: str, root: bool, profile: str
) -> None:
    """A05.FR.02 to FR.04: a password, a root of the central system, a certificate of the station."""
    row(security_profile=0, authorization_key=key)
    if root:
        install(authority.pem)
    with registered(central):
        assert change(central, "SecurityProfile", profile) == "Rejected"
        assert len(central.record.links) == 1


@contextmanager
def secured(central: CentralSystem, authority: Authority) -> Iterator[None]:
    central.password = OLD
    install(authority.pem)
    row(security_profile=2)
    yield


@case(
    "TC_086",
    file="ocpp_client/presentation.py",
    before="    roots = store.installed(Certificate.Use.CENTRAL_SYSTEM_ROOT)",
    after="    roots: list[str] = []",
)
def test_an_installed_root_vouches_for_the_central_system(central: CentralSystem, authority: Authority) -> None:
    """TC_086: TLS and the password, also where the address still says ws."""
    central.present(authority.of_server())
    with secured(central, authority), registered(central):
        assert credentials(central) == f"CP1:{OLD}".encode()
        assert central.url.startswith("ws:")


@pytest.mark.parametrize("wrong", ["another host", "expired", "another root"])
@case(
    "TC_078",
    file="ocpp_client/security_events.py",
    before="    Cause.CERTIFICATE: SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,",
    after="    Cause.CERTIFICATE: SecurityEvent.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE,",
)
def test_a_certificate_that_is_not_the_central_systems_ends_the_link_and_is_told(
    central: CentralSystem, authority: Authority, tmp_path: Path, wrong: str
) -> None:
    """TC_078, A00.FR.307 to FR.310."""
    contexts = {
        "another host": lambda: authority.of_server("elsewhere.example"),
        "expired": lambda: authority.of_server(expired=True),
        "another root": lambda: Authority(tmp_path, "other").of_server(),
    }
    central.present(authority.of_server())
    with secured(central, authority), registered(central):
        central.present(contexts[wrong]())
        links = len(central.record.links)
        central.cut()
        wait_until(lambda: Row.objects.get().disconnect_code == "certificate")
        assert len(central.record.links) == links
        central.present(authority.of_server())
        central.wait("SecurityEventNotification", type="InvalidCentralSystemCertificate", timeout_s=WITHIN_S)


def test_the_roots_of_the_operating_system_vouch_for_nobody_in_a_profile_with_tls(
    central: CentralSystem, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    central.present(authority.of_server())
    with secured(central, Authority(tmp_path, "other")), client_of(central):
        wait_until(lambda: Row.objects.get().disconnect_code == "certificate")
        assert central.record.links == []
