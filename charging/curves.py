"""The power curve of the transaction that runs at a connector, from the station's own samples."""

from __future__ import annotations

from typing import Final, TypedDict

from charging.domain.curve import Point, points_of, thinned
from charging.models import MeterSample, Transaction

MOST_POINTS: Final = 119  # and the last sample: 120 in all


class CurveShown(TypedDict):
    """Bounded, whatever the transaction's length; survives whoever looks at it."""

    transaction: int | None  # None: nothing runs here
    points: list[Point]  # seconds since the start, W


def curve(connector_number: int) -> CurveShown:
    """The curve of the running transaction so far. Raises django.db.DatabaseError when the record cannot be read."""
    running = Transaction.objects.filter(connector=connector_number, stopped_at__isnull=True).first()
    if running is None:
        return CurveShown(transaction=None, points=[])
    of_it = MeterSample.objects.filter(transaction_id=running.pk).order_by("pk")
    chosen = thinned(list(of_it.values_list("pk", flat=True)), MOST_POINTS)
    samples = of_it.filter(pk__in=chosen).values_list("at", "power_w")
    return CurveShown(transaction=running.pk, points=points_of(samples, running.started_at))
