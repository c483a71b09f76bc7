"""A station that did not know the time: everything it wrote gets its true time, exactly where that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.db import connection

from charging import clock, journal, record, services
from charging.clock import Moment
from charging.models import (
    ChargingSession,
    JournalEntry,
    MeterSample,
    PresentedCard,
    SecurityLogEntry,
    Station,
    Transaction,
    Wish,
)
from charging.sampling import Samples
from charging.services.dating import BATCH, times_repaired
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, START, Driven, add_connectors, at, connector, frame_of

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def unknown(mono_s: float, boot_id: str = "boot") -> Moment:
    """A moment of a computer whose wall clock began in 1970 with its boot."""
    return Moment(mono_s, EPOCH + timedelta(seconds=mono_s), boot_id)


class World:
    """A station whose services live in one moment at a time, in one boot of the computer after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        add_connectors(AC, authorization_mode="card", has_central_system=True)
        self.driven = Driven(1)
        self.driven.now_s = 0.0

    def boots(self, boot_id: str, kernel: str, moment: Moment) -> None:
        for module in ("commissioning", "dating"):
            self._patch.setattr(f"charging.services.{module}.kernel_boot_id", lambda: kernel)
        assert services.power_returned(Moment(moment.mono_s, moment.at, boot_id))

    def at(self, moment: Moment) -> None:
        for module in ("asking", "starting", "cards", "wishing", "dating"):
            self._patch.setattr(f"charging.services.{module}.now", lambda: moment)

    def see(self, moment: Moment, **more: Any) -> None:
        self.driven.turns.refresh()
        assert self.driven.turns.observe(1, frame_of(AC, **more), moment)

    def charge(self, moment: Moment, seconds: float = 60.0) -> None:
        """A whole transaction of so many seconds from *moment*, and the plug out after it."""

        def passed(by_s: float) -> Moment:
            return Moment(moment.mono_s + by_s, moment.at + timedelta(seconds=by_s), moment.boot_id)

        self.at(moment)
        services.start(1, by="technician", who="w", id_tag="T")
        self.see(moment)
        self.see(passed(1.0), delivering=True, ev_ready=True)
        self.at(passed(seconds - 0.4))
        services.stop(1, by="technician", who="w")
        self.see(passed(seconds - 0.2))
        self.see(passed(seconds))
        for n in range(4):
            self.see(passed(seconds + 1.0 + n), plugged=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield World(monkeypatch)
    clock.learn(None)


def repaired(moment: Moment) -> int:
    total = 0
    while count := times_repaired(moment):
        total += count
    return total


def test_nothing_is_dated_before_the_time_is_known(world: World) -> None:
    world.boots("boot", "k", unknown(1.0))
    assert times_repaired(unknown(50.0)) == 0
    assert JournalEntry.objects.filter(clock_known=True).count() == 0


def test_a_transaction_of_this_boot_gets_its_true_times(world: World) -> None:
    world.boots("boot", "k", unknown(1.0))
    world.charge(unknown(100.0))
    before = Transaction.objects.get()
    assert (before.clock_known, before.started_at.year) == (False, 1970)
    station_turn(at(500.0), {})
    row = Transaction.objects.get()
    assert (row.started_at, row.stopped_at) == (at(100.0).at, at(160.0).at)
    assert (row.clock_known, row.flagged, row.energy_wh) == (True, False, 0)
    session = ChargingSession.objects.get()
    assert session.opened_at == at(100.0).at
    assert session.closed_at
    assert 161.0 <= (session.closed_at - START).total_seconds() <= 165.0
    assert not JournalEntry.objects.filter(clock_known=False).exists()
    for entry in JournalEntry.objects.all():
        assert entry.at == at(entry.mono_s).at


def test_a_transaction_that_still_runs_is_dated_too_and_ends_in_true_time(world: World) -> None:
    world.boots("boot", "k", unknown(1.0))
    world.at(unknown(100.0))
    services.start(1, by="technician", who="w", id_tag="T")
    world.see(unknown(100.0))
    assert repaired(at(200.0)) > 0
    assert Transaction.objects.get().started_at == at(100.0).at
    world.see(at(201.0), plugged=False)
    for n in range(3):
        world.see(at(202.0 + n), plugged=False)
    row = Transaction.objects.get()
    assert row.stopped_at
    assert at(100.0).at < at(201.0).at <= row.stopped_at <= at(204.0).at


def test_an_earlier_start_of_the_software_in_the_same_boot_is_exact_too(world: World) -> None:
    world.boots("first", "k", unknown(1.0))
    world.charge(unknown(100.0, "first"))
    world.boots("second", "k", unknown(300.0))
    world.charge(unknown(400.0, "second"))
    repaired(at(1000.0, boot_id="second"))
    assert [row.started_at for row in Transaction.objects.order_by("pk")] == [at(100.0).at, at(400.0).at]
    assert not Transaction.objects.filter(flagged=True).exists()


def test_an_earlier_boot_is_dated_as_late_as_it_can_have_been_and_flagged(world: World) -> None:
    world.boots("first", "k1", unknown(1.0))
    world.charge(unknown(100.0, "first"), seconds=60.0)
    world.boots("second", "k2", unknown(20.0))
    world.charge(unknown(400.0, "second"))
    repaired(at(1000.0, boot_id="second"))
    earlier, later = Transaction.objects.order_by("pk")
    assert (later.started_at, later.flagged) == (at(400.0).at, False)
    assert earlier.flagged
    assert earlier.stopped_at
    assert (earlier.stopped_at - earlier.started_at) == timedelta(seconds=60)
    assert earlier.stopped_at <= at(20.0).at
    assert earlier.stopped_at >= at(20.0).at - timedelta(seconds=10)
    times = list(JournalEntry.objects.order_by("pk").values_list("at", flat=True))
    assert times == sorted(times)


def test_a_start_that_is_estimated_flags_a_transaction_that_ends_in_known_time(world: World) -> None:
    world.boots("first", "k1", unknown(1.0))
    world.at(unknown(100.0, "first"))
    services.start(1, by="technician", who="w", id_tag="T")
    world.see(unknown(100.0, "first"))
    world.boots("second", "k2", at(20.0))
    repaired(at(21.0, boot_id="second"))
    row = Transaction.objects.get()
    assert (row.flagged, row.clock_known, row.stopped_at) == (True, True, None)
    assert row.started_at <= at(20.0).at


def test_a_boot_whose_clock_became_known_before_it_ended_is_exact(world: World) -> None:
    world.boots("first", "k1", unknown(1.0))
    world.charge(unknown(100.0, "first"))
    journal.record("LoggedOut", moment=at(300.0, boot_id="first"))
    tomorrow = START + timedelta(days=1)
    world.boots("second", "k2", Moment(20.0, tomorrow, "second"))
    repaired(Moment(30.0, tomorrow + timedelta(seconds=10), "second"))
    assert Transaction.objects.get().started_at == at(100.0).at
    assert not Transaction.objects.get().flagged


def test_a_start_in_known_time_and_an_end_without_a_clock_are_put_right(world: World) -> None:
    world.boots("first", "k1", at(1.0))
    world.at(at(100.0))
    services.start(1, by="technician", who="w", id_tag="T")
    world.see(at(100.0))
    record.checkpoint({1: 1000}, moment=at(110.0), kernel_boot_id="k1")
    world.boots("second", "k2", unknown(5.0))
    for n in range(3):
        world.see(unknown(6.0 + n, "second"))
    row = Transaction.objects.get()
    assert (row.stop_reason, row.stopped_at) == ("PowerLoss", row.started_at)  # nothing better was known
    an_hour_later = Moment(60.0, START + timedelta(hours=1), "second")
    repaired(an_hour_later)
    row.refresh_from_db()
    assert row.started_at == at(100.0).at
    assert row.stopped_at
    assert START + timedelta(minutes=59) < row.stopped_at < START + timedelta(hours=1)


def test_cards_wishes_and_the_curve_are_dated_with_the_rest(world: World) -> None:
    world.boots("boot", "k", unknown(1.0))
    world.at(unknown(50.0))
    services.card_presented("T")
    services.wish(Wish.Kind.TEST_LIGHT, 1, who="w")
    services.start(1, by="technician", who="w", id_tag="T")
    world.see(unknown(60.0))
    Samples().take({1: frame_of(AC)}, [connector()], unknown(70.0))
    repaired(at(100.0))
    assert PresentedCard.objects.get().presented_at == at(50.0).at
    assert Wish.objects.get().asked_at == at(50.0).at
    assert MeterSample.objects.get().at == at(70.0).at


def test_many_entries_are_dated_in_parts(world: World) -> None:
    world.boots("boot", "k", unknown(1.0))
    for n in range(BATCH + 20):
        journal.record("LoggedOut", moment=unknown(10.0 + n))
    assert times_repaired(at(1000.0)) == BATCH
    assert 20 <= times_repaired(at(1001.0)) < BATCH
    assert times_repaired(at(1002.0)) == 0


def test_looking_for_undated_entries_costs_nothing() -> None:
    if connection.vendor == "postgresql":  # it would rather read an empty table whole
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    undated = JournalEntry.objects.filter(clock_known=False).order_by("pk")[:BATCH]
    assert "journal_undated" in undated.explain()


def test_a_computer_without_a_clock_takes_the_time_that_a_server_tells(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charging.record.kernel_boot_id", lambda: "k")
    world.boots("boot", "k", unknown(1.0))
    world.at(unknown(100.0))
    ahead_s = services.time_told(at(100.0).at, source="central system")
    assert ahead_s == (START - EPOCH).total_seconds()
    assert Station.objects.get().clock_zero == START
    monkeypatch.setattr("charging.clock.datetime", _InThePast)
    there = clock.now()
    assert there.clock_known
    assert there.zero == pytest.approx(START, abs=timedelta(seconds=1))
    monkeypatch.setattr("charging.record.kernel_boot_id", lambda: "another")
    record.station_row()
    assert not clock.now().clock_known  # another boot: what was told counts no longer


def test_a_clock_that_is_credible_is_not_changed_by_a_server(world: World) -> None:
    world.at(at(100.0))
    assert services.time_told(at(160.0).at, source="central system") == 60.0
    assert Station.objects.get().clock_zero is None
    world.at(unknown(100.0))
    services.time_told(datetime(2001, 1, 1, tzinfo=UTC), source="central system")
    assert Station.objects.get().clock_zero is None


class _InThePast(datetime):
    """A computer that came up in 1970."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return EPOCH.astimezone(tz)


def clock_events() -> list[str]:
    events = SecurityLogEntry.objects.filter(event="SettingSystemTime").order_by("number")
    return list(events.values_list("about", flat=True))


def test_a_time_that_was_told_is_a_security_event(world: World) -> None:
    """Once, however often it is told; the entry has the time that was told."""
    world.boots("boot", "k", unknown(1.0))
    world.at(unknown(60.0))
    services.time_told(at(60.0).at, source="central_system")
    world.at(at(61.0))
    services.time_told(at(61.0).at, source="central_system")
    assert clock_events() == ["Told by central_system: 1970-01-01T00:01:00Z -> 2026-06-01T12:01:00Z."]
    assert SecurityLogEntry.objects.get(event="SettingSystemTime").at == at(60.0).at
    assert station_turn(at(62.0), {}).moved
    assert len(clock_events()) == 1


@pytest.mark.parametrize(("by_s", "events"), [(0.0, 0), (9.0, 0), (-9.0, 0), (11.0, 1), (-3600.0, 1), (86_400.0, 1)])
def test_a_clock_that_is_set_is_a_security_event(world: World, by_s: float, events: int) -> None:
    """One that is kept right is not."""
    world.boots("boot", "k", at(1.0))
    station_turn(at(50.0), {})
    for mono_s in (51.0, 52.0, 53.0):
        station_turn(Moment(mono_s, at(mono_s + by_s).at, "boot"), {})
    assert len(clock_events()) == events


def test_a_clock_that_finds_the_time_by_itself_is_a_security_event(world: World) -> None:
    world.boots("boot", "k", unknown(1.0))
    station_turn(unknown(50.0), {})
    station_turn(at(51.0), {})
    station_turn(at(52.0), {})
    assert clock_events() == ["The computer's clock was set: 1970-01-01T00:00:51Z -> 2026-06-01T12:00:51Z."]


def test_a_start_of_the_computer_is_no_change_of_its_clock(world: World) -> None:
    world.boots("one", "k1", at(1.0))
    world.boots("two", "k2", Moment(5.0, at(9000.0).at, "two"))
    station_turn(Moment(6.0, at(9001.0).at, "two"), {})
    assert clock_events() == []
