"""The conformance cases of a charge point (Open Charge Alliance, 2024-04): which test shows one, and what breaks it.

Each test that shows a case names a change of one line of the product that makes it fail. `make mutants` makes every
one of these changes, one at a time in a copy of the project, and runs the test that must notice.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one line: *before* stands once in *file* (from the top of the project) and becomes *after*."""

    file: str
    before: str
    after: str


def case(*idents: str, file: str, before: str, after: str) -> pytest.MarkDecorator:
    """Mark a test as showing the cases *idents* ("TC_010", ...), and the change that it notices."""
    return pytest.mark.case(idents, Change(file=file, before=before, after=after))
