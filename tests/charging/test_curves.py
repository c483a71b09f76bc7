"""The power curve of a running transaction: the station's own samples, few of them, in the order they were taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from charging import curves, services
from charging.domain.curve import points_of, thinned
from charging.models import MeterSample, Transaction
from tests.charging.rows import AC, Driven, add_connectors

BEGAN = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "chosen"),
    [(0, []), (1, [0]), (4, [0, 1, 2, 3]), (5, [0, 2, 4]), (8, [0, 2, 4, 6, 7]), (9, [0, 3, 6, 8])],
)
def test_it_keeps_few_samples_and_always_the_last(count: int, chosen: list[int]) -> None:
    assert list(thinned(range(count), 4)) == chosen


def test_a_clock_that_was_set_back_never_turns_the_line() -> None:
    samples = [(BEGAN + timedelta(seconds=seconds), 7_000) for seconds in (-3, 60, 20, 90)]
    assert [at_s for at_s, _ in points_of(samples, BEGAN)] == [0.0, 60.0, 60.0, 90.0]


@pytest.mark.django_db(databases=["default", "logs"])
def test_it_draws_the_running_transaction_and_no_other() -> None:
    add_connectors(AC)
    driven = Driven(1)
    services.start(1, by="screen", who="w", id_tag="A")
    driven.charge()
    running = Transaction.objects.get()
    taken = [(running.pk, n) for n in range(1_000)] + [(running.pk + 1, 5)]
    MeterSample.objects.bulk_create(
        MeterSample(
            transaction_id=pk,
            at=running.started_at + timedelta(seconds=60 * n),
            register_wh=n,
            power_w=n,
            current_a=0,
            limit_w=0,
        )
        for pk, n in taken
    )
    shown = curves.curve(1)
    assert shown["transaction"] == running.pk
    assert 100 <= len(shown["points"]) <= 120
    assert shown["points"][0] == (0.0, 0)
    assert shown["points"][-1] == (59_940.0, 999)


@pytest.mark.django_db(databases=["default", "logs"])
def test_it_draws_nothing_where_nothing_runs() -> None:
    add_connectors(AC)
    assert curves.curve(1) == {"transaction": None, "points": []}
