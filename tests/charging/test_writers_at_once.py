"""Several processes change one connector at once, on SQLite and on PostgreSQL: nothing is lost, nothing is torn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import PROJECT_DIR
from tests.postgresql import impossible, running_cluster

WRITERS: Final = [f"w{number}" for number in range(4)]
TURNS: Final = 40
PREPARED: Final = """
import json
import django
django.setup()
from tests.charging.rows import AC, add_connectors
add_connectors(AC)
"""
TOLD: Final = """
import json
import django
django.setup()
from charging.models import Connector, JournalEntry
row = Connector.objects.get()
entries = list(JournalEntry.objects.order_by("pk").values_list("pk", "who", "kind"))
print(json.dumps({"version": row.version, "facts": row.facts, "entries": entries}))
"""


@dataclass(frozen=True)
class Aftermath:
    """What the writers and the reader said, and what the record says afterwards."""

    commits: list[dict[str, Any]]
    read: list[dict[str, Any]]
    record: dict[str, Any]


def lines_of(child: subprocess.Popen[str]) -> list[dict[str, Any]]:
    said, complaint = child.communicate(timeout=60)
    assert child.returncode == 0, complaint
    return [json.loads(line) for line in said.splitlines()]


def begin_together(children: list[subprocess.Popen[str]]) -> None:
    for child in children:
        assert child.stdout
        assert "ready" in child.stdout.readline()
    for child in children:
        assert child.stdin
        child.stdin.write("begin\n")
        child.stdin.flush()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def aftermath(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    if request.param == "postgresql" and (reason := impossible()):
        pytest.skip(reason)
    with running_cluster() if request.param == "postgresql" else nullcontext("") as url:
        yield raced(url, tmp_path_factory.mktemp("record"))


def raced(url: str, folder: Path) -> Aftermath:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
    environ |= {
        "DATABASE_URL": url,
        "STATION_DATA_DIR": str(folder),
        "STATION_REDIS_URL": f"unix://{folder}/none.sock?db=0",
        "STATION_ROLE": "tool",
    }

    def child(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT_DIR,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    for arguments in (("manage.py", "migrate"), ("manage.py", "migrate", "--database=logs"), ("-c", PREPARED)):
        done = child(*arguments)
        _said, complaint = done.communicate(timeout=60)
        assert done.returncode == 0, complaint
    everybody = [("reader", len(WRITERS) * TURNS), *((name, TURNS) for name in WRITERS)]
    children = [child("-m", "tests.charging.writer", name, str(count)) for name, count in everybody]
    try:
        begin_together(children)
        commits = [line for writer in children[1:] for line in lines_of(writer)]
        read = lines_of(children[0])
    finally:
        for each in children:
            each.kill()
            each.communicate()
    (told,) = lines_of(child("-c", TOLD))
    return Aftermath(commits, read, told)


def test_every_commit_made_a_version_of_its_own_and_none_is_missing(aftermath: Aftermath) -> None:
    versions = sorted(commit["version"] for commit in aftermath.commits)
    assert versions == list(range(1, len(WRITERS) * TURNS + 1))
    assert aftermath.record["version"] == versions[-1]


def test_they_really_wrote_at_once(aftermath: Aftermath) -> None:
    writers = [commit["who"].split()[0] for commit in sorted(aftermath.commits, key=lambda each: each["version"])]
    changes = sum(one != other for one, other in pairwise(writers))
    assert changes >= len(WRITERS)  # fewer would be one after the other


def test_every_line_of_the_journal_belongs_to_a_version_in_the_same_order(aftermath: Aftermath) -> None:
    in_order = sorted(aftermath.commits, key=lambda commit: commit["version"])
    expected = [[commit["who"], fact] for commit in in_order for fact in commit["facts"]]
    assert [entry[1:] for entry in aftermath.record["entries"]] == expected
    assert len(expected) == len(WRITERS) * TURNS


def test_the_row_holds_what_each_writer_did_last(aftermath: Aftermath) -> None:
    leases = {lease["source"]: lease["limit_w"] for lease in aftermath.record["facts"]["leases"]}
    assert leases == dict.fromkeys(WRITERS, TURNS - 1)
    assert not aftermath.record["facts"].get("inoperative")  # the last turn of each put it back into service


def test_a_reader_with_a_cursor_saw_every_line_once_and_in_order(aftermath: Aftermath) -> None:
    assert [line["entry"] for line in aftermath.read] == [entry[0] for entry in aftermath.record["entries"]]
