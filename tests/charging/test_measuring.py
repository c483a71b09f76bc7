"""Meter values that somebody wants now (OCPP 1.6 section 5.17): of the last frame, in order, never invented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from charging import journal, live, services
from charging.clock import now
from charging.models import JournalEntry, Transaction
from tests.charging.rows import AC, Driven, add_connectors

pytestmark = pytest.mark.django_db

READING = {
    "power_w": 7000,
    "currents_a": [10.04],
    "voltages_v": [],
    "register_wh": 1003,
    "soc_percent": None,
    "limit_a": 16.0,
    "limit_w": 3680,
    "temperatures_c": [31.26],
    "age_s": 0.2,
}
BODY = {
    "context": "Trigger",
    "register_wh": 1003,
    "power_w": 7000,
    "offered_a": 16.0,
    "offered_w": 3680,
    "currents_a": [10.0],
    "temperatures_c": [31.3],
}


@contextmanager
def readings(*numbers: int, **more: Any) -> Iterator[None]:
    """As the controllers process tells them."""
    with patch.object(live, "readings", lambda: dict.fromkeys(numbers, READING | more)):
        yield


def taken() -> list[JournalEntry]:
    """Oldest first."""
    return list(JournalEntry.objects.filter(kind="MeterValuesTaken", body__context="Trigger").order_by("pk"))


def test_what_was_read_last_is_a_fact_at_the_time_of_its_frame() -> None:
    add_connectors(AC)
    before = now().at
    with readings(1, age_s=3.0):
        assert services.meter_values_wanted(1, who="test").accepted
    [entry] = taken()
    assert entry.body == BODY
    assert entry.connector_number == 1
    assert entry.transaction_id is None
    assert timedelta(seconds=2.5) < before - entry.at + timedelta(seconds=0.5) < timedelta(seconds=4)


def test_connector_0_is_every_connector_that_answers() -> None:
    add_connectors(AC, AC, AC)
    with readings(1, 3):
        assert services.meter_values_wanted(0, who="test").accepted
    assert [entry.connector_number for entry in taken()] == [1, 3]


@pytest.mark.parametrize(("wanted", "read", "why"), [(2, 1, "unknown_connector"), (1, 7, "no_contact")])
def test_what_nobody_reads_is_not_invented(wanted: int, read: int, why: str) -> None:
    add_connectors(AC)
    with readings(read):
        assert services.meter_values_wanted(wanted, who="test").refusal == why
    assert taken() == []


def test_they_belong_to_the_transaction_that_runs() -> None:
    add_connectors(AC)
    services.start(1, by="screen", who="test")
    Driven(1, mono_s=now().mono_s).charge()
    with readings(1):
        services.meter_values_wanted(1, who="test")
    assert [entry.transaction_id for entry in taken()] == [Transaction.objects.get().pk]


def test_an_older_reading_runs_neither_time_nor_register_backwards() -> None:
    """The frame of the last sample may be a turn newer than what the controllers process has told."""
    add_connectors(AC)
    services.start(1, by="screen", who="test")
    Driven(1, mono_s=now().mono_s).charge()
    running = Transaction.objects.get()
    last = journal.record(
        "MeterValuesTaken",
        connector_number=1,
        transaction_id=running.pk,
        context="Sample.Periodic",
        register_wh=1005,
    )
    with readings(1, age_s=4.0):
        services.meter_values_wanted(1, who="test")
    [entry] = taken()
    assert entry.at >= last.at
    assert entry.body["register_wh"] == 1005
