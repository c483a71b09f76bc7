"""What a station owes after weeks without its central system: `python -m tests.bench.owing URL COUNT`.

Runs with the environment of a station that runs. The central system is named at the end, so that the whole queue is
there when it is reached; the last line is the register at the end of the last transaction.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import django

PER_TRANSACTION: Final = 10  # a start, eight meter values, a stop
TRANSACTIONS_A_COMMIT: Final = 10  # others write, too
SECONDS: Final = 10  # between two messages
WH: Final = 100  # of a transaction


def owe(url: str, transactions: int) -> int:
    """Write the queue and name the central system; the last register in Wh."""
    from charging.clock import now  # noqa: PLC0415 - Django is set up first
    from charging.models import Connector  # noqa: PLC0415
    from ocpp_client import central_system  # noqa: PLC0415
    from ocpp_client.transactions import begin  # noqa: PLC0415

    begun = now()
    begin(begun)
    first_at = begun.at - timedelta(seconds=SECONDS * PER_TRANSACTION * (transactions + 1))
    connectors = list(Connector.objects.values_list("pk", flat=True))
    for first in range(0, transactions, TRANSACTIONS_A_COMMIT):
        _write(range(first, min(first + TRANSACTIONS_A_COMMIT, transactions)), connectors, first_at)
    central_system.change("bench", enabled=True, primary_url=url, charge_point_id="CP1")
    return transactions * WH


def _write(numbers: range, connectors: list[int], first_at: datetime) -> None:
    from charging import journal  # noqa: PLC0415 - as above

    with journal.one_commit():
        for number in numbers:
            start_at = first_at + timedelta(seconds=SECONDS * PER_TRANSACTION * number)
            _transaction(connectors[number % len(connectors)], start_at, register_wh=number * WH)


def _transaction(connector: int, start_at: datetime, *, register_wh: int) -> None:
    """As record._Scribe writes one."""
    from charging import journal  # noqa: PLC0415 - as above
    from charging.clock import Moment  # noqa: PLC0415
    from charging.models import Transaction  # noqa: PLC0415

    moments = [Moment(0.0, start_at + timedelta(seconds=SECONDS * step), "bench") for step in range(PER_TRANSACTION)]
    row = Transaction.objects.create(
        connector_id=connector,
        id_tag=f"CARD{register_wh % 50}",
        started_at=moments[0].at,
        started_mono_s=0.0,
        boot_id="bench",
        meter_start_wh=register_wh,
        stopped_at=moments[-1].at,
        meter_stop_wh=register_wh + WH,
        stop_reason="Local",
    )
    record = partial(journal.record, connector_number=connector, transaction_id=row.pk)
    record("TransactionStarted", moment=moments[0])
    body: Any = {"context": "Sample.Periodic", "power_w": 7000, "currents_a": [10.0, 10.0, 10.0]}
    for step, moment in enumerate(moments[1:-1], 1):
        record("MeterValuesTaken", moment=moment, register_wh=register_wh + step, **body)
    record("TransactionStopped", moment=moments[-1])


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(f"{owe(sys.argv[1], int(sys.argv[2]) // PER_TRANSACTION)}\n")
