"""Which rows may run at the same time, and how? Each in a process of its own, so that they share nothing.

Those are the rows that judge neither a latency of milliseconds nor CPU: what a busier machine does to them can only
make them worse. Memory is read when the others have ended, because pages that they share would be counted in part.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Final

from .alone import broken_off
from .ending import dies_with_me
from .measurement import Effort, Measurement
from .stations import PROJECT_DIR

BESIDE: Final = ("flash_bytes", "links_memory", "memory", "watchdog")
LOOK_EVERY_S: Final = 0.5
ENDED_WITHIN_S: Final = 60.0  # a row that is told to end stops its station first


@dataclass(frozen=True, slots=True)
class Row:
    """A row that runs."""

    name: str
    program: subprocess.Popen[str]
    said: IO[str]

    def result(self) -> Measurement:
        """Its line; a process that ended without one is a row that is not met. Call when it has ended."""
        self.said.seek(0)
        lines = self.said.read().splitlines()
        try:
            return Measurement(**json.loads(lines[-1]))
        except (IndexError, ValueError, TypeError):
            return broken_off(self.name, f"its process ended with {self.program.returncode} and no result")


def begun(name: str, command: Sequence[str]) -> Row:
    """The process of row *name*. What it prints goes to a file: nobody reads while it runs."""
    said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed when the row has ended
    program = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=said, text=True, preexec_fn=dies_with_me())  # noqa: PLW1509 - no thread forks
    return Row(name, program, said)


def beside(names: Sequence[str], effort: Effort) -> Iterator[Measurement]:
    """All of *names* at once, each as it ends; the details say beside which others."""
    how = [] if effort is Effort.NORMAL else [f"--{effort}"]
    yield from as_they_end([begun(name, [sys.executable, "-m", "tests.bench", *how, name]) for name in names])


def as_they_end(rows: Sequence[Row]) -> Iterator[Measurement]:
    """Their results. Whoever breaks this off ends them."""
    names, running = [row.name for row in rows], list(rows)
    try:
        while running:
            time.sleep(LOOK_EVERY_S)
            for row in [row for row in running if row.program.poll() is not None]:
                running.remove(row)
                found = row.result()
                row.said.close()
                others = [name for name in names if name != row.name]
                yield replace(found, details={**found.details, "ran_beside": others})
    finally:
        for row in running:
            row.program.terminate()
        for row in running:
            row.program.wait(ENDED_WITHIN_S)
            row.said.close()
