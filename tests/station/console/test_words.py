from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from charging.admin.connectors import NOT_SHOWN
from charging.admin.field_words import FIELD_WORDS
from charging.domain.capability import Capability
from charging.domain.connector import Connector
from charging.domain.faults import FAULTS
from charging.domain.outputs import Outputs
from charging.domain.requests import Refusal
from charging.domain.security import SecurityEvent
from charging.domain.situation import SITUATIONS as ALL_SITUATIONS
from charging.models import JournalEntry
from charging.sentences import SENTENCES, sentence_of
from charging.snapshot import ReadingShown
from charging.words import FAULT_WORDS, REFUSALS, SECURITY_EVENTS, SITUATIONS

PROJECT = Path(__file__).resolve().parents[3]
CATALOGUE = PROJECT / "station/console/locale/ru/LC_MESSAGES/django"
PYTHON = [
    *PROJECT.glob("charging/admin/*.py"),
    *PROJECT.glob("station/console/**/*.py"),
    *(PROJECT / name for name in ("charging/words.py", "charging/sentences.py", "charging/id_tags.py")),
    *PROJECT.glob("charging/models/*.py"),
    *(
        PROJECT / "ocpp_client" / name
        for name in ("models.py", "admin.py", "apps.py", "disconnect_words.py", "firmware_words.py", "link_words.py")
    ),
    *(
        PROJECT / name
        for name in ("hardware/models.py", "hardware/admin.py", "hardware/frame_words.py", "station/models.py")
    ),
    *(PROJECT / name for name in ("charging/apps.py", "hardware/apps.py", "station/apps.py")),
    *(PROJECT / name for name in ("station/document.py", "station/document_check.py", "station/document_ocpp.py")),
    *PROJECT.glob("kiosk/*.py"),
]
TEMPLATES = [*PROJECT.glob("charging/templates/**/*.html"), *PROJECT.glob("station/console/templates/**/*.html")]


def marked() -> Iterator[str]:
    """Every string that the sources mark for translation."""
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="_" | "now_" | "gettext_lazy"), args=[ast.Constant(value=str(text)), *_]
                ):
                    yield text
    for path in TEMPLATES:
        for _quote, text in re.findall(r"""\{% translate (["'])(.*?)\1 %\}""", path.read_text(encoding="utf-8")):
            yield text


def russian() -> dict[str, str]:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        words: dict[str, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return words


def test_it_says_everything_in_russian() -> None:
    known = russian()
    assert sorted({text for text in marked() if not known.get(text)}) == []


def test_it_keeps_every_placeholder_in_russian() -> None:
    holes = re.compile(r"%\(\w+\)[.\d]*[sdf]")
    wrong = [
        english
        for english, translated in russian().items()
        if isinstance(english, str) and sorted(holes.findall(english)) != sorted(holes.findall(translated))
    ]
    assert wrong == []


def test_it_keeps_the_compiled_catalogue_beside_its_source() -> None:
    source = CATALOGUE.with_suffix(".po").read_text(encoding="utf-8")
    rows = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE)
    known = russian()
    assert len(rows) > 400
    assert [row for row in rows if known.get(row[0]) != row[1] and "\\" not in row[0]] == []


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("ReplacementConfirmed", {"before": "OLD-1", "after": "NEW-1"}, "Exchanged board confirmed: OLD-1 → NEW-1"),
        ("StationStarted", {"away_s": None}, "Station started"),
        ("StationStarted", {"away_s": 10.4}, "Station started, away for 10.4 s"),
    ],
)
def test_it_tells_an_entry_as_one_sentence(kind: str, body: dict[str, object], sentence: str) -> None:
    assert sentence_of(JournalEntry(kind=kind, body=body)) == sentence


def test_it_has_words_for_everything_that_the_rules_can_say() -> None:
    assert set(SITUATIONS) == {*ALL_SITUATIONS, "no_software"}
    assert set(REFUSALS) == set(Refusal)
    assert set(FAULT_WORDS) == set(FAULTS)
    assert set(SECURITY_EVENTS) == set(SecurityEvent)


def test_it_has_words_for_every_field_of_a_connector() -> None:
    shown = {*Connector.__dataclass_fields__, *Outputs.__dataclass_fields__, *Capability.__dataclass_fields__}
    shown |= set(ReadingShown.__annotations__)
    assert sorted(shown - NOT_SHOWN - set(FIELD_WORDS)) == []


@pytest.mark.parametrize("kind", SENTENCES)
def test_it_tells_an_entry_whose_body_lacks_everything(kind: str) -> None:
    told = sentence_of(JournalEntry(kind=kind, body={}))
    assert told
    assert "%(" not in told


HOSTILE = ["%s", "%(x)s", "{0.__class__}", "{{ 7*7 }}", "<script>alert(1)</script>", "\r\n\x1b[31m", "x" * 10_000]


@pytest.mark.parametrize("text", HOSTILE)
def test_it_shows_hostile_text_as_text(text: str) -> None:
    told = sentence_of(JournalEntry(kind="CardPresented", body={"id_tag": text}))
    assert len(told) <= 200
    assert text[:100] in told or len(text) > 200
    assert sentence_of(JournalEntry(kind=text, body={})) == text[:200]
