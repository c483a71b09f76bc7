"""How transaction messages are delivered: in order, again when they fail, the same to the letter, or given up."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charging import journal, services
from charging.clock import now
from charging.domain.samples import Context
from charging.models import Cursor, JournalEntry
from ocpp_client import transactions
from ocpp_client.due import Due, Failure
from ocpp_client.models import Attempt
from ocpp_client.owed import READER
from ocpp_client.transactions import Transactions
from tests.central_system import CentralSystem
from tests.charging.rows import AC, add_connectors
from tests.conftest import wait_until
from tests.ocpp_client.clients import CARD, COLLEAGUE, client_of, of_context, registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def attempts(central: CentralSystem, most: int) -> None:
    """TransactionMessageAttempts."""
    asked = {"key": "TransactionMessageAttempts", "value": str(most)}
    assert central.call("ChangeConfiguration", asked) == {"status": "Accepted"}


def parked() -> list[str]:
    """The messages that the journal calls given up, oldest first."""
    entries = JournalEntry.objects.filter(kind="MessageParked").order_by("pk")
    return [entry.body["action"] for entry in entries]


def its_time_has_come() -> None:
    Attempt.objects.update(due_at=now().at)


def test_attempts_are_counted_over_a_restart(central: CentralSystem) -> None:
    """Section 3.7.1: the second of two attempts, in another life of the client, is the last."""
    central.refuse("StartTransaction", times=2)
    with registered(central) as station:
        attempts(central, 2)
        station.look(plugged=True)
        station.tap()
        station.charge_now()
        wait_until(Attempt.objects.exists)
        tried = Attempt.objects.get()
        assert tried.attempts == 1
        assert tried.due_at is not None
        assert tried.due_at - now().at > timedelta(seconds=50)  # of TransactionMessageRetryInterval, 60 s
    central.mark()
    with client_of(central):
        central.wait("StatusNotification", connectorId=1)
        central.quiet("StartTransaction", 0.6)
        its_time_has_come()
        central.wait("StartTransaction")
        wait_until(lambda: Attempt.objects.get(pk=tried.pk).parked_at is not None)
    assert parked() == ["StartTransaction"]


def test_the_interval_grows_with_the_attempts(central: CentralSystem) -> None:
    """Section 9.1.32: times the number of attempts so far."""
    central.refuse("StartTransaction")
    with registered(central) as station:
        attempts(central, 10)
        station.look(plugged=True)
        station.tap()
        station.charge_now()
        for count in (1, 2, 3):
            wait_until(lambda count=count: Attempt.objects.filter(attempts=count).exists())  # type: ignore[misc]
            left = Attempt.objects.get().due_at - now().at  # type: ignore[operator] # it is tried again
            assert timedelta(seconds=60 * count - 10) < left <= timedelta(seconds=60 * count)
            its_time_has_come()


def test_what_follows_a_start_that_was_given_up_is_given_up_and_the_rest_goes_on(central: CentralSystem) -> None:
    """No transactionId is invented; what is lost is in the journal, the console shows the rows."""
    central.refuse("StartTransaction", times=1, connectorId=1)
    with registered(central, connectors=2) as station:
        attempts(central, 1)
        station.look(1, plugged=True)
        station.tap(CARD)
        station.charge_now(1)
        wait_until(lambda: parked() == ["StartTransaction"])
        station.begin(COLLEAGUE, 2)
        services.stop(1, by="technician", who="touch")
        station.open_contactor(1, register_wh=1005)
        station.finish(2, register_wh=1009)
        assert parked() == ["StartTransaction", "StopTransaction"]
        assert central.ledger().energy_wh == 9
        given_up = Attempt.objects.exclude(parked_at=None)
        assert {row.action for row in given_up} == {"StartTransaction", "MeterValues", "StopTransaction"}
        assert len({row.transaction_id for row in given_up}) == 1


@pytest.mark.parametrize("action", ["StartTransaction", "MeterValues", "StopTransaction"])
def test_a_message_whose_answer_was_lost_is_said_again_to_the_letter(central: CentralSystem, action: str) -> None:
    """T15: only the message id is another one."""
    central.cut_instead(action)
    with registered(central, stop_txn_sampled_data="Energy.Active.Import.Register") as station:
        station.begin()
        station.finish(register_wh=1009)
        wait_until(lambda: len(central.frames(action)) > 1, 20.0)
        first, again = central.frames(action)[:2]
        one, other = json.loads(first.text), json.loads(again.text)
        assert first.text.replace(one[1], "") == again.text.replace(other[1], "")
        [told] = central.ledger().transactions
        assert told.energy_wh == 9


def test_what_is_not_dated_yet_is_not_told(central: CentralSystem) -> None:
    """A time before the clock was known is no time of OCPP."""
    with registered(central) as station:
        station.begin()
        central.wait("MeterValues", meterValue=of_context("Transaction.Begin"))
        with journal.one_commit():
            entry = journal.record(
                "MeterValuesTaken", connector_number=1, context=Context.PERIODIC.value, register_wh=1001
            )
            JournalEntry.objects.filter(pk=entry.pk).update(clock_known=False)
        central.mark()
        central.quiet("MeterValues", 0.6)
        JournalEntry.objects.filter(pk=entry.pk).update(clock_known=True)
        central.wait("MeterValues", connectorId=1)


def test_a_long_queue_costs_few_looks_at_the_database_for_each_message() -> None:
    add_connectors(AC, has_central_system=True)
    transactions.begin(now())
    with journal.one_commit():
        for number in range(40):
            journal.record("MeterValuesTaken", connector_number=1, context=Context.CLOCK.value, register_wh=number)
    queue = Transactions()
    first = queue.due(now())
    assert first is not None
    first.confirmed({})
    with CaptureQueriesContext(connection) as queries:
        told = 0
        while (message := queue.due(now())) is not None:
            message.confirmed({})
            told += 1
    assert told == 39
    assert len(queries) <= 4 * told  # begin, the cursor, commit; and now and then the next ones
    assert Cursor.objects.get(name=READER).position == JournalEntry.objects.latest("pk").pk


def test_a_message_that_failed_is_made_anew_of_what_is_asked_for_now() -> None:
    """What was read ahead is forgotten: the keys may be others by the next attempt."""
    add_connectors(AC, has_central_system=True, meter_values_aligned_data="Power.Active.Import")
    transactions.begin(now())
    journal.record("MeterValuesTaken", connector_number=1, context=Context.CLOCK.value, register_wh=5, power_w=7)
    queue = Transactions()
    first = queue.due(now())
    assert first is not None
    assert measurands(first) == ["Power.Active.Import"]
    services.change_settings("test", meter_values_aligned_data="Energy.Active.Import.Register")
    first.failed(Failure("InternalError", "as the test wants"))
    Attempt.objects.update(due_at=None)
    assert measurands(queue.due(now())) == ["Energy.Active.Import.Register"]


def measurands(due: Due | None) -> list[str]:
    """Of a MeterValues that is due."""
    assert due is not None
    [value] = due.payload["meterValue"]
    return [each["measurand"] for each in value["sampledValue"]]
