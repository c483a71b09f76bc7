"""Every sentence on the screen, by key and language. The texts are in sentences/*.json, one file a subject.

A key's text may hold {names}, which the page fills in: letter, power, limit, minutes and so on.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "ru")
DEFAULT_LANGUAGE: Final = "en"
FOLDER: Final = Path(__file__).parent / "sentences"

Table = dict[str, dict[str, str]]


@cache
def table() -> Table:
    """Key -> language -> text. Raises ValueError when two files give one key."""
    whole: Table = {}
    for file in sorted(FOLDER.glob("*.json")):
        told: Table = json.loads(file.read_text(encoding="utf-8"))
        twice = whole.keys() & told.keys()
        if twice:
            raise ValueError(f"{file.name} gives keys that another file has: {', '.join(sorted(twice))}.")
        whole |= told
    return whole


@cache
def document() -> str:
    """The table as compact JSON, language -> key -> text."""
    by_language = {language: {key: texts[language] for key, texts in table().items()} for language in LANGUAGES}
    return json.dumps(by_language, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
