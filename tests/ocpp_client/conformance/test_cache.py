"""The Authorization Cache, OCPP 1.6 sections 3.5.1 and 5.4."""

from __future__ import annotations

import pytest

from charging.models import CachedIdTag
from tests.central_system import CentralSystem
from tests.ocpp_client.clients import CARD, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


@case(
    "TC_007",
    file="charging/domain/central_authorization.py",
    before="at_once = rules.local_pre_authorize and status is IdTagStatus.ACCEPTED",
    after="at_once = False",
)
def test_a_card_that_is_remembered_begins_without_being_asked_about(central: CentralSystem) -> None:
    """TC_007."""
    with registered(central, local_pre_authorize=True) as station:
        station.begin(register_wh=1000)
        station.finish(register_wh=1001)
        station.leave(register_wh=1001)
        central.mark()
        station.begin(register_wh=1001)
        assert central.frames("Authorize") == []
        station.finish(register_wh=1003)
        assert central.ledger().energy_wh == 3


@case(
    "TC_061",
    file="charging/services/id_tag_info.py",
    before="count, _each = CachedIdTag.objects.all().delete()",
    after="count = 0",
)
def test_what_was_remembered_can_be_forgotten(central: CentralSystem) -> None:
    """TC_061."""
    with registered(central, local_pre_authorize=True) as station:
        station.begin()
        station.finish(register_wh=1001)
        station.leave(register_wh=1001)
        assert CachedIdTag.objects.filter(pk=CARD).exists()
        central.mark()
        assert central.call("ClearCache") == {"status": "Accepted"}
        station.begin(register_wh=1001)
        central.wait("Authorize", idTag=CARD)


@case(
    "TC_061",
    file="charging/services/id_tag_info.py",
    before="if not record.station_row().authorization_cache_enabled:",
    after="if False:",
)
def test_a_cache_that_is_switched_off_cannot_be_cleared(central: CentralSystem) -> None:
    """TC_061: Rejected where there is no cache (section 5.4)."""
    with registered(central, authorization_cache_enabled=False):
        assert central.call("ClearCache") == {"status": "Rejected"}
