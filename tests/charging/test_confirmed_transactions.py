"""StartTransaction.conf: the number is kept, and an idTag that is not accepted has its consequence."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from charging import clock, services
from charging.domain.observation import Pilot
from charging.domain.status import Status, status_of
from charging.models import CachedIdTag, JournalEntry, Transaction
from tests.charging.rows import AC, Driven, add_connectors, connector, kinds

pytestmark = pytest.mark.django_db


def charging(**columns: Any) -> Driven:
    add_connectors(AC, authorization_mode="card", **columns)
    driven = Driven(1, mono_s=clock.now().mono_s)
    services.start(1, by="remote", who="central system", id_tag="T")
    driven.charge()
    return driven


def confirm(status: str = "Accepted", number: int | None = 42, parent: str = "") -> str:
    row = Transaction.objects.get()
    return services.transaction_confirmed(row.pk, number=number, status=status, parent_id_tag=parent).refusal


def draw(driven: Driven, register_wh: int) -> bool:
    """One turn of a car that draws what it gets; whether it may go on."""
    return driven.see(ev_ready=True, delivering=True, pilot=Pilot.C, register_wh=register_wh, passed_s=60.0).enable


def test_the_number_and_the_parent_are_kept() -> None:
    charging()
    assert confirm(parent="FLEET") == ""
    row = Transaction.objects.get()
    assert (row.central_number, row.id_tag_status, row.parent_id_tag) == (42, "Accepted", "FLEET")
    assert services.transaction_of(42) == row
    assert services.transaction_of(43) is None
    assert CachedIdTag.objects.get().parent_id_tag == "FLEET"
    running = connector().transaction
    assert running
    assert running.parent_id_tag == "FLEET"


def test_an_answer_that_comes_twice_changes_nothing_more() -> None:
    charging()
    confirm("Blocked")
    journal = JournalEntry.objects.count()
    assert confirm("Blocked") == ""
    assert JournalEntry.objects.count() == journal


def test_an_answer_without_a_usable_number_keeps_the_one_that_is_known() -> None:
    charging()
    assert confirm(number=None) == ""
    assert Transaction.objects.get().central_number is None
    confirm(number=-1)
    confirm(number=None)
    assert Transaction.objects.get().central_number == -1  # whatever was issued, and nothing that was not


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_an_id_tag_that_is_not_accepted_stops_the_transaction(status: str) -> None:
    driven = charging()
    assert confirm(status) == ""
    assert not draw(driven, 1001)
    driven.see(register_wh=1001)
    row = Transaction.objects.get()
    assert (row.stop_reason, row.meter_stop_wh, row.central_number) == ("DeAuthorized", 1001, 42)
    assert CachedIdTag.objects.get().status == status
    assert "TransactionInvalidated" in kinds()


def test_it_suspends_where_it_is_not_to_be_stopped() -> None:
    driven = charging(stop_transaction_on_invalid_id=False)
    confirm("Blocked")
    assert not draw(driven, 1001)
    assert status_of(connector()) is Status.SUSPENDED_EVSE
    assert Transaction.objects.get().stopped_at is None
    services.stop(1, by="remote", who="central system", reason="Remote")
    driven.see(register_wh=1001)
    driven.see(register_wh=1001)
    assert Transaction.objects.get().stop_reason == "Remote"


def test_it_gets_the_energy_that_is_granted_and_not_more() -> None:
    driven = charging(stop_transaction_on_invalid_id=False, max_energy_on_invalid_id_wh=300)
    confirm("Invalid")
    assert [draw(driven, wh) for wh in (1100, 1200, 1299, 1300, 1300)] == [True, True, True, False, False]
    assert JournalEntry.objects.get(kind="TransactionInvalidated").body == {"ends_at_wh": 1300}


def test_an_answer_after_the_end_is_only_kept() -> None:
    driven = charging()
    driven.end(register_wh=1234)
    assert confirm("Blocked", parent="FLEET") == ""
    row = Transaction.objects.get()
    assert (row.central_number, row.stop_reason, row.id_tag_status) == (42, "EVDisconnected", "Blocked")
    assert services.transaction_of(42) is None


def test_an_unknown_transaction_is_refused_and_an_unknown_status_raises() -> None:
    charging()
    assert services.transaction_confirmed(99, number=1, status="Accepted").refusal == "nothing_to_stop"
    with pytest.raises(ValueError, match="Maybe"):
        confirm("Maybe")
    assert Transaction.objects.get().central_number is None


def test_it_joins_the_commit_of_the_caller() -> None:
    charging()

    def confirmed_and_cut() -> None:
        with transaction.atomic():
            confirm("Blocked")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        confirmed_and_cut()
    assert Transaction.objects.get().central_number is None
    assert connector().stop is None
    assert not CachedIdTag.objects.exists()
