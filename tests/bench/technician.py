"""Somebody who acts inside of a running station: `python -m tests.bench.technician`, a verb a line, a JSON answer each.

A process of its own, because Django belongs to one data folder for its whole life.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .ending import dies_with_me
from .stations import PROJECT_DIR, RunningStation


class Technician:
    """The other end of the pipe."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.pid

    def ask(self, verb: str) -> Any:
        """The answer of one of VERBS, numbers or words behind it."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{verb}\n")
        self._program.stdin.flush()
        line = self._program.stdout.readline()
        if not line:
            raise RuntimeError(f"the technician ended while asked to {verb}")
        return json.loads(line)


@contextmanager
def technician_of(station: RunningStation) -> Iterator[Technician]:
    """A technician of *station*, ready to act."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.technician"],
        cwd=PROJECT_DIR,
        env={**_environ_of(station), "STATION_ROLE": "tool"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with_me(),  # noqa: PLW1509 - no lock is held at this moment
    )
    try:
        technician = Technician(program)
        technician.ask("transactions")
        yield technician
    finally:
        program.communicate("", timeout=10)


def _environ_of(station: RunningStation) -> dict[str, str]:
    """What the station's own processes are told."""
    raw = Path(f"/proc/{station.pids()['controllers']}/environ").read_bytes()
    told = dict(pair.split("=", 1) for pair in raw.decode().split("\0") if "=" in pair)
    return {**os.environ, **{name: value for name, value in told.items() if name.startswith(("STATION_", "DJANGO_"))}}


def _acknowledge() -> bool:
    from charging import services  # noqa: PLC0415 - after Django's setup

    return services.acknowledge("bench", at_cabinet=True).accepted


def _emergency() -> bool:
    from charging.models import Station  # noqa: PLC0415 - after Django's setup

    return Station.objects.get(pk=1).emergency


def _transactions() -> list[dict[str, Any]]:
    from charging.models import Transaction  # noqa: PLC0415 - after Django's setup

    columns = ("pk", "connector", "meter_start_wh", "meter_stop_wh", "stop_reason", "flagged")
    return list(Transaction.objects.order_by("pk").values(*columns))


def _empty() -> list[int]:
    """Connectors at which nobody is plugged in and nothing runs any more, by the record."""
    from charging import record  # noqa: PLC0415 - after Django's setup

    found = record.connectors(record.station_row())
    return [each.number for each in found if not each.plugged and each.transaction is None]


def _export() -> int:
    from station import document  # noqa: PLC0415 - after Django's setup

    return len(json.dumps(document.export()))


def _apply() -> bool:
    """Another name of the station, by the configuration document."""
    from station import document  # noqa: PLC0415 - after Django's setup

    name = "bench" if document.export()["station"]["name"] != "bench" else "bench again"
    return document.apply({"version": 1, "station": {"name": name}}, "bench") is not None


def _back_up() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 - used here only

    from django.conf import settings  # noqa: PLC0415 - after Django's setup

    from station import upkeep  # noqa: PLC0415 - after Django's setup

    return upkeep.back_up(upkeep.sqlite_files()[0], settings.DATA_DIR / "backups", datetime.now(UTC)).name


def _checkpoint() -> bool:
    from station import upkeep  # noqa: PLC0415 - after Django's setup

    return sum(upkeep.checkpoint(file) for file in upkeep.sqlite_files()) == len(upkeep.sqlite_files())


def _prune() -> int:
    """With something to prune: a batch of the journal has grown old."""
    from datetime import timedelta  # noqa: PLC0415 - used here only

    from charging.clock import now  # noqa: PLC0415 - after Django's setup
    from charging.models import JournalEntry  # noqa: PLC0415 - after Django's setup
    from charging.pruning import BATCH, KEEP_JOURNAL, prune  # noqa: PLC0415 - after Django's setup

    moment = now()
    young = list(JournalEntry.objects.filter(kind="Bench").order_by("pk").values_list("pk", flat=True)[:BATCH])
    JournalEntry.objects.filter(pk__in=young).update(at=moment.at - KEEP_JOURNAL - timedelta(days=1))
    return prune(moment)


def _fill(cards: int, entries: int) -> int:
    """Rows of a station that has been in use for long, in small batches."""
    from charging.clock import now  # noqa: PLC0415 - after Django's setup
    from charging.models import Card, JournalEntry  # noqa: PLC0415 - after Django's setup

    Card.objects.bulk_create([Card(id_tag=f"BENCH{n:08d}") for n in range(cards)], batch_size=200)
    rows = [JournalEntry(at=now().at, kind="Bench", body={"n": n}) for n in range(entries)]
    for begin in range(0, entries, 200):
        JournalEntry.objects.bulk_create(rows[begin : begin + 200])
    return cards + entries


def _central_system(url: str) -> bool:
    """In use from now on."""
    from ocpp_client import central_system  # noqa: PLC0415 - after Django's setup

    central_system.change("bench", enabled=True, primary_url=url, charge_point_id="CP1")
    return True


VERBS: Final[dict[str, Callable[..., Any]]] = {
    "acknowledge": _acknowledge,
    "apply": _apply,
    "back_up": _back_up,
    "central_system": _central_system,
    "checkpoint": _checkpoint,
    "emergency": _emergency,
    "empty": _empty,
    "export": _export,
    "fill": _fill,
    "prune": _prune,
    "transactions": _transactions,
}


def main() -> None:
    """Answer until the pipe ends."""
    import django  # noqa: PLC0415 - only in this process

    django.setup()
    for line in sys.stdin:
        verb, *words = line.split()
        given = [int(word) if word.isdigit() else word for word in words]
        sys.stdout.write(json.dumps(VERBS[verb](*given)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
