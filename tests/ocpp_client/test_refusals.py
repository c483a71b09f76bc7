"""A central system that refuses or cannot be understood is not flooded, and nothing of the station dies of it."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from charging import services
from charging.models import Transaction
from ocpp_client.models import Attempt
from tests.central_system import CentralSystem
from tests.charging.rows import AC, add_connectors
from tests.conftest import wait_until
from tests.ocpp_client.clients import CARD, COLLEAGUE, Served, client_of, number_of_running, registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

WATCHED_S = 2.0
MOST_CALLS = 6  # within that time
USELESS: dict[str, dict[str, Any]] = {
    "Authorize": {"idTagInfo": "nonsense"},
    "BootNotification": {"status": "Perhaps"},
    "Heartbeat": {"currentTime": "yesterday"},
    "MeterValues": {"surprise": 1},
    "StartTransaction": {"transactionId": None},
    "StatusNotification": {"surprise": 1},
    "StopTransaction": {"idTagInfo": 5},
}


def calls_while_watched(central: CentralSystem) -> list[str]:
    """What the station says meanwhile."""
    central.mark()
    central.record.first(lambda _frame: False, WATCHED_S)
    return [frame.action for frame in central.frames()]


def refuse(central: CentralSystem) -> None:
    central.refuse(None)


def answer_uselessly(central: CentralSystem) -> None:
    for action, payload in USELESS.items():
        central.answer(action, payload)


MISBEHAVIOUR = pytest.mark.parametrize("misbehave", [refuse, answer_uselessly])


@MISBEHAVIOUR
def test_a_station_that_is_not_registered_asks_seldom(central: CentralSystem, misbehave: Any) -> None:
    misbehave(central)
    add_connectors(AC)
    with client_of(central):
        central.wait("BootNotification")
        assert calls_while_watched(central) == []


def everything_happens(station: Served) -> None:
    """A status, a card, a transaction, a heartbeat that is wanted: one of each that the station may say."""
    station.look(plugged=True)
    station.tap(CARD)
    station.charge_now()
    services.card_presented(COLLEAGUE)
    station.central.call("TriggerMessage", {"requestedMessage": "Heartbeat"})


@MISBEHAVIOUR
@pytest.mark.parametrize("interval_s", [0, 60])
def test_a_station_that_is_registered_does_not_repeat_itself(
    central: CentralSystem, misbehave: Any, interval_s: int
) -> None:
    with registered(central, allow_offline_tx_for_unknown_id=True) as station:
        for key, value in (("TransactionMessageRetryInterval", interval_s), ("TransactionMessageAttempts", 100)):
            asked = {"key": key, "value": str(value)}
            assert central.call("ChangeConfiguration", asked) == {"status": "Accepted"}
        misbehave(central)
        everything_happens(station)
        central.wait("StartTransaction")
        central.wait("Heartbeat")
        assert len(calls_while_watched(central)) <= MOST_CALLS
        central.behave()
        Attempt.objects.update(due_at=None)
        wait_until(lambda: number_of_running() is not None)
        assert len(central.ledger().transactions) == 1


def test_an_answer_that_waits_for_the_disk_is_not_asked_for_again(central: CentralSystem) -> None:
    confirmed = services.transaction_confirmed
    full = [OperationalError("disk full"), OperationalError("disk full")]

    def on_a_full_disk(*arguments: Any, **named: Any) -> services.Answer:
        if full:
            raise full.pop()
        return confirmed(*arguments, **named)

    with registered(central) as station, patch.object(services, "transaction_confirmed", on_a_full_disk):
        station.begin()
        assert len(central.frames("StartTransaction")) == 1


def test_an_answer_that_cannot_be_kept_is_an_attempt(central: CentralSystem) -> None:
    """What our own rules refuse to take ends neither the link nor the station."""
    with registered(central) as station:
        station.look(plugged=True)
        station.tap()
        with patch.object(services, "transaction_confirmed", side_effect=ValueError("as the test wants")):
            station.charge_now()
            central.wait("StartTransaction")
            wait_until(Attempt.objects.exists)
        assert "as the test wants" in Attempt.objects.get().last_error
        Attempt.objects.update(due_at=None)
        wait_until(lambda: number_of_running() is not None)
        assert not Attempt.objects.exists()
        assert Transaction.objects.count() == 1
