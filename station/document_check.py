"""Is a configuration document right? Every problem is listed with its path; nothing here writes."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from charging.models import Card, CardGroup, Connector
from charging.models.central_rules import off_or_a_while
from kiosk.face import wrong_columns
from ocpp_client.central_system import MASK
from station import document_ocpp
from station.document_parts import CENTRAL_SYSTEM, FACE, OBJECTS

Document = dict[str, Any]  # the shape is document_schema.json

SCHEMA_PATH: Final = Path(__file__).with_name("document_schema.json")
LARGEST_BYTES: Final = 2_500_000  # 10,000 cards with label, group and validity; a form field holds it as well
MOST_PROBLEMS: Final = 200  # more are not read by anybody, and 10,000 cards may all be wrong
SHOWN_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (`cards[3].valid_until`; "" is the whole document) and what to do about it."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


class Unreadable(Exception):
    """The bytes are no configuration document at all; the text is one sentence."""


class Invalid(Exception):
    """The document has problems and nothing of it was applied."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def parse(raw: bytes) -> Document:
    """The document in *raw*: UTF-8 JSON, one object, at most LARGEST_BYTES, no key twice. Raises Unreadable."""
    if len(raw) > LARGEST_BYTES:
        raise Unreadable(
            _("The file has %(size)d bytes, at most %(most)d are read: split it.")
            % {"size": len(raw), "most": LARGEST_BYTES}
        )
    try:
        document = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refused)
    except UnicodeDecodeError as error:
        raise Unreadable(
            _("The file is not UTF-8 text (byte %(at)d): save it as UTF-8.") % {"at": error.start}
        ) from None
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise Unreadable(
            _("The file is not JSON (line %(line)d, column %(column)d): correct it there.") % place
        ) from None
    except RecursionError:
        raise Unreadable(_("The file is nested too deeply: it is no configuration document.")) from None
    except ValueError as error:  # a number of more than 4300 digits
        raise Unreadable(
            _("The file holds a value that cannot be read (%(why)s): correct it.") % {"why": error}
        ) from None
    if not isinstance(document, dict):
        raise Unreadable(_("The file holds no JSON object: export a document and start from that."))
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _value in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unreadable(_("The key “%(key)s” stands twice in one object: remove one.") % {"key": _shown(twice)})
    return found


def _refused(constant: str) -> None:
    raise Unreadable(_("%(constant)s is no JSON number: write a finite one.") % {"constant": constant})


def validate(document: Document) -> list[Problem]:
    """Everything that is wrong with *document*, at most MOST_PROBLEMS, in the order of the document; [] when right.

    What the shape allows is judged only where the shape is right, so that one mistake is told once.
    """
    return list(_first(_all_problems(document)))


def _all_problems(document: Document) -> Iterator[Problem]:
    broken: list[tuple[str | int, ...]] = []
    yield from _shape_problems(document, broken)
    yield from _sense_problems(_sound(document, broken) if broken else document)


def sense_problems(document: Document) -> list[Problem]:
    """The second half of validate(): what the rows of this moment say of a document whose shape is right."""
    return list(_first(_sense_problems(document)))


def _first(problems: Iterable[Problem]) -> Iterator[Problem]:
    for count, problem in enumerate(problems):
        if count == MOST_PROBLEMS:
            yield Problem("", _("There are more problems: correct these first."))
            return
        yield problem


# --- shape -------------------------------------------------------------------------------------------


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - workers never check one
    from jsonschema.validators import extend  # noqa: PLC0415 - the same

    strict = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # jsonschema
    return strict(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    """The schema's `$` is the end of the text (ECMA 262); Python's would let a last line feed pass."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        from jsonschema import ValidationError as WrongShape  # noqa: PLC0415 - workers never check one

        yield WrongShape("")


def _shape_problems(document: Document, broken: list[tuple[str | int, ...]]) -> Iterator[Problem]:
    """The values of a wrong shape are told in *broken*, by their paths."""
    for error in _validator().iter_errors(document):
        path = _path_of(error.absolute_path)
        if error.validator not in {"additionalProperties", "required"}:
            broken.append(tuple(error.absolute_path))
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            for key in (key for key in error.instance if key not in known):
                yield Problem(_below(path, _shown(key)), _unknown(known))
        else:
            yield Problem(path, _sentence_of(error))


def _sound(document: Document, broken: Iterable[tuple[str | int, ...]]) -> Document:
    """*document* without its values of a wrong shape; entries of a list keep their places."""
    sound = copy.deepcopy(document)
    for *above, last in sorted(broken, key=len, reverse=True):
        place: Any = sound
        for part in above:
            place = place[part]
        if isinstance(last, int):
            place[last] = {}
        elif above:
            place.pop(last, None)
        else:
            place[last] = {} if last in OBJECTS else []
    return sound


def _path_of(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else _below(path, _shown(part))
    return path


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: Any) -> str:
    """*value* for a sentence: short, and without characters that could act on a terminal or a log."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(character if character.isprintable() else "�" for character in text[: SHOWN_CHARACTERS + 1])
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _unknown(known: Iterable[str]) -> str:
    return _("This key is not known: remove it, or use one of %(known)s.") % {"known": ", ".join(known)}


_TYPES: Final[dict[str, Callable[[], str]]] = {
    "object": lambda: _("an object"),
    "array": lambda: _("a list"),
    "string": lambda: _("text"),
    "integer": lambda: _("a whole number"),
    "boolean": lambda: _("true or false"),
    "null": lambda: "null",
}

# One sentence per keyword of the schema; %(wanted)s is the keyword's value, %(found)s what stands in the document.
_SENTENCES: Final[dict[str, Callable[[], str]]] = {
    "minimum": lambda: _("%(found)s is too small: the least is %(wanted)s."),
    "maximum": lambda: _("%(found)s is too large: the most is %(wanted)s."),
    "minLength": lambda: _("This is empty: write at least %(wanted)s character."),
    "maxLength": lambda: _("This text is too long: at most %(wanted)s characters."),
    "maxItems": lambda: _("This list is too long: at most %(wanted)s entries."),
    "enum": lambda: _("“%(found)s” is not known here: use one of %(wanted)s."),
    "const": lambda: _("%(found)s cannot be read by this software: the version it reads is %(wanted)s."),
    "type": lambda: _("“%(found)s” is not %(wanted)s: correct it."),
    "pattern": lambda: _("“%(found)s” has characters or a length that are not allowed here: it must match %(wanted)s."),
    "required": lambda: _("A key is missing here: %(wanted)s."),
    "anyOf": lambda: _("“%(found)s” does not fit here: write text of the right form, or null."),
}


def _sentence_of(error: Any) -> str:
    keyword: str = error.validator
    wanted: Any = error.validator_value
    if keyword == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        wanted = " / ".join(str(_TYPES[kind]()) if kind in _TYPES else kind for kind in kinds)
    elif keyword in {"enum", "required"}:
        wanted = ", ".join(map(str, wanted))
    found = MASK if _holds_the_password(tuple(error.absolute_path)) else _shown(error.instance)
    return _SENTENCES[keyword]() % {"found": found, "wanted": wanted}


def _holds_the_password(place: tuple[str | int, ...]) -> bool:
    return place == (CENTRAL_SYSTEM,) or place[:2] == (CENTRAL_SYSTEM, document_ocpp.SECRET)


# --- sense -------------------------------------------------------------------------------------------


def _sense_problems(document: Document) -> Iterator[Problem]:
    yield from _messenger_problems(document.get("station", {}))
    yield from _interval_problems(document.get("station", {}))
    wrong = wrong_columns(document.get(FACE, {}))
    yield from (Problem(f"{FACE}.{column}", sentence) for column, sentence in wrong.items())
    yield from _twice(document.get("card_groups", []), "card_groups", "parent_id_tag")
    yield from _twice(document.get("cards", []), "cards", "id_tag")
    yield from _twice(document.get("connectors", []), "connectors", "number")
    yield from _group_problems(document)
    yield from _moment_problems(document.get("cards", []))
    yield from _connector_problems(document.get("connectors", []))
    yield from (Problem(_path_of(place), sentence) for place, sentence in document_ocpp.problems(document))


def _messenger_problems(station: Document) -> Iterator[Problem]:
    url = station.get("messenger_url", "")
    if not url:
        return
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        yield Problem(
            "station.messenger_url", _("This is no address: write one that begins with https://, or nothing.")
        )


def _interval_problems(station: Document) -> Iterator[Problem]:
    try:
        off_or_a_while(station.get("sample_interval_s", 0))
    except ValidationError as error:
        yield Problem("station.sample_interval_s", error.messages[0])


def folded(value: str | int) -> str:
    """How idTags are compared: without regard to case (OCPP 1.6 section 7.8)."""
    return str(value).upper()


def _twice(rows: list[Document], section: str, key: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, row in enumerate(rows):
        if key not in row:
            continue
        earlier = first.setdefault(folded(row[key]), index)
        if earlier != index:
            sentence = _("This is the same as %(where)s: remove one.") % {"where": f"{section}[{earlier}].{key}"}
            yield Problem(f"{section}[{index}].{key}", sentence)


def _group_problems(document: Document) -> Iterator[Problem]:
    """Every card's group exists, and no group is removed that a remaining card needs."""
    if "card_groups" in document:
        groups = {folded(row["parent_id_tag"]) for row in document["card_groups"] if "parent_id_tag" in row}
    else:
        groups = {folded(tag) for tag in CardGroup.objects.values_list("parent_id_tag", flat=True)}
    for index, card in enumerate(document.get("cards", [])):
        group = card.get("group")
        if group is not None and folded(group) not in groups:
            yield Problem(f"cards[{index}].group", _("There is no such card group: add it to card_groups."))
    if "cards" not in document:
        used = Card.objects.filter(group__isnull=False).values_list("group__parent_id_tag", flat=True).distinct()
        for tag in (tag for tag in used if folded(tag) not in groups):
            yield Problem(
                "card_groups", _("Cards still belong to the group %(tag)s: keep it, or list the cards.") % {"tag": tag}
            )


def moment_of(text: str | None) -> datetime | None:
    """The moment in UTC, None for no bound. ValueError: no moment, or no zone; OverflowError: outside of the years."""
    if text is None:
        return None
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _moment_problems(cards: list[Document]) -> Iterator[Problem]:
    for index, card in enumerate(cards):
        moments: list[datetime | None] = []
        for key in ("valid_from", "valid_until"):
            try:
                moments.append(moment_of(card.get(key)))
            except (ValueError, OverflowError):
                yield Problem(
                    f"cards[{index}].{key}", _("This is no moment with a zone: write it as 2027-01-31T12:00:00Z.")
                )
        begin, end = moments if len(moments) == 2 else (None, None)  # noqa: PLR2004 - both keys
        if begin is not None and end is not None and end <= begin:
            yield Problem(f"cards[{index}].valid_until", _("The card ends before it begins: correct one of the two."))


def _connector_problems(rows: list[Document]) -> Iterator[Problem]:
    """A fresh station knows no connector yet and keeps the rows until they appear (station.document_awaited)."""
    letters = dict(Connector.objects.values_list("number", "letter"))
    for index, row in enumerate(rows):
        if letters and "number" in row and row["number"] not in letters:
            sentence = _("This station has no connector %(number)d: remove it, or search for controllers first.")
            yield Problem(f"connectors[{index}].number", sentence % {"number": row["number"]})
    letters |= {row["number"]: row["letter"] for row in rows if {"number", "letter"} <= row.keys()}
    for index, row in enumerate(rows):
        if "letter" in row and list(letters.values()).count(row["letter"]) > 1:
            yield Problem(f"connectors[{index}].letter", _("Another connector has this letter: choose another one."))
