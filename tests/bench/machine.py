"""On what was it measured? The machine's class, its load, its rights, and what its processes cost."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .ending import dies_with_me

PROC: Final = Path("/proc")
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
MACHINES: Final = {"x86_64": "x86", "aarch64": "ARM64"}
OUTSIDE_NICE: Final = -20  # what stands for wires and boards waits for no process of ours


def machine_class() -> str:
    """Such as "2-core x86, Debian 12, Python 3.11"; no names of machines."""
    cores = len(os.sched_getaffinity(0))
    machine = MACHINES.get(platform.machine(), platform.machine())
    release = _release()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{cores}-core {machine}, {release}, Python {python}"


def _release() -> str:
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    name = told.get("NAME", "Linux").removesuffix(" GNU/Linux")
    return f"{name} {told.get('VERSION_ID', '')}".strip()


def surroundings() -> dict[str, Any]:
    """What belongs into the details of every row."""
    return {"machine": machine_class(), "load": round(os.getloadavg()[0], 2)}


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """*count* processes that spin."""
    command = [sys.executable, "-c", "while True: pass"]
    spinning = [subprocess.Popen(command, preexec_fn=dies_with_me()) for _ in range(count)]  # noqa: PLW1509 - no thread forks
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def threads_of(pid: int) -> list[int]:
    """The threads of a living process."""
    try:
        return [int(each.name) for each in (PROC / str(pid) / "task").iterdir()]
    except OSError:
        return []


def scheduled_fifo(pid: int) -> int:
    """How many threads of *pid* are scheduled before everybody else (SCHED_FIFO)."""
    return sum(os.sched_getscheduler(thread) == os.SCHED_FIFO for thread in threads_of(pid))


def put_outside(pid: int) -> bool:
    """Let a process that stands for the world outside wait for nobody; False where that is not allowed."""
    try:
        for thread in threads_of(pid):
            os.setpriority(os.PRIO_PROCESS, thread, OUTSIDE_NICE)
    except PermissionError:
        return False
    return True


def cpu_s(pids: Sequence[int]) -> dict[int, float]:
    """User and system time of each living process since its start."""
    return {pid: spent for pid in pids if (spent := _spent_s(pid)) is not None}


def _spent_s(pid: int) -> float | None:
    try:
        words = (PROC / str(pid) / "stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / TICKS_PER_S


def cpu_shares(pids: dict[str, int], seconds: float) -> dict[str, float]:
    """Percent of one core that each role used over *seconds*; a process that ended meanwhile is left out."""
    before, begun_s = cpu_s(list(pids.values())), time.monotonic()
    time.sleep(seconds)
    after, elapsed_s = cpu_s(list(pids.values())), time.monotonic() - begun_s
    return {
        role: round(100 * (after[pid] - before[pid]) / elapsed_s, 2)
        for role, pid in pids.items()
        if pid in before and pid in after
    }


def pss_mb(pid: int) -> float:
    """Proportional set size in MB (smaps_rollup); 0 for an ended process."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def written_bytes(pid: int) -> int:
    """Bytes that a living process sent towards its disk (write_bytes less what was cancelled)."""
    try:
        lines = (PROC / str(pid) / "io").read_text("ascii").splitlines()
    except OSError:
        return 0
    told = dict(line.split(": ") for line in lines)
    return int(told["write_bytes"]) - int(told["cancelled_write_bytes"])
