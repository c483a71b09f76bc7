"""From the words that a person reads on the screen back to what they stand for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "kiosk" / "sentences"


@cache
def english() -> dict[str, str]:
    """Key -> English text of every sentence."""
    found: dict[str, str] = {}
    for file in sorted(FOLDER.glob("*.json")):
        found |= json.loads(file.read_text("utf-8"))
    return found


def refusal_that_says(text: str) -> str:
    """The code of the refusal with this sentence. AssertionError when no refusal says so."""
    return _only("refusal.", text)


def reason_that_says(text: str) -> str:
    """The key of the reason (who limits, who pauses) with this sentence."""
    return _only("why.", text)


def situations_that_say(text: str) -> set[str]:
    """The situations whose short word is *text*."""
    found = {key.split(".")[1] for key, says in english().items() if key.startswith("situation.") and says == text}
    assert found, f"No situation says {text!r}."
    return found


def _only(prefix: str, text: str) -> str:
    found = [key.removeprefix(prefix) for key, says in english().items() if key.startswith(prefix) and says == text]
    assert len(found) == 1, f"{len(found)} sentences of {prefix}* say {text!r}."
    return found[0]
