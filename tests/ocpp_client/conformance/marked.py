"""Which test is marked as showing which cases? Read from the text of the test files, so that nothing has to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.ocpp_client.conformance.cases import Change

ROOT: Final = Path(__file__).resolve().parents[3]
FOLDER: Final = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One mark of one test (`path::function`): the cases that it shows, and the change that it must notice."""

    test: str
    idents: tuple[str, ...]
    change: Change

    def __str__(self) -> str:
        return f"{', '.join(self.idents)} {self.test.rpartition('::')[2]}"


def marks() -> list[Marked]:
    """Every mark, by file and line."""
    return [mark for path in sorted(FOLDER.glob("test_*.py")) for mark in _marks_in(path)]


def shown() -> dict[str, list[str]]:
    """The tests of each case, in the order of the files."""
    tests: dict[str, list[str]] = {}
    for mark in marks():
        for ident in mark.idents:
            tests.setdefault(ident, [])
            tests[ident] += [mark.test] if mark.test not in tests[ident] else []
    return tests


def changed(change: Change, root: Path = ROOT) -> str:
    """The file with its change. AssertionError when `before` does not stand there exactly once, on one line."""
    text = (root / change.file).read_text("utf-8")
    assert "\n" not in change.before + change.after, f"more than one line: {change}"
    assert text.count(change.before) == 1, (
        f"{change.before!r} stands {text.count(change.before)} times in {change.file}"
    )
    return text.replace(change.before, change.after)


def _marks_in(path: Path) -> Iterator[Marked]:
    """Also those of single rows of a parametrized test: the whole test is run for each."""
    for function in ast.parse(path.read_text("utf-8"), str(path)).body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in (node for decorator in function.decorator_list for node in ast.walk(decorator)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "case":
                    yield _marked(f"{path.relative_to(ROOT).as_posix()}::{function.name}", node)


def _marked(test: str, call: ast.Call) -> Marked:
    named = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    return Marked(test=test, idents=tuple(ast.literal_eval(each) for each in call.args), change=Change(**named))
