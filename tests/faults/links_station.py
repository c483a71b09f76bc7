"""A station of one connector in the databases of this process, whose `links` worker is a process that can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from charging.domain.capability import Capability
from charging.models import Connector
from ocpp_client.models import CentralSystem as Row
from station.management.commands.prepare import migrate
from tests.charging.rows import add_connectors
from tests.conftest import TEST_DATA_DIR, running_redis
from tests.faults.links_runner import Links

IDENTITY: Final = "CP1"
STATION: Final[dict[str, Any]] = {
    "authorization_mode": "central_system",
    "allow_offline_tx_for_unknown_id": True,
    "sample_interval_s": 0,
    "site_limit_w": 1_000_000,
}


@contextmanager
def links_at(url: str) -> Iterator[Links]:
    """The worker, not started yet; it will call *url*."""
    migrate()
    if not Connector.objects.exists():
        add_connectors(Capability(), **STATION)
    Row.objects.update_or_create(pk=1, defaults={"enabled": True, "primary_url": url, "charge_point_id": IDENTITY})
    with running_redis(TEST_DATA_DIR / "run" / "redis.sock"), Links(TEST_DATA_DIR / "points.log") as links:
        yield links
