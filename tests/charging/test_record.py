"""Events meet rows: one commit holds the row, the journal and what follows, or none of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from charging import journal, record
from charging.domain import events as e
from charging.domain.connector import Policy
from charging.domain.requests import Refusal
from charging.facts import decoded, encoded
from charging.models import ChargingSession, Cursor, JournalEntry, Transaction
from charging.models import Connector as Row
from tests.charging.rows import AC, add_connectors, at, connector, frame_of, kinds
from tests.charging.worlds import every_world, reached

AUTHORIZED = e.Authorized(now_s=100.0, id_tag="T", parent_id_tag="P", by="screen")


def plugged(**more: Any) -> e.Observed:
    return e.Observed(now_s=100.0, frame=frame_of(AC, **more))


@every_world
def test_every_reachable_connector_survives_its_row(world: str) -> None:
    for c in reached(world)[0]:
        plain = encoded(c)
        capability = record.capability_columns(c.capability)
        assert decoded(plain, number=c.number, capability=capability, policy=c.policy) == c


def test_a_row_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    plain = {
        "plugged": True,
        "mood": "good",
        "stop": {"reason": "Local", "due_s": 3.0, "sent": False, "colour": 1},
        "leases": [{"source": "site", "limit_w": 5, "phase": "L1"}],
    }
    c = decoded(plain, number=1, capability={"phases": 1, "maximum_l1_a": 9}, policy=Policy())
    assert (c.plugged, c.capability.phases, c.leases[0].limit_w) == (True, 1, 5)
    assert c.stop
    assert c.stop.reason == "Local"


@pytest.mark.django_db
def test_a_start_writes_session_transaction_and_journal_with_the_register_of_the_frame() -> None:
    add_connectors(AC)
    record.happen(1, [AUTHORIZED, plugged(register_wh=777)], moment=at(100.0), who="screen")
    row = Transaction.objects.get()
    assert (row.id_tag, row.parent_id_tag, row.meter_start_wh) == ("T", "P", 777)
    assert (row.started_at, row.started_mono_s, row.boot_id, row.clock_known) == (at(100.0).at, 100.0, "boot", True)
    assert row.session == ChargingSession.objects.get(closed_at__isnull=True)
    assert kinds() == ["AuthorizationKept", "SessionOpened", "PluggedIn", "TransactionStarted"]
    started = JournalEntry.objects.get(kind="TransactionStarted")
    assert (started.transaction_id, started.who, started.connector_number) == (row.pk, "screen", 1)
    assert started.body == {"id_tag": "T", "parent_id_tag": "P", "meter_start_wh": 777, "reservation_id": None}
    assert Row.objects.get().register_wh == 777


@pytest.mark.django_db
def test_a_stop_writes_the_energy_and_closes_the_session_with_the_plug() -> None:
    add_connectors(AC)
    off, gone = plugged(register_wh=1250), plugged(register_wh=1250, plugged=False)
    record.happen(1, [AUTHORIZED, plugged(register_wh=1000)], moment=at(100.0))
    record.happen(1, [e.StopRequested(now_s=101.0, reason="Remote"), off, off], moment=at(101.0), who="centre")
    row = Transaction.objects.get()
    assert (row.stop_reason, row.meter_stop_wh, row.energy_wh, row.flagged) == ("Remote", 1250, 250, False)
    assert ChargingSession.objects.get().closed_at is None
    record.happen(1, [gone, gone], moment=at(102.0))
    assert ChargingSession.objects.get().closed_at == at(102.0).at
    stopped = JournalEntry.objects.get(kind="TransactionStopped")
    assert stopped.transaction_id == row.pk
    assert JournalEntry.objects.get(kind="SessionClosed").transaction_id is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("checkpoint_wh", "told_wh", "stop_wh", "flagged"),
    [(1400, None, 1400, True), (None, None, 1000, True), (1400, 1500, 1500, True), (900, None, 1000, True)],
)
def test_a_stop_without_a_frame_uses_the_checkpoint_and_is_flagged(
    checkpoint_wh: int | None, told_wh: int | None, stop_wh: int, flagged: bool
) -> None:
    add_connectors(AC)
    record.happen(1, [AUTHORIZED, plugged(register_wh=1000)], moment=at(100.0))
    if checkpoint_wh is not None:
        record.checkpoint({1: checkpoint_wh}, moment=at(110.0), kernel_boot_id="k")
    lost = [e.ContactLost(now_s=111.0), e.StopRequested(now_s=112.0, reason="Local")]
    record.happen(1, [*lost, e.TimePassed(now_s=115.0, register_wh=told_wh)], moment=at(115.0))
    row = Transaction.objects.get()
    assert (row.meter_stop_wh, row.flagged) == (stop_wh, flagged)
    assert JournalEntry.objects.get(kind="TransactionStopped").body["meter_stop_wh"] == stop_wh


@pytest.mark.django_db
def test_a_stop_before_the_start_on_the_wall_clock_ends_when_it_began() -> None:
    add_connectors(AC)
    record.happen(1, [AUTHORIZED, plugged()], moment=at(100.0))
    record.happen(1, [e.StopRequested(reason="Local"), plugged(), plugged()], moment=at(101.0, known=False))
    row = Transaction.objects.get()
    assert row.stopped_at == row.started_at


@pytest.mark.django_db
def test_it_writes_nothing_when_nothing_changes() -> None:
    add_connectors(AC)
    record.happen(1, [plugged(), plugged()], moment=at(100.0))
    before = Row.objects.values().get(), kinds()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        outcome = record.happen(1, [plugged()], moment=at(101.0))
    assert (Row.objects.values().get(), kinds()) == before
    assert outcome.version == before[0]["version"]
    assert not [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.mark.django_db
def test_a_refused_request_ends_the_sequence_and_keeps_what_happened_before_it() -> None:
    add_connectors(AC)
    outcome = record.happen(1, [plugged(), e.StopRequested(reason="Local"), AUTHORIZED], moment=at(100.0))
    assert outcome.refusal is Refusal.NOTHING_TO_STOP
    assert connector().plugged
    assert connector().authorization is None


@pytest.mark.django_db
def test_an_unknown_connector_is_said_so() -> None:
    add_connectors(AC)
    with pytest.raises(Row.DoesNotExist):
        record.happen(9, [AUTHORIZED], moment=at(100.0))


@pytest.mark.django_db
def test_row_and_journal_are_written_together_or_not_at_all() -> None:
    """The journal's table is gone in the middle of the commit."""
    add_connectors(AC)
    before = Row.objects.values().get()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE charging_journalentry RENAME TO elsewhere")
    with pytest.raises(DatabaseError, match="charging_journalentry"):
        record.happen(1, [AUTHORIZED, plugged()], moment=at(100.0))
    assert Row.objects.values().get() == before
    assert not Transaction.objects.exists()
    assert not ChargingSession.objects.exists()


@pytest.mark.django_db
def test_a_row_that_another_writer_moved_is_a_refused_commit() -> None:
    add_connectors(AC)
    stale = Row.objects.get()
    Row.objects.update(version=7)
    with pytest.raises(DatabaseError, match="read again"):
        record._save(stale, replace(connector(), plugged=True), (), record._Scribe(stale, at(1.0), ""))
    assert not connector().plugged


@pytest.mark.django_db(transaction=True)
def test_of_two_threads_that_authorize_at_once_one_is_busy_and_nothing_is_lost() -> None:
    add_connectors(AC)
    together = threading.Barrier(2)
    outcomes: dict[str, Refusal | None] = {}

    def ask(id_tag: str) -> None:
        together.wait(5)
        outcomes[id_tag] = record.happen(1, [e.Authorized(id_tag=id_tag)], moment=at(1.0)).refusal
        connections.close_all()

    threads = [threading.Thread(target=ask, args=(id_tag,)) for id_tag in ("ONE", "TWO")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(map(str, outcomes.values())) == ["None", "busy"]
    asked = connector().authorization
    assert asked
    assert outcomes[asked.id_tag] is None
    assert Row.objects.get().version == 1
    assert kinds() == ["AuthorizationKept", "SessionOpened"]


@pytest.mark.django_db
def test_two_open_transactions_of_one_connector_are_impossible() -> None:
    add_connectors(AC)
    record.happen(1, [AUTHORIZED, plugged()], moment=at(1.0))
    row = Transaction.objects.get()
    row.pk = None
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.django_db
def test_a_reader_of_the_journal_keeps_its_place_and_never_goes_back() -> None:
    written = [journal.record("Test", moment=at(1.0), n=n).pk for n in range(5)]
    assert [entry.pk for entry in journal.unread("centre", limit=2)] == written[:2]
    journal.read_up_to("centre", written[3])
    journal.read_up_to("centre", written[1])
    assert [entry.pk for entry in journal.unread("centre")] == written[4:]
    assert [entry.pk for entry in journal.unread("other")] == written
    assert Cursor.objects.get().position == written[3]


@pytest.mark.django_db
def test_a_long_name_is_cut_and_not_lost() -> None:
    assert len(journal.record("Test", who="x" * 500).who) == 150
