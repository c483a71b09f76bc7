"""The one error of the parent."""

from __future__ import annotations


class StartImpossible(Exception):
    """The station cannot start; the text is one sentence that says what to do."""
