"""Plays one session through the rules and the record of whatever database the environment names; tells what it sees."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Final

import django

django.setup()

from django.db import IntegrityError, connection, transaction  # noqa: E402 - needs loaded settings, like all below

from charging import services  # noqa: E402
from charging.clock import now  # noqa: E402
from charging.domain.capability import Capability  # noqa: E402
from charging.models import JournalEntry, Transaction  # noqa: E402
from charging.turns import Turns  # noqa: E402
from tests.charging.rows import metered_frame  # noqa: E402

START_WH: Final = 1000
STOP_WH: Final = 1005


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


class Line:
    """One connector that is polled once a second, without a line."""

    def __init__(self) -> None:
        found = services.FoundConnector(
            board_serial="S", board_index=1, connector_type="TYPE2_CABLE", capability=Capability()
        )
        (self.number,) = services.connectors_found([found]).values()
        self._turns, self._at = Turns([self.number]), now()

    def frame(self, register_wh: int, *, delivering: bool) -> None:
        """One turn with this frame."""
        self._at = replace(self._at, mono_s=self._at.mono_s + 1.0)
        self._turns.refresh()
        self._turns.observe(self.number, metered_frame(register_wh, delivering=delivering), self._at)


def second_open_transaction(number: int) -> str:
    """What the database says to a second open transaction of the connector."""
    try:
        with transaction.atomic():
            Transaction.objects.create(connector_id=number, id_tag="X", started_at=now().at, meter_start_wh=0)
    except IntegrityError as error:
        return "one_open_transaction_each" if "one_open_transaction_each" in str(error) else str(error)
    return "accepted"


def play() -> None:
    """One car, from plug to stop; then what must be impossible."""
    say(connection.vendor)
    line = Line()
    line.frame(START_WH, delivering=False)
    services.start(line.number, by="technician", who="test", id_tag="T")
    line.frame(START_WH, delivering=True)
    line.frame(STOP_WH, delivering=True)
    refused = second_open_transaction(line.number)
    services.stop(line.number, by="technician", who="test")
    line.frame(STOP_WH, delivering=False)
    line.frame(STOP_WH, delivering=False)
    row = Transaction.objects.get()
    say(f"transaction of {row.id_tag}: {row.meter_start_wh} -> {row.meter_stop_wh} Wh, {row.stop_reason}")
    say(f"second open transaction: {refused}")
    kinds = ("TransactionStarted", "TransactionStopped")
    say(", ".join(f"{kind} {JournalEntry.objects.filter(kind=kind).count()}" for kind in kinds))


if __name__ == "__main__":
    play()
