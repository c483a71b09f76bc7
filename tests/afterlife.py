"""A guard that outlives a test run: whatever the run left behind ends with it, also when it was killed.

Children inherit a mark in their environment, over any number of generations and sessions. The guard waits for the
end of the run at a pipe, which the kernel closes whatever the run died of, and then kills every process with that mark.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

MARK: Final = "TESTS_RUN"
SWEEPS_WITHIN_S: Final = 10.0
QUIET_SWEEPS: Final = 3  # a parent that is killed after its child may have started another one meanwhile
BETWEEN_SWEEPS_S: Final = 0.05


def guard() -> subprocess.Popen[bytes]:
    """Start a guard for this process and mark all its children to come. Closing its stdin is the end of the run."""
    environ = {name: value for name, value in os.environ.items() if name != MARK}
    os.environ[MARK] = run = secrets.token_hex(8)
    command = [sys.executable, "-S", "-E", __file__, run]
    # A session of its own: the Ctrl-C of a terminal is for the run, not for its guard.
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environ, start_new_session=True)


def marked(run: str) -> list[int]:
    """The processes that carry the mark of *run* and are no zombies."""
    wanted, found = f"{MARK}={run}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return found


def sweep(run: str) -> None:
    """Kill what carries the mark, until nothing does."""
    end_s, quiet, pause = time.monotonic() + SWEEPS_WITHIN_S, 0, threading.Event()
    while quiet < QUIET_SWEEPS and time.monotonic() < end_s:
        left = marked(run)
        quiet = 0 if left else quiet + 1
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        pause.wait(BETWEEN_SWEEPS_S)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    sweep(sys.argv[1])
