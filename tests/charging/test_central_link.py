"""Whether the central system can be asked: a lease that nobody has to end."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charging import record, services
from charging.clock import Moment
from charging.models import Connector as Row
from charging.models import JournalEntry
from charging.services.central_link import LINK_LIVES_S, link_is_up
from tests.charging.rows import AC, add_connectors, at

pytestmark = pytest.mark.django_db


class Clock:
    """The moment that the services see; a test turns it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = at(100.0)
        monkeypatch.setattr("charging.services.central_link.now", lambda: self.moment)

    def passed(self, seconds: float) -> bool:
        """Whether the link is up that much later."""
        self.moment = at(self.moment.mono_s + seconds)
        return self.up()

    def up(self) -> bool:
        return link_is_up(record.station_row(), self.moment)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    record.station_row()
    return Clock(monkeypatch)


def told() -> list[bool]:
    return [entry.body["up"] for entry in JournalEntry.objects.filter(kind="CentralSystemLink").order_by("pk")]


def test_it_is_down_until_somebody_says_that_it_is_up(clock: Clock) -> None:
    assert not clock.up()
    services.central_system_link(up=False)
    assert told() == []
    services.central_system_link(up=True)
    assert clock.up()
    services.central_system_link(up=False)
    assert not clock.up()
    assert told() == [True, False]


def test_it_runs_out_when_nobody_renews_it(clock: Clock) -> None:
    services.central_system_link(up=True)
    assert clock.passed(LINK_LIVES_S - 1.0)
    assert not clock.passed(1.0)
    services.central_system_link(up=True)
    assert told() == [True, True]


def test_it_is_renewed_twice_in_its_life_however_often_it_is_said(clock: Clock) -> None:
    services.central_system_link(up=True)
    writes = 0
    for _ in range(1200):
        clock.passed(1.0)
        with CaptureQueriesContext(connection) as queries:
            services.central_system_link(up=True)
        writes += any(each["sql"].startswith("UPDATE") for each in queries)
        assert clock.up()
    assert writes == 1200 / (LINK_LIVES_S / 2)
    assert told() == [True]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("moment", [at(101.0, boot_id="another"), at(5.0), at(5.0, boot_id="another")])
def test_a_lease_of_another_boot_does_not_hold(moment: Moment) -> None:
    services.central_system_link(up=True)
    assert not link_is_up(record.station_row(), moment)


def test_a_central_system_that_is_configured_is_a_fact_that_the_polling_reads() -> None:
    add_connectors(AC)
    before = Row.objects.get().version
    services.central_system_configured(configured=True)
    services.central_system_configured(configured=True)
    assert record.policy_of(record.station_row()).owes_meter_values
    assert Row.objects.get().version == before + 1
    services.central_system_configured(configured=False)
    assert not record.policy_of(record.station_row()).owes_meter_values
    assert JournalEntry.objects.filter(kind="CentralSystemConfigured").count() == 2
