"""What a document said about connectors that were not found yet: set once each, when they appear."""

from __future__ import annotations

from typing import Any, Final

from charging import journal
from charging.models import Connector, JournalEntry
from station.document import KIND, set_connector

SET_KIND: Final = "AwaitedConnectorConfigured"


def connectors_appeared(who: str = "station.json") -> list[int]:
    """Give every connector that has appeared what a document kept for it; the numbers of those.

    Safe to call again: a connector is set once per document, so that later changes by hand stay.
    """
    with journal.one_commit():
        known = set(Connector.objects.values_list("pk", flat=True))
        entries = JournalEntry.objects.filter(kind=KIND, body__awaits=True).order_by("pk")
        waiting = [(entry.pk, *row) for entry in entries for row in _awaited(entry.body["changes"]).items()]
        due = [row for row in waiting if row[1] in known and not _is_set(row[1], row[0])]
        for entry_id, number, wanted in due:
            _set(number, wanted, entry_id, who)
    return [number for _entry_id, number, _wanted in due]


def _awaited(changes: list[dict[str, Any]]) -> dict[int, dict[str, str]]:
    wanted: dict[int, dict[str, str]] = {}
    for change in changes:
        if change["section"] == "connectors" and change["now"] is None:
            number, _dot, key = change["key"].partition(".")
            wanted.setdefault(int(number), {})[key] = change["then"]
    return wanted


def _is_set(number: int, entry_id: int) -> bool:
    return JournalEntry.objects.filter(connector_number=number, kind=SET_KIND, pk__gt=entry_id).exists()


def _set(number: int, wanted: dict[str, str], entry_id: int, who: str) -> None:
    for key, value in wanted.items():
        set_connector(number, key, value, who)
    journal.record(SET_KIND, connector_number=number, who=who, entry=entry_id, wanted=wanted)
