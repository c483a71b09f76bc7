from __future__ import annotations

import pytest

from charging import services
from charging.clock import Moment, now
from charging.domain.capability import Capability
from charging.models import PresentedCard, Station
from charging.snapshot import snapshot

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


def test_it_shows_that_the_time_of_a_card_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    Station.objects.get_or_create(pk=1, defaults={"authorization_mode": "none"})
    found = [
        services.FoundConnector(board_serial=f"S{n}", board_index=1, connector_type="CCS2", capability=Capability())
        for n in (1, 2)
    ]
    services.connectors_found(found)
    tap = services.card_presented("04A2B3C4")
    assert tap is not None
    assert tap.state == PresentedCard.State.ACCEPTED
    at = now()
    later = Moment(tap.due_s + 0.5, at.at, at.boot_id)
    services.station_turn(later, {})
    monkeypatch.setattr("charging.snapshot.now", lambda: later)
    card = snapshot()["card"]
    assert card is not None
    assert (card["state"], card["countdown_s"]) == ("expired", None)
