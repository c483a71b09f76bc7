"""`python -m tests.bench [NAME ...] [--soak]`: without names every row; each is written to the files in docs/."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from .alone import measured
from .beside import BESIDE, beside
from .ending import unwind_when_told
from .measurement import Effort, Measurement
from .report import write
from .rows import ROWS

FAILED: Final = 1
TOGETHER: Final = 2  # so many rows of those that may run at the same time do


def results(names: Sequence[str], effort: Effort) -> Iterator[Measurement]:
    """One row after the other; at the end those that may run beside each other, as they finish."""
    patient = [name for name in names if name in BESIDE]
    together = patient if len(patient) >= TOGETHER else []
    for name in names:
        if name not in together:
            yield measured(name, ROWS[name], effort)
    yield from beside(together, effort)


def main() -> int:
    """Print one JSON object a line; 0 when every bar was met."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the station.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"rows; all of: {', '.join(ROWS)}")
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--soak", action="store_const", dest="effort", const=Effort.SOAK, help="for hours")
    effort.add_argument(
        "--short", action="store_const", dest="effort", const=Effort.SHORT, help="does a row run at all"
    )
    parser.add_argument("--write", action="store_true", help="write the named rows down, too")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]!r}; rows are {', '.join(ROWS)}")
    unwind_when_told()
    chosen: Effort = given.effort or Effort.NORMAL
    met = []
    for found in results(given.names or list(ROWS), chosen):
        met.append(found.ok)
        print(found.line(), flush=True)  # noqa: T201 - the lines are the result
        if given.write or not given.names:  # after each row: a run that is broken off keeps what it has measured
            write([found], chosen)
    return 0 if all(met) else FAILED


if __name__ == "__main__":
    sys.exit(main())
