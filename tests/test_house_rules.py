"""The rules of docs/style that a program can check: sizes, names, exceptions, waiting, languages, requirements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("charging", "hardware", "kiosk", "monitoring", "ocpp_client", "station")
TOP_LEVEL: Final = {*PACKAGES, "tests", "docs", "deploy", "scripts"}
FORBIDDEN_WORDS: Final = {
    *("manager", "managers", "helper", "helpers", "util", "utils", "common", "base"),
    *("handler", "process", "data", "info", "legacy", "new"),
}
# Words of other people's interfaces: Django's and websockets' hooks, logging, OCPP's own field names, our command line.
FOREIGN_NAMES: Final = {
    *("id_tag_info", "idtaginfo", "data_dir", "base_dir", "new_password", "text_data", "bytes_data", "process_event"),
    *("meter_values_sampled_data", "meter_values_aligned_data", "stop_txn_sampled_data", "stop_txn_aligned_data"),
    "process_redirect",
}
TABLES: Final = {"station/settings.py", "hardware/native_map.py"}  # long because they are one table
LONGEST_FILE: Final = {"code": 400, "tests": 600}
LONGEST_FUNCTION: Final = {"code": 50, "tests": 60}
MOST_PARAMETERS: Final = 6
MOST_NESTING: Final = 3
MOST_BROAD_EXCEPTS: Final = 6
BLOCKS: Final = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> tuple[Path, ...]:
    found = [path for name in (*PACKAGES, "tests", "scripts") for path in (ROOT / name).rglob("*.py")]
    return tuple(sorted(path for path in found if "migrations" not in path.parts))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def kind_of(path: Path) -> str:
    return "tests" if short(path).startswith("tests/") else "code"


def functions() -> Iterator[tuple[Path, Function]]:
    for path in sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, Function):
                yield path, node


def lines_of(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    docstring = 0
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        docstring = (first.end_lineno or 0) - first.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def nesting_of(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, (*Function.__args__, ast.ClassDef, ast.Lambda)):
                continue
            is_elif = name == "orelse" and isinstance(node, ast.If) and isinstance(child, ast.If)
            deeper = depth + (isinstance(child, BLOCKS) and not is_elif)
            deepest = max(deepest, nesting_of(child, deeper))
    return deepest


def names_defined() -> Iterator[tuple[Path, str]]:
    for path in sources():
        yield path, path.stem
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node.name
            elif isinstance(node, ast.arg):
                yield path, node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield path, node.id


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def is_broad(found: ast.ExceptHandler) -> bool:
    names = found.type.elts if isinstance(found.type, ast.Tuple) else [found.type]
    return any(name is None or getattr(name, "id", "") in {"Exception", "BaseException"} for name in names)


def test_it_keeps_files_short() -> None:
    sizes = {short(path): len(path.read_text("utf-8").splitlines()) for path in sources() if short(path) not in TABLES}
    limits = {short(path): LONGEST_FILE[kind_of(path)] for path in sources()}
    assert {name: size for name, size in sizes.items() if size > limits[name]} == {}


def test_it_keeps_functions_on_one_screen() -> None:
    long = {
        f"{short(path)}:{function.name}": lines_of(function)
        for path, function in functions()
        if lines_of(function) > LONGEST_FUNCTION[kind_of(path)]
    }
    assert long == {}


def test_it_keeps_the_median_function_at_ten_lines() -> None:
    sizes = sorted(lines_of(function) for path, function in functions() if kind_of(path) == "code")
    assert sizes[len(sizes) // 2] <= 10


def test_it_keeps_parameter_lists_short() -> None:
    counts = {}
    for path, function in functions():
        names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        counts[f"{short(path)}:{function.name}"] = len([name for name in names if name not in {"self", "cls"}])
    assert {name: count for name, count in counts.items() if count > MOST_PARAMETERS} == {}


def test_it_keeps_nesting_shallow() -> None:
    deep = {f"{short(path)}:{function.name}": nesting_of(function) for path, function in functions()}
    # A table of cases in a test is a loop more.
    assert {name: depth for name, depth in deep.items() if depth > MOST_NESTING + name.startswith("tests/")} == {}


def test_it_annotates_every_function() -> None:
    bare = [
        f"{short(path)}:{function.name}"
        for path, function in functions()
        if function.returns is None
        or any(
            arg.annotation is None
            for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            if arg.arg not in {"self", "cls"}
        )
    ]
    assert bare == []


def test_it_uses_the_words_of_the_field() -> None:
    wrong = {
        f"{short(path)}: {name}"
        for path, name in names_defined()
        if name.lower() not in FOREIGN_NAMES and words_of(name) & FORBIDDEN_WORDS and not name.isupper()
    }
    assert wrong == set()


def test_it_catches_everything_only_around_whole_loops() -> None:
    broad = [
        f"{short(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and is_broad(node) and kind_of(path) == "code"
    ]
    assert len(broad) <= MOST_BROAD_EXCEPTS, broad


def test_it_leaves_nothing_for_later() -> None:
    marks = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
    found = [
        f"{short(path)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_it_waits_for_facts_instead_of_sleeping() -> None:
    sleeping = [
        f"{short(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (ast.unparse(node.func) in {"time.sleep", "asyncio.sleep"})
        and kind_of(path) == "tests"
        # conftest.py holds the one wait that all others go through; the bench waits for a living.
        and not short(path).startswith(("tests/conftest.py", "tests/bench/"))
    ]
    assert sleeping == []


def test_it_names_no_folder_of_a_developer() -> None:
    private = re.compile(r"['\"( ](/home/|/root/|/Users/|/work/|/tmp/)")
    found = [
        f"{short(path)}:{number}"
        for path in sources()
        if short(path) != "tests/test_house_rules.py"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if private.search(line)
    ]
    assert found == []


def test_it_has_only_the_known_folders() -> None:
    ignored = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert folders - ignored <= TOP_LEVEL


@pytest.mark.parametrize(
    "catalogue", sorted(path for name in PACKAGES for path in (ROOT / name).rglob("locale/ru/**/*.po")), ids=short
)
def test_it_says_everything_in_russian_too(catalogue: Path) -> None:
    blocks = catalogue.read_text("utf-8").split("\n\n")[1:]
    untranslated = [block for block in blocks if re.search(r'^msgstr(\[0\])? ""\n?(?!")', block, re.MULTILINE)]
    assert [block for block in untranslated if not block.startswith("#~")] == []
    assert not any("#, fuzzy" in block for block in blocks)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_it_locks_every_requirement_by_hash_and_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert (
        re.findall(r"https?:|file:|^-|--(?!hash=sha256:)|@ ", re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)) == []
    )
    entries = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==[^\s;]+.*?(?=^\S|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert len(entries) > 40
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_it_runs_on_what_it_is_developed_with() -> None:
    pins = [
        set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    assert pins[0] <= pins[1]


def test_whatever_is_written_together_goes_through_the_one_writer() -> None:
    """charging.journal.one_commit; Django's own pages write without it only what nobody reads by cursor."""
    found = [short(path) for path in sources() if kind_of(path) == "code" and "transaction.atomic" in path.read_text()]
    assert found == ["charging/journal.py"]


def test_it_ends_when_it_is_told_to() -> None:
    """asyncio.wait_for of Python 3.11 loses a cancellation that comes together with what is awaited."""
    waits = [
        f"{short(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "wait_for" and kind_of(path) == "code"
        if isinstance(node.value, ast.Name) and node.value.id == "asyncio"
    ]
    assert waits == []
