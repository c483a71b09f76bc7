"""Every sentence on the screen, by key and language. English is in sentences/*.json, one file a subject.

Every other language has a gettext catalogue a subject, locale/LANGUAGE/LC_MESSAGES/SUBJECT.po, whose contexts are the
keys; `make catalogues` brings them up to date. A text may hold {names}, which the page fills in: letter, power, limit,
minutes and so on. A sentence that depends on a number has several forms, `one` and `other` in English.
"""

from __future__ import annotations

import gettext
import json
from functools import cache
from pathlib import Path
from typing import Final

# By their own names: whoever cannot read the page finds these.
LANGUAGES: Final = {
    "en": "English",
    "ru": "Русский",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "zh": "中文",
}
SOURCE: Final = "en"
DEFAULT_LANGUAGE: Final = "en"
HERE: Final = Path(__file__).parent
# A number of each of Unicode's plural categories; whole numbers know no others in these languages.
EXAMPLES: Final = {"one": 1, "few": 2, "many": 5, "other": 5}

Forms = dict[str, str]  # plural category -> text
Sentence = str | Forms


@cache
def subjects() -> dict[str, dict[str, Sentence]]:
    """Subject -> key -> English. Raises ValueError when two files give one key."""
    found: dict[str, dict[str, Sentence]] = {}
    for file in sorted((HERE / "sentences").glob("*.json")):
        told: dict[str, Sentence] = json.loads(file.read_text(encoding="utf-8"))
        twice = {key for others in found.values() for key in others} & told.keys()
        if twice:
            raise ValueError(f"{file.name} gives keys that another file has: {', '.join(sorted(twice))}.")
        found[file.stem] = told
    return found


@cache
def sentences(language: str) -> dict[str, Sentence]:
    """Key -> what *language* (one of LANGUAGES) says; a sentence of numbers has one form for each of EXAMPLES."""
    told: dict[str, Sentence] = {}
    for subject, english in subjects().items():
        catalogue = gettext.translation(subject, HERE / "locale", [language], fallback=language == SOURCE)
        told |= {key: _said(catalogue, key, text) for key, text in english.items()}
    return told


def _said(catalogue: gettext.NullTranslations, key: str, english: Sentence) -> Sentence:
    if isinstance(english, str):
        return catalogue.pgettext(key, english)
    return {
        category: catalogue.npgettext(key, english["one"], english["other"], number)
        for category, number in EXAMPLES.items()
    }


@cache
def document(language: str) -> str:
    """The sentences of one language as compact JSON, key -> text or forms."""
    return json.dumps(sentences(language), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
