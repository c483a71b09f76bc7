"""Roots that are installed already when a test begins, as InstallCertificate leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ocpp_client.certificates import examiner, store
from ocpp_client.certificates.examination import Root
from ocpp_client.models import Certificate

CENTRAL_SYSTEM = Certificate.Use.CENTRAL_SYSTEM_ROOT.value
MANUFACTURER = Certificate.Use.MANUFACTURER_ROOT.value
DATES = ("valid_from", "valid_until")


def examined(pem: str, *installed: str) -> Root:
    """As the child says it, without one."""
    told: dict[str, Any] = {"pem": pem, **examiner.root_in(pem, list(installed), datetime.now(UTC))}
    told |= {name: datetime.fromisoformat(told[name]) for name in DATES}
    return Root(**told)


def install(pem: str, use: str = CENTRAL_SYSTEM) -> Root:
    """Without being asked."""
    root = examined(pem, *store.installed(use))
    assert store.install(use, root, "test", most=50, succession=False) is store.Installed.ACCEPTED
    return root
