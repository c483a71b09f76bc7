"""The configuration document, station.json: what it says now, what another one would change, and the change itself.

A document is applied whole in one database transaction or not at all. What was changed is one journal entry with
old and new values, so that it can be reverted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from charging import journal, live, services
from charging.models import Card, CardGroup, Connector, JournalEntry, Station
from kiosk import face
from station import document_ocpp
from station.document_check import (
    LARGEST_BYTES,
    Document,
    Invalid,
    Unreadable,
    folded,
    moment_of,
    parse,
    sense_problems,
    validate,
)
from station.document_parts import CENTRAL_SYSTEM, FACE, LISTS, OBJECTS, OCPP_KEYS, STATION, STATION_COLUMNS, Change

KIND: Final = "ConfigurationChanged"
FORMAT_VERSION: Final = 1
SOURCE: Final = "technician"  # who holds a connector out of service: the same source as the console's button
CARD_DEFAULTS: Final[Document] = {
    "label": "",
    "group": None,
    "role": "ev_driver",
    "blocked": False,
    "valid_from": None,
    "valid_until": None,
}


class NotRevertible(Exception):
    """The journal entry is no change of the configuration, or reverting it is not possible now."""


def export(sections: Container[str] = ("card_groups", "cards")) -> Document:
    """The document that describes this station now; validate() finds nothing wrong with it.

    A list that is not among *sections* stays empty: thousands of cards are not read for a change of the name.
    """
    station = _station()
    return {
        "version": FORMAT_VERSION,
        STATION: {column: _plain(getattr(station, column)) for column in STATION_COLUMNS},
        FACE: face.columns_of(face.face_row()),
        "card_groups": [_group_row(group) for group in CardGroup.objects.all()] if "card_groups" in sections else [],
        "cards": [_card_row(card) for card in Card.objects.select_related("group")] if "cards" in sections else [],
        "connectors": [_connector_row(connector) for connector in Connector.objects.all()],
        CENTRAL_SYSTEM: document_ocpp.export_central_system(),
        OCPP_KEYS: document_ocpp.export_keys(station),
    }


def _station() -> Station:
    return Station.objects.filter(pk=1).first() or Station()


def written(document: Document) -> str:
    """*document* as JSON text: short enough for many cards, a row on a line each, so that two can be compared."""
    parts = (f"  {json.dumps(key)}: {_written(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _written(value: Any) -> str:
    if isinstance(value, list) and value:
        rows = (f"    {json.dumps(row, ensure_ascii=False)}" for row in value)
        return "[\n" + ",\n".join(rows) + "\n  ]"
    return json.dumps(value, indent=4, ensure_ascii=False).replace("\n}", "\n  }")


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value  # members of TextChoices are told as text


def _group_row(group: CardGroup) -> Document:
    return {"parent_id_tag": group.parent_id_tag, "name": group.name}


def _card_row(card: Card) -> Document:
    """What equals CARD_DEFAULTS is left out, so that ten thousand cards stay one document."""
    row = {
        "id_tag": card.id_tag,
        "label": card.label,
        "group": card.group.parent_id_tag if card.group else None,
        "role": _plain(card.role),
        "blocked": card.blocked,
        "valid_from": _moment_text(card.valid_from),
        "valid_until": _moment_text(card.valid_until),
    }
    return {key: value for key, value in row.items() if key == "id_tag" or value != CARD_DEFAULTS[key]}


def _connector_row(connector: Connector) -> Document:
    held = (*connector.facts.get("inoperative", ()), *connector.facts.get("becomes_inoperative", ()))
    availability = "Inoperative" if SOURCE in held else "Operative"
    return {"number": connector.number, "letter": connector.letter, "availability": availability}


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- difference --------------------------------------------------------------------------------------


def difference(document: Document) -> list[Change]:
    """What apply() would change, in the order of the document. *document* must be valid."""
    present = export(document)
    changes = [
        Change(section, column, present[section][column], value)
        for section in (STATION, FACE)
        for column, value in document.get(section, {}).items()
        if present[section][column] != value
    ]
    for section, key in LISTS.items():
        if section in document:
            rows = [_complete(section, row) for row in document[section]]
            before = [_complete(section, row) for row in present[section]]
            changes.extend(_list_changes(section, key, before, rows))
    changes.extend(_connector_changes(present["connectors"], document.get("connectors", [])))
    changes.extend(document_ocpp.central_changes(document.get(CENTRAL_SYSTEM, {})))
    changes.extend(document_ocpp.key_changes(document.get(OCPP_KEYS, {}), _station(), document.get(STATION, {})))
    return changes


def _complete(section: str, row: Document) -> Document:
    """*row* with every key, as export() would tell it."""
    if section == "card_groups":
        return {"name": "", **row}
    card = {**CARD_DEFAULTS, **row}
    card["id_tag"] = folded(card["id_tag"])
    for key in ("valid_from", "valid_until"):
        card[key] = _moment_text(moment_of(card[key]))
    return card


def _list_changes(section: str, key: str, present: list[Document], wanted: list[Document]) -> Iterator[Change]:
    old = {folded(row[key]): row for row in present}
    for row in wanted:
        before = old.pop(folded(row[key]), None)
        if before is not None and section == "cards" and row["group"] and before["group"]:
            same_group = folded(row["group"]) == folded(before["group"])
            row["group"] = before["group"] if same_group else row["group"]
        if before is not None and section == "card_groups":
            row[key] = before[key]  # the same idTag in other letters is the same group
        if row != before:
            yield Change(section, folded(row[key]), before, row)
    for tag, before in old.items():
        yield Change(section, tag, before, None)


def _connector_changes(present: list[Document], wanted: list[Document]) -> Iterator[Change]:
    """The old value of a connector that is not there yet is None."""
    old = {row["number"]: row for row in present}
    for row in wanted:
        before = old.get(row["number"], {})
        for key in ("letter", "availability"):
            if key in row and before.get(key) != row[key]:
                yield Change("connectors", f"{row['number']}.{key}", before.get(key), row[key])


# --- change ------------------------------------------------------------------------------------------


def apply(document: Document, who: str) -> int | None:
    """Make the station what *document* says; the number of the journal entry, or None when nothing differed.

    Raises Invalid with every problem, and then nothing was applied.
    """
    # The shape is judged before the write lock is taken: that of 10,000 cards takes seconds.
    problems = validate(document)
    if problems:
        raise Invalid(problems)
    with journal.one_commit():
        problems = sense_problems(document)
        if problems:
            raise Invalid(problems)
        return _apply(difference(document), who)


def apply_file(path: Path, who: str = "station.json") -> int | None:
    """apply() of a file. Raises CommandError, whose text lists every problem on a line of its own."""
    try:
        with path.open("rb") as file:
            return apply(parse(file.read(LARGEST_BYTES + 1)), who)
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror}): check the path and its permissions.") from error
    except (Unreadable, Invalid) as error:
        raise CommandError(f"{path} was not applied.\n{error}") from error


def revert(journal_id: int, who: str) -> int | None:
    """Put back what journal entry *journal_id* had changed; later changes of other things stay.

    The number of the new entry, None when all is back already. Raises NotRevertible.
    """
    with journal.one_commit():
        entry = JournalEntry.objects.filter(pk=journal_id, kind=KIND).first()
        if entry is None:
            raise NotRevertible(
                _("Entry %(id)d of the journal is no change of the configuration.") % {"id": journal_id}
            )
        undone = [Change(row["section"], row["key"], row["then"], row["now"]) for row in entry.body["changes"]]
        document = _with(export(), filter(document_ocpp.revertible, undone))
        problems = validate(document)
        if problems:
            raise NotRevertible("\n".join(str(problem) for problem in problems))
        return _apply(difference(document), who, reverts=journal_id)


def _with(document: Document, changes: Iterable[Change]) -> Document:
    """*document* after *changes*."""
    lists = {section: {folded(row[key]): row for row in document[section]} for section, key in LISTS.items()}
    connectors = {str(row["number"]): row for row in document["connectors"]}
    for change in changes:
        if change.section in OBJECTS:
            document[change.section][change.key] = change.then
        elif change.section == "connectors":
            number, _dot, key = change.key.partition(".")
            if number in connectors and change.then is not None:
                connectors[number][key] = change.then
        elif change.then is None:
            lists[change.section].pop(change.key, None)
        else:
            lists[change.section][change.key] = change.then
    return document | {section: list(rows.values()) for section, rows in lists.items()}


def _apply(changes: list[Change], who: str, **more: Any) -> int | None:
    if not changes:
        return None
    by_section: dict[str, list[Change]] = {}
    for change in changes:
        by_section.setdefault(change.section, []).append(change)
    for section, write in _WRITERS:
        write(by_section.get(section, []), who)
    awaits = any(change.section == "connectors" and change.now is None for change in changes)
    entry = journal.record(KIND, who=who, awaits=awaits, changes=[change.told() for change in changes], **more)
    transaction.on_commit(live.wake)
    transaction.on_commit(live.changed)
    return entry.pk


def _write_station(changes: list[Change], who: str) -> None:
    if changes:
        services.change_settings(who, **{change.key: change.then for change in changes})


def _write_face(changes: list[Change], who: str) -> None:
    if changes:
        face.change_face(who, **{change.key: change.then for change in changes})


def _write_groups(changes: list[Change], _who: str) -> None:
    CardGroup.objects.bulk_create(
        [CardGroup(**change.then) for change in changes if change.then is not None],
        update_conflicts=True,
        unique_fields=["parent_id_tag"],
        update_fields=["name"],
    )


def _write_cards(changes: list[Change], _who: str) -> None:
    groups = {folded(group.parent_id_tag): group for group in CardGroup.objects.all()}
    gone = [change.key for change in changes if change.then is None]
    for begin in range(0, len(gone), 500):  # SQLite binds a limited number of values
        Card.objects.filter(id_tag__in=gone[begin : begin + 500]).delete()
    Card.objects.bulk_create(
        [_card_of(change.then, groups) for change in changes if change.then is not None],
        update_conflicts=True,
        unique_fields=["id_tag"],
        update_fields=list(CARD_DEFAULTS),
    )


def _card_of(row: Document, groups: dict[str, CardGroup]) -> Card:
    moments = {key: moment_of(row[key]) for key in ("valid_from", "valid_until")}
    return Card(**{**row, **moments, "group": groups[folded(row["group"])] if row["group"] else None})


def _remove_groups(changes: list[Change], _who: str) -> None:
    gone = [change.now["parent_id_tag"] for change in changes if change.then is None]
    CardGroup.objects.filter(parent_id_tag__in=gone).delete()


def _write_connectors(changes: list[Change], who: str) -> None:
    for change in changes:
        number, _dot, key = change.key.partition(".")
        set_connector(int(number), key, change.then, who)


def set_connector(number: int, key: str, value: str, who: str) -> None:
    """Set `letter` or `availability` of one connector; nothing happens while it is not known."""
    if key == "letter":
        Connector.objects.filter(pk=number).update(letter=value)
    else:
        services.set_availability(number, operative=value == "Operative", source=SOURCE, who=who)


# Groups come before the cards that need them and go after the cards that needed them.
_WRITERS: Final[tuple[tuple[str, Callable[[list[Change], str], None]], ...]] = (
    (STATION, _write_station),
    (FACE, _write_face),
    ("card_groups", _write_groups),
    ("cards", _write_cards),
    ("card_groups", _remove_groups),
    ("connectors", _write_connectors),
    (CENTRAL_SYSTEM, document_ocpp.write_central_system),
    (OCPP_KEYS, document_ocpp.write_keys),
)
