"""Which edition of the page this process serves: an open page that has another one loads itself again."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

FOLDERS: Final = ("locale", "sentences", "static", "templates")


@cache
def edition() -> str:
    """Twelve hexadecimal digits that change with any file of the page."""
    here = Path(__file__).parent
    whole = hashlib.sha256()
    for file in sorted(path for folder in FOLDERS for path in (here / folder).rglob("*") if path.is_file()):
        whole.update(file.relative_to(here).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:12]
