"""A test run that is killed leaves no process behind: no station, no server, no simulator."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Final

from tests.afterlife import MARK, guard, marked
from tests.conftest import line_with, running, wait_until

# What a journey does, and then nothing more: it is killed.
RUN: Final = """
import os, sys, threading
from pathlib import Path
from tests.afterlife import MARK, guard
kept = guard()
from tests.journeys.running import RunningStation
station = RunningStation(Path(sys.argv[1]) / "station")
station.start()
print("begun", os.environ[MARK], kept.pid, len(station.pids()), flush=True)
threading.Event().wait()
"""


def test_a_station_ends_with_a_run_that_is_killed(tmp_path: Path) -> None:
    with running(sys.executable, "-c", RUN, tmp_path) as child:
        _word, run, guard_pid, parts = line_with(child, "begun ").split()
        assert len(marked(run)) > int(parts) >= 4  # the station's parent and all its parts
        child.send_signal(signal.SIGKILL)
        wait_until(lambda: not marked(run), 15.0)
        wait_until(lambda: not Path(f"/proc/{guard_pid}").exists(), 15.0)


def test_a_run_that_ends_in_order_leaves_nothing_either() -> None:
    before = os.environ[MARK]
    try:
        kept = guard()
        run = os.environ[MARK]
        with running("sleep", "600") as child:
            assert marked(run) == [child.pid]
            kept.communicate(timeout=20)
            assert child.wait(10) == -signal.SIGKILL
    finally:
        os.environ[MARK] = before


def test_the_guard_itself_is_not_marked_and_nobody_else_is_touched() -> None:
    with running("sleep", "600", environ={MARK: "another run"}) as other:
        before = os.environ[MARK]
        try:
            kept = guard()
            assert marked(os.environ[MARK]) == []
            kept.communicate(timeout=20)
        finally:
            os.environ[MARK] = before
        assert other.poll() is None
