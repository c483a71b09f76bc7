"""Files that are fetched from servers and put on them, at addresses that the central system names.

No protocol is carried yet: every transfer fails with its reason, and whoever ordered it is told so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

SENTENCE: Final = "This version of the station's software cannot fetch files yet."


class TransferFailed(Exception):
    """Nothing was transferred: `code` for programs, the sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


async def fetch(location: str, into: Path, *, most_bytes: int, within_s: float) -> None:  # noqa: ARG001
    """Write what lies at *location* into *into*. Raises TransferFailed."""
    raise TransferFailed("unsupported", SENTENCE)
