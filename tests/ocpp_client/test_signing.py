"""Orders of the station's own certificate, without a link: what time brings, what is kept, what is tried (A02, A03)."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from charging.clock import Moment, now
from ocpp_client import credentials, signing
from ocpp_client.certificates import examiner, key_maker, own
from ocpp_client.certificates.properties import Untrusted
from ocpp_client.due import Failure
from ocpp_client.models import CentralSystem, ConfigurationKey, StationCertificate
from ocpp_client.signing import Signing
from tests.ocpp_client.certificates import DAY, Authority
from tests.ocpp_client.roots import install
from tests.ocpp_client.station_certificates import certified

pytestmark = pytest.mark.django_db


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def row(**columns: Any) -> CentralSystem:
    return CentralSystem.objects.create(pk=1, **{"security_profile": 3, "primary_url": "ws://127.0.0.1:9"} | columns)


def later(by: timedelta) -> Moment:
    moment = now()
    return Moment(moment.mono_s + by.total_seconds(), moment.at + by, moment.boot_id)


def let_in(certificate: StationCertificate, *, ago: timedelta = timedelta()) -> StationCertificate:
    StationCertificate.objects.filter(pk=certificate.pk).update(let_in_at=now().at - ago)
    return certificate


def test_the_newest_one_is_tried_beside_the_one_that_was_let_in(authority: Authority) -> None:
    central, first = row(), let_in(certified(authority, begins=-2 * DAY))
    assert credentials.candidates_of(central) == ()
    second = certified(authority)
    assert credentials.present_of(central).certificate == first.pk
    assert [each.certificate for each in credentials.candidates_of(central)] == [second.pk]
    StationCertificate.objects.filter(pk=second.pk).update(refused_at=now().at)
    assert credentials.candidates_of(central) == ()


def test_one_that_begins_later_is_presented_when_its_time_has_come(authority: Authority) -> None:
    """A02.FR.08."""
    central = row(connected_at=now().at)
    let_in(certified(authority, begins=-2 * DAY))
    future = certified(authority, begins=DAY)
    assert credentials.candidates_of(central) == ()
    assert not credentials.has_begun(central)
    StationCertificate.objects.filter(pk=future.pk).update(valid_from=now().at)
    assert credentials.has_begun(central)
    assert signing.look(now())
    CentralSystem.objects.update(connected_at=now().at)
    assert not signing.look(now()), "the link knows of it already"


def test_what_was_replaced_a_month_ago_goes_with_its_key(authority: Authority) -> None:
    """A02.FR.10."""
    old = let_in(certified(authority, begins=-2 * DAY), ago=90 * DAY)
    present = let_in(certified(authority), ago=31 * DAY)
    stray = own.key_path(old).with_name("stray.key")
    stray.write_text("of an order that was given up")
    own.sweep(now())
    assert list(StationCertificate.objects.all()) == [present]
    assert [path.name for path in own.key_path(present).parent.glob("*.key")] == [own.key_path(present).name]


def test_what_was_replaced_lately_stays(authority: Authority) -> None:
    let_in(certified(authority, begins=-2 * DAY), ago=90 * DAY)
    let_in(certified(authority), ago=29 * DAY)
    own.sweep(now())
    assert StationCertificate.objects.count() == 2


def test_another_order_takes_the_place_of_one_that_was_not_signed() -> None:
    own.order("test")
    first = own.in_hand()
    own.order("test")
    assert StationCertificate.objects.count() == 1
    assert own.in_hand() != first


def test_reminders_come_after_twice_the_time_and_as_often_as_wanted() -> None:
    ConfigurationKey.objects.create(name="CertSigningRepeatTimes", value="2")
    ConfigurationKey.objects.create(name="CertSigningWaitMinimum", value="100")
    own.order("test")
    order = own.in_hand()
    assert order is not None
    assert Signing().due(now()) is None, "the key is not made yet"
    own.made(order.pk, "CSR")
    due_after_s = []
    for wait_s in (0, 99, 101, 199, 201, 10_000):
        if Signing().due(later(timedelta(seconds=wait_s))):
            due_after_s.append(wait_s)
            own.accepted(order.pk, now())
    assert due_after_s == [0, 101, 201]


def test_what_is_not_answered_is_asked_again_later() -> None:
    own.order("test")
    order = own.in_hand()
    assert order is not None
    own.made(order.pk, "CSR")
    requests = Signing()
    due = requests.due(now())
    assert due is not None
    due.failed(Failure("", "nothing came"))
    assert requests.due(now()) is None
    assert requests.due(later(timedelta(seconds=61))) is not None


def test_a_key_whose_order_was_killed_is_made_anew() -> None:
    own.order("test")
    order = own.in_hand()
    assert order is not None
    first = key_maker.make(own.key_path(order), "CPO", "CP1")
    assert key_maker.make(own.key_path(order), "CPO", "CP1") != first
    assert own.key_path(order).stat().st_mode & 0o777 == 0o600


def test_a_certificate_for_another_key_is_refused(authority: Authority) -> None:
    install(authority.pem)
    first, second = certified(authority), certified(authority)
    with pytest.raises(Untrusted, match="for the key of this station"):
        examiner.chain_in(first.pem, own.key_path(second), [authority.pem], now().at, "CP1")


def test_a_root_that_has_ended_vouches_for_nobody(authority: Authority) -> None:
    certificate = certified(authority)
    with pytest.raises(Untrusted, match="that is valid vouches"):
        examiner.chain_in(certificate.pem, own.key_path(certificate), [authority.pem], now().at + 2 * DAY, "CP1")


def test_the_worker_does_not_load_the_library() -> None:
    """12 MB of a small computer: only programs of their own do."""
    code = "import django; django.setup(); import sys, ocpp_client.client; sys.exit('cryptography.x509' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, check=False).returncode == 0
