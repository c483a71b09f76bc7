"""Stations that have a certificate already when a test begins, as CertificateSigned leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from charging.clock import now
from ocpp_client.certificates import examiner, key_maker, own
from ocpp_client.certificates.examination import Own
from ocpp_client.models import StationCertificate
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.roots import DATES

IDENTITY = "CP1"


def certified(authority: Authority, **kind: Any) -> StationCertificate:
    """A key, and its certificate of this authority; *kind* as Authority.certify has it."""
    row = StationCertificate.objects.create(ordered_at=now().at)
    csr = key_maker.make(own.key_path(row), "Example Charging", IDENTITY)
    own.made(row.pk, csr)
    chain = authority.certify(csr, **kind)
    told: dict[str, Any] = examiner.chain_in(chain, own.key_path(row), [authority.pem], datetime.now(UTC), IDENTITY)
    told |= {name: datetime.fromisoformat(told[name]) for name in DATES}
    assert own.install(row.pk, Own(**told))
    return StationCertificate.objects.get(pk=row.pk)
