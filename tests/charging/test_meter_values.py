"""Meter values owed to a server: when they are taken, what is in them, and that nobody pays for them in vain."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from charging import journal, record, services
from charging.clock import Moment
from charging.domain import events as e
from charging.domain.measurands import MEASURANDS, measurands_of
from charging.domain.observation import Observation, Pilot
from charging.domain.samples import Context, clock_period, sampled
from charging.models import JournalEntry, Station, Transaction
from charging.pruning import prune
from charging.sampling import Samples
from tests.charging.rows import AC, DC, START, Driven, add_connectors, at, connector, frame_of

KIND: Final = "MeterValuesTaken"
THREE_PHASES: Final = frame_of(
    AC,
    register_wh=12_345_678,
    power_w=11_034,
    currents_a=(16.04, 15.9, 16.1),
    voltages_v=(230.11, 229.8, 231.2),
    limit_a=16.0,
    limit_w=11_040,
    temperatures_c=(38.5, 30.2, 41.0, 44.4),
)


def test_everything_that_was_measured_is_in_it_and_nothing_else() -> None:
    assert sampled(Context.PERIODIC, THREE_PHASES, 12_345_678) == {
        "context": "Sample.Periodic",
        "register_wh": 12_345_678,
        "power_w": 11_034,
        "offered_a": 16.0,
        "offered_w": 11_040,
        "currents_a": [16.0, 15.9, 16.1],
        "voltages_v": [230.1, 229.8, 231.2],
        "temperatures_c": [38.5, 30.2, 41.0, 44.4],
    }
    assert sampled(Context.END, None, 7) == {"context": "Transaction.End", "register_wh": 7}


@pytest.mark.parametrize(("soc", "told"), [(None, None), (0.0, None), (0.4, 0.4), (55.55, 55.5), (100.0, 100.0)])
def test_a_state_of_charge_that_is_not_known_is_not_zero(soc: float | None, told: float | None) -> None:
    frame = replace(frame_of(DC), soc_percent=soc)
    assert sampled(Context.PERIODIC, frame, 1).get("soc_percent") == told


@given(st.integers(0, 2**31), st.integers(1, 86_400))
def test_the_clocks_intervals_begin_at_midnight_and_are_evenly_spaced(seconds: int, interval_s: int) -> None:
    moment = START + timedelta(seconds=seconds)
    day, index = clock_period(moment, interval_s)
    start = datetime.fromordinal(day).replace(tzinfo=UTC) + timedelta(seconds=index * interval_s)
    assert start <= moment
    assert moment < start + timedelta(seconds=interval_s)
    assert start.date() == moment.date()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", ()),
        (" SoC , Voltage", (("SoC", ""), ("Voltage", ""))),
        ("Voltage.L1,Current.Import.L3", (("Voltage", "L1"), ("Current.Import", "L3"))),
        (",".join(MEASURANDS), tuple((name, "") for name in MEASURANDS)),
    ],
)
def test_a_list_of_measurands_is_read(text: str, items: tuple[tuple[str, str], ...]) -> None:
    assert measurands_of(text) == items


@pytest.mark.parametrize("text", ["Frequency", "SoC,", "SoC,SoC", "soc", "SoC.L1", "Energy.Active.Export.Register"])
def test_a_list_with_something_that_is_not_measured_here_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not measured here|stands twice"):
        measurands_of(text)


pytestmark = pytest.mark.django_db(databases=["default", "logs"])


class Line:
    """A line whose turns a test takes: connectors charge, time passes."""

    def __init__(self, count: int = 1, **columns: Any) -> None:
        add_connectors(*count * [AC], **{"sample_interval_s": 30, "has_central_system": True, **columns})
        self.driven, self.samples, self.count = Driven(*range(1, count + 1)), Samples(), count

    def start(self, number: int = 1) -> None:
        services.start(number, by="technician", who="w", id_tag="T")
        self.driven.charge(number)

    def turn(self, passed_s: float = 1.0, frame: Observation = THREE_PHASES) -> None:
        self.driven.now_s += passed_s
        self.driven.turns.refresh()
        numbers = range(1, self.count + 1)
        held = [c for n in numbers if (c := self.driven.turns.connector(n))]
        self.samples.take(dict.fromkeys(numbers, frame), held, at(self.driven.now_s))

    def turns(self, seconds: int) -> None:
        for _ in range(seconds):
            self.turn()


def values(context: str | None = None) -> list[JournalEntry]:
    found = JournalEntry.objects.filter(kind=KIND).order_by("pk")
    return [entry for entry in found if context in (None, entry.body["context"])]


def test_without_a_central_system_nothing_is_written_for_one() -> None:
    line = Line(has_central_system=False, clock_aligned_interval_s=10)
    line.start()
    line.turns(120)
    line.driven.end()
    assert values() == []


def test_a_transaction_begins_and_ends_with_values_between_its_entries() -> None:
    line = Line()
    line.start()
    line.driven.end(register_wh=1234)
    begin, end = values()
    kinds = list(JournalEntry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds.index("TransactionStarted") + 1 == kinds.index(KIND)
    assert kinds[kinds.index("TransactionStopped") - 1] == KIND
    row = Transaction.objects.get()
    assert (begin.body["context"], begin.body["register_wh"]) == ("Transaction.Begin", row.meter_start_wh)
    assert (end.body["context"], end.body["register_wh"]) == ("Transaction.End", row.meter_stop_wh)
    assert begin.transaction_id == end.transaction_id == row.pk


def test_an_end_in_silence_says_the_last_register_and_invents_nothing() -> None:
    line = Line()
    line.start()
    line.turn()
    line.driven.turns.silent(1, at(line.driven.now_s + 3.0))
    services.stop(1, by="remote", who="central system", reason="Remote")
    record.happen(1, [e.TimePassed(now_s=line.driven.now_s + 1e6)], moment=at(line.driven.now_s + 10.0))
    assert values("Transaction.End")[0].body == {"context": "Transaction.End", "register_wh": THREE_PHASES.register_wh}


def test_samples_of_every_transaction_come_at_one_beat() -> None:
    line = Line(2)
    line.start(1)
    line.turns(10)
    line.start(2)
    line.turns(100)
    for row in Transaction.objects.order_by("pk"):
        taken = [entry.mono_s for entry in values("Sample.Periodic") if entry.transaction_id == row.pk]
        assert len(taken) >= 3
        assert 0 < taken[0] - row.started_mono_s <= 31.0
        assert {round(later - earlier) for earlier, later in pairwise(taken)} == {30}
        assert all(0 <= each % 30 < 1.0 for each in taken)


def test_a_restart_of_the_polling_keeps_the_beat() -> None:
    line = Line()
    line.start()
    line.turns(40)
    line.samples = Samples()
    line.turns(40)
    taken = [entry.mono_s for entry in values("Sample.Periodic")]
    assert [round(later - earlier) for earlier, later in pairwise(taken)] == [30, 30]


def test_an_interval_of_zero_sends_no_samples_and_keeps_the_owners_curve() -> None:
    line = Line(sample_interval_s=0)
    line.start()
    line.turns(130)
    assert values("Sample.Periodic") == []
    assert Station.objects.get().seen_mono_s > line.driven.now_s - 61.0


def test_an_interval_that_changes_takes_effect_at_once() -> None:
    line = Line(sample_interval_s=3600)
    line.start()
    line.turns(5)
    services.change_settings("central system", sample_interval_s=10)
    line.turns(21)
    assert len(values("Sample.Periodic")) == 2
    services.change_settings("central system", sample_interval_s=300)
    line.turns(5)
    assert len(values("Sample.Periodic")) == 2


def test_the_clock_strikes_for_every_connector_that_answers() -> None:
    line = Line(2, sample_interval_s=0, clock_aligned_interval_s=60)
    line.start(1)
    line.turns(180)
    taken = values("Sample.Clock")
    assert {entry.connector_number for entry in taken} == {1, 2}
    assert {(entry.at - START).total_seconds() // 1 % 60 for entry in taken} == {0.0}
    assert len(taken) == 6
    assert {entry.transaction_id for entry in taken if entry.connector_number == 2} == {None}
    assert {entry.transaction_id for entry in taken if entry.connector_number == 1} == {Transaction.objects.get().pk}


def test_a_clock_that_is_not_credible_does_not_strike() -> None:
    add_connectors(AC, has_central_system=True, clock_aligned_interval_s=60)
    samples = Samples()
    for n in range(200):
        samples.take({1: THREE_PHASES}, [connector()], at(100.0 + n, known=False))
    samples.take({1: THREE_PHASES}, [connector()], at(301.0))
    assert values() == []


def test_a_clock_that_jumps_back_does_not_strike_until_its_next_interval() -> None:
    add_connectors(AC, has_central_system=True, clock_aligned_interval_s=60)
    samples, wall = Samples(), START
    for seconds in (0, 1, -600, -599, -541, -539):
        moment = Moment(100.0 + seconds, wall + timedelta(seconds=seconds + 30), "boot")
        samples.take({1: THREE_PHASES}, [connector()], moment)
    assert len(values()) == 1


@pytest.mark.parametrize("interval_s", [60, 30, 300])
def test_a_minute_of_four_vehicles_is_one_commit(interval_s: int) -> None:
    line = Line(4, sample_interval_s=interval_s)
    for number in range(1, 5):
        line.start(number)
    line.turns(interval_s + 1)
    with CaptureQueriesContext(connection) as queries:
        line.turns(600)
    updates = [each["sql"] for each in queries if each["sql"].startswith('UPDATE "charging_station"')]
    inserts = [each["sql"] for each in queries if each["sql"].startswith('INSERT INTO "charging_journalentry"')]
    assert len(inserts) == 4 * 600 / interval_s
    assert len(updates) == 600 / min(interval_s, 60)  # a checkpoint each, and the values with them


def test_the_values_of_a_transaction_are_found_for_its_stop() -> None:
    line = Line(2)
    line.start(1)
    line.start(2)
    line.turns(65)
    line.driven.end(1)
    stopped = JournalEntry.objects.get(kind="TransactionStopped")
    assert stopped.transaction_id
    mine = journal.taken(stopped.transaction_id, 1, before=stopped.pk)
    contexts = [entry.body["context"] for entry in mine]
    assert contexts == ["Transaction.Begin", *2 * ["Sample.Periodic"], "Transaction.End"]
    assert {entry.transaction_id for entry in mine} == {stopped.transaction_id}
    assert journal.taken(99, 1, before=stopped.pk) == []


def test_registers_of_a_transaction_never_go_down() -> None:
    line = Line()
    line.start()
    for wh in range(1000, 1200, 2):
        line.driven.see(register_wh=wh, delivering=True, ev_ready=True, pilot=Pilot.C, passed_s=1.0)
        line.turn(0.0, replace(THREE_PHASES, register_wh=wh))
    line.driven.end(register_wh=1200)
    registers = [entry.body["register_wh"] for entry in values()]
    assert registers == sorted(registers)
    assert len(registers) > 4


def test_values_that_were_delivered_are_forgotten_after_a_month_and_others_are_not() -> None:
    line = Line()
    line.start()
    line.turns(61)
    last = values()[-1]
    month_later = Moment(1e7, last.at + timedelta(days=31), "boot")
    journal.read_up_to("ocpp", 0)
    assert prune(month_later) == 0
    journal.read_up_to("ocpp", last.pk)
    assert prune(month_later) == 3
    assert values() == []


def test_an_entry_is_small() -> None:
    body = json.dumps(sampled(Context.PERIODIC, THREE_PHASES, 12_345_678), separators=(",", ":"))
    assert len(body) < 250


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("meter_values_sampled_data", "SoC,Frequency"),
        ("stop_txn_aligned_data", "Voltage,Voltage"),
        ("sample_interval_s", 4),
        ("clock_aligned_interval_s", 1),
        ("clock_aligned_interval_s", 86_401),
    ],
)
def test_a_setting_that_cannot_be_met_is_refused_and_the_old_one_stays(column: str, value: object) -> None:
    before = getattr(record.station_row(), column)
    with pytest.raises(ValidationError):
        services.change_settings("central system", **{column: value})
    assert getattr(record.station_row(), column) == before
