"""One of several writers that change the same connector at once, in whatever database the environment names.

Tells for each commit a line of JSON: the version that it made and who wrote it. `python -m tests.charging.writer
NAME COUNT`; the name "reader" follows the journal instead, until it has seen COUNT entries.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any, Final

import django

django.setup()

from charging import journal, record  # noqa: E402 - needs loaded settings, like all below
from charging.clock import now  # noqa: E402
from charging.domain import events as e  # noqa: E402
from charging.domain.limits import Lease  # noqa: E402

PAUSE: Final = threading.Event()
PAUSE_S: Final = 0.001  # a writer that never rests would finish before SQLite's busy handler looks again


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")


def write(name: str, count: int) -> None:
    """Each commit turns this writer's own block of the connector on or off and counts in a lease of its own."""
    for turn in range(count):
        moment, operative = now(), turn % 2 == 1
        lease = Lease(source=name, limit_w=turn)
        events = [
            e.Leased(now_s=moment.mono_s, lease=lease),
            e.AvailabilityRequested(now_s=moment.mono_s, operative=operative, source=name),
        ]
        outcome = record.happen(1, events, moment=moment, who=f"{name} {turn}")
        PAUSE.wait(PAUSE_S)
        say(version=outcome.version, who=f"{name} {turn}", facts=[type(fact).__name__ for fact in outcome.facts])


def read(count: int) -> None:
    """A reader with a cursor, as the central system's outbox is one."""
    seen = 0
    while seen < count:
        for entry in journal.unread("reader", limit=7):
            say(entry=entry.pk, who=entry.who)
            journal.read_up_to("reader", entry.pk)
            seen += 1


if __name__ == "__main__":
    who, many = sys.argv[1], int(sys.argv[2])
    say(ready=who)
    sys.stdin.readline()  # all begin together
    if who == "reader":
        read(many)
    else:
        write(who, many)
