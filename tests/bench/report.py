"""Where do the results stay? docs/benchmarks.json, and the same as a table in docs/benchmarks.md."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from .machine import machine_class
from .measurement import Effort, Measurement
from .stations import PROJECT_DIR

JSON_FILE: Final = PROJECT_DIR / "docs" / "benchmarks.json"
TABLE_FILE: Final = PROJECT_DIR / "docs" / "benchmarks.md"
GIT: Final = shutil.which("git") or "git"
BEGIN: Final = "<!-- written by python -m tests.bench; do not edit below -->"
DEFAULT_PREFACE: Final = "# Measurements\n"


def commit() -> str:
    """The commit that was measured, with a mark when the files differ from it; our own results do not count."""
    head = _git("rev-parse", "--short", "HEAD")
    differs = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{head}-dirty" if head and differs else head or "unknown"


def _git(*words: str) -> str:
    try:
        told = subprocess.run([GIT, *words], cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return told.stdout.strip()


def write(found: Sequence[Measurement], effort: Effort) -> None:
    """Put these rows in the place of earlier ones of the same name; every row says when and how it was measured."""
    stamp = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": machine_class(),
        "effort": str(effort),
    }
    rows = {row["name"]: row for row in kept()} | {each.name: asdict(each) | {"measured": stamp} for each in found}
    JSON_FILE.write_text(json.dumps({"rows": list(rows.values())}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    preface = TABLE_FILE.read_text("utf-8").partition(BEGIN)[0] if TABLE_FILE.exists() else DEFAULT_PREFACE
    TABLE_FILE.write_text(preface.rstrip() + "\n\n" + BEGIN + "\n\n" + table(list(rows.values())), "utf-8")


def kept() -> list[dict[str, Any]]:
    """The rows that are written down already, each with its own stamp."""
    if not JSON_FILE.exists():
        return []
    written: dict[str, Any] = json.loads(JSON_FILE.read_text("utf-8"))
    return [row for row in written["rows"] if "measured" in row]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        f"| `{row['name']}` | {_value(row)} | {row['bar']} | {'yes' if row['ok'] else '**no**'} | {_when(row)} |"
        for row in rows
    ]
    head_lines = ["| row | measured | bar | met | when |", "|---|---|---|---|---|"]
    notes = [f"- `{row['name']}`: `{json.dumps(row['details'], ensure_ascii=False)}`" for row in rows]
    return "\n".join([*head_lines, *lines, "", "Details:", "", *notes, ""])


def _when(row: dict[str, Any]) -> str:
    stamp = row["measured"]
    return f"{stamp['date']}, commit {stamp['commit']}, {stamp['effort']}, {stamp['machine']}"


def _value(row: dict[str, Any]) -> str:
    return "not measured" if row["value"] is None else f"{row['value']:g} {row['unit']}"
