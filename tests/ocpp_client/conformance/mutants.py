"""`python -m tests.ocpp_client.conformance.mutants [TC_...]`: does every conformance test notice its change?

A copy of the project gets one change of one line at a time; the test that names the change is run there and has to
fail by an assertion. Two copies are at work side by side. Without cases all are done; 0 when every change was noticed.
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.ocpp_client.conformance.listed import CASES, NOT_APPLICABLE, NOT_SHOWN_YET
from tests.ocpp_client.conformance.marked import ROOT, Marked, changed, marks

SIDE_BY_SIDE: Final = 2  # the machine that we test on has two cores
LONGEST_S: Final = 180.0
LEFT_OUT: Final = shutil.ignore_patterns(".*", "var", "node_modules", "__pycache__", "*.pyc")
BY_ASSERTION: Final = ("AssertionError", "assert ", "Failed: DID NOT RAISE", 'failed on teardown with "AssertionError')


class Outcome(StrEnum):
    """What became of one change."""

    NOTICED = "noticed"
    SURVIVED = "SURVIVED"  # the test passes: it shows nothing
    BROKEN = "BROKEN"  # the test failed, but not by an assertion


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One change, and what its test said."""

    mark: Marked
    outcome: Outcome
    seconds: float
    said: str

    def __str__(self) -> str:
        return f"{self.outcome:<8} {self.seconds:5.1f} s  {self.mark}" + (
            "" if self.outcome is Outcome.NOTICED else f"\n    {self.mark.change}\n    {self.said[-1500:]}"
        )


@contextmanager
def copies(count: int) -> Iterator[queue.Queue[Path]]:
    """So many copies of the project, away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    waiting = queue.Queue[Path]()
    try:
        for number in range(count):
            shutil.copytree(ROOT, folder / str(number), ignore=LEFT_OUT)
            waiting.put(folder / str(number))
        yield waiting
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def judge(mark: Marked, copy: Path) -> Result:
    """Make the change in *copy*, run the test, undo the change."""
    path = copy / mark.change.file
    whole = path.read_text("utf-8")
    begun_s = time.monotonic()
    try:
        path.write_text(changed(mark.change, copy), "utf-8")
        outcome, said = _run(mark.test, copy)
    finally:
        path.write_text(whole, "utf-8")
    return Result(mark=mark, outcome=outcome, seconds=time.monotonic() - begun_s, said=said)


def _run(test: str, copy: Path) -> tuple[Outcome, str]:
    report = copy / "mutant.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", f"--junitxml={report}", test]
    # A station of our own runs in neither of the copies; what the surroundings say of one is not for them.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("STATION_", "PYTEST_"))}
    environ["PYTHONDONTWRITEBYTECODE"] = "1"  # two changes within a second are of one time and perhaps of one size
    try:
        done = subprocess.run(
            command, cwd=copy, env=environ, check=False, capture_output=True, text=True, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return Outcome.BROKEN, f"no end within {LONGEST_S:g} s"
    if done.returncode == 0:
        return Outcome.SURVIVED, "the test passes"
    failures = _failures(report)
    noticed = bool(failures) and all(failure.startswith(BY_ASSERTION) for failure in failures)
    return (Outcome.NOTICED if noticed else Outcome.BROKEN), "\n".join(failures) or done.stdout + done.stderr


def _failures(report: Path) -> list[str]:
    """How the tests failed; none when there is no report, or when they were never begun."""
    if not report.exists():
        return []
    found = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written by our own child
    failed = [each for case in found for each in case if each.tag in {"failure", "error"}]
    return [each.get("message", "") for each in failed]


def run(chosen: Sequence[Marked], told: Callable[[str], None]) -> list[Result]:
    """Judge all of *chosen*, as they finish."""
    results = list[Result]()
    with copies(min(SIDE_BY_SIDE, len(chosen))) as waiting, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:

        def judged(mark: Marked) -> Result:
            copy = waiting.get()
            try:
                return judge(mark, copy)
            finally:
                waiting.put(copy)

        for done in as_completed([pool.submit(judged, mark) for mark in chosen]):
            results.append(done.result())
            told(str(results[-1]))
    return results


def summary(results: Sequence[Result]) -> str:
    """One line: how many changes and cases there were, and what became of them."""
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    cases = {ident for result in results for ident in result.mark.idents}
    told = ", ".join(f"{count} {outcome.lower()}" for outcome, count in counts.items())
    return (
        f"{len(results)} changes of {len(cases)} of {len(CASES)} cases: {told}; "
        f"{len(NOT_SHOWN_YET)} cases have no test yet, {len(NOT_APPLICABLE)} do not apply"
    )


def say(sentence: str) -> None:
    """At once, on a line."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> int:
    """0 when every change was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.ocpp_client.conformance.mutants", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="TC_...", help="only these cases")
    wanted = parser.parse_args().cases
    if unknown := sorted(set(wanted) - set(CASES)):
        parser.error(f"there is no case {unknown[0]}")
    results = run([mark for mark in marks() if not wanted or set(wanted) & set(mark.idents)], say)
    say(summary(results))
    return 0 if results and all(result.outcome is Outcome.NOTICED for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
