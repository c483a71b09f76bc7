"""Draws docs/connector_states.md from the enumeration of every reachable connector.

Write it anew with `python -m tests.charging.diagram`; a test compares it with what the rules do.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

from charging.domain import events as e
from charging.domain.status import Status, status_of
from tests.charging.worlds import COMPLETE, walk

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "connector_states.md"
WORDS: Final[dict[type[e.Event], str]] = {
    e.Observed: "frame",
    e.ContactLost: "silence",
    e.TimePassed: "deadline",
    e.PowerReturned: "power returned",
    e.FaultRaised: "fault",
    e.BoardReplaced: "board replaced",
    e.FaultsAcknowledged: "acknowledged",
    e.ClaimChanged: "turn of the group",
    e.Authorized: "authorized",
    e.IdTagJudged: "judged by the central system",
    e.StopRequested: "stop",
    e.AvailabilityRequested: "availability",
    e.ReservationRequested: "reserved",
    e.ReservationCancelled: "reservation cancelled",
    e.Leased: "limit",
    e.LeaseEnded: "limit",
}
HEAD: Final = """# The states of a connector

Generated from the rules (`python -m tests.charging.diagram`):
{count} connectors are reachable in {worlds} worlds, each a selection of events (`tests/charging/worlds.py`). The status
is computed; an arrow names the kinds of events that lead from one to the other. Every status also leads to Faulted and
back.

```mermaid
stateDiagram-v2
"""


def moves() -> tuple[int, dict[tuple[Status, Status], set[str]]]:
    """How many connectors are reachable, and which events lead from one status to another."""
    found: dict[tuple[Status, Status], set[str]] = defaultdict(set)
    count = 0
    for start, alphabet in COMPLETE.values():
        reached, edges = walk(start, alphabet)
        count += len(reached)
        for edge in edges:
            ends = status_of(edge.before), status_of(edge.after)
            if ends[0] != ends[1] and Status.FAULTED not in ends:
                found[ends].add(WORDS[type(edge.event)])
    return count, found


def drawn() -> str:
    """The whole document."""
    count, found = moves()
    lines = [
        f"    {before.value} --> {after.value}: {', '.join(sorted(words))}"
        for (before, after), words in sorted(found.items())
    ]
    return HEAD.format(count=count, worlds=len(COMPLETE)) + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    TARGET.write_text(drawn(), encoding="utf-8")
