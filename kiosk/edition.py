"""Which edition of the page this process serves, and of which modules: a page of another one loads itself again."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

ENTRANCE: Final = "main.js"
FOLDERS: Final = ("locale", "sentences", "static", "templates")


@cache
def edition() -> str:
    """Twelve hexadecimal digits that change with any file of the page."""
    here = Path(__file__).parent
    whole = hashlib.sha256()
    for file in sorted(path for folder in FOLDERS for path in (here / folder).rglob("*") if path.is_file()):
        whole.update(file.relative_to(here).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:12]


@cache
def modules() -> list[str]:
    """What main.js imports, at any depth, as names of static files, so that a browser asks for all at once."""
    here = Path(__file__).parent / "static"
    found = [*here.glob("kiosk/*.js"), *here.glob("kiosk/preact/*.mjs")]
    return sorted(path.relative_to(here).as_posix() for path in found if path.name != ENTRANCE)
