"""Who holds the write lock of `default`, and for how long? Asked of the kernel, without ever taking the lock.

In WAL mode SQLite's write lock is byte 120 of the -shm file (sqlite.org/walformat.html, section 2.3.2), a POSIX lock,
and F_GETLK names its holder.
"""

from __future__ import annotations

import fcntl
import struct
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final, Self

from .costs import longest_p99_s
from .machine import PROC, surroundings
from .measurement import Effort, Measurement, spread_ms
from .stations import ENOUGH_W, RunningStation, charge_everywhere, station_of
from .technician import Technician, technician_of

WRITE_LOCK_BYTE: Final = 120
LOOK_EVERY_S: Final = 0.0005
BAR_S: Final = 0.050
PERIOD_BAR_S: Final = 0.25
CARDS: Final = 2_000
ENTRIES: Final = 20_000
PAUSE_S: Final = 0.2  # a station that is backed up without a pause is none
_FLOCK: Final = struct.Struct("hhqqi4x")  # struct flock on 64-bit Linux: type, whence, start, length, holder
SEEK_SET: Final = 0
TECHNICIAN: Final = "technician"


class LockWatch:
    """Looks at the write lock all the time; how long each process held it."""

    def __init__(self, shared: Path) -> None:
        self._file = shared.open("rb")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.work = ""  # what is being done meanwhile
        self.held_s: defaultdict[tuple[int, str], list[float]] = defaultdict(list)  # by process and work
        self.looks = 0
        self.longest_look_s = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._file.close()

    def holder(self) -> int:
        """The process that holds the write lock now; 0 for nobody."""
        asked = _FLOCK.pack(fcntl.F_RDLCK, SEEK_SET, WRITE_LOCK_BYTE, 1, 0)
        kind, _whence, _start, _length, pid = _FLOCK.unpack(fcntl.fcntl(self._file, fcntl.F_GETLK, asked))
        return 0 if kind == fcntl.F_UNLCK else int(pid)

    def _watch(self) -> None:
        holding, since_s, last_s = 0, 0.0, time.monotonic()
        while not self._stopping.wait(LOOK_EVERY_S):
            pid, now_s = self.holder(), time.monotonic()
            self.looks += 1
            self.longest_look_s = max(self.longest_look_s, now_s - last_s)
            last_s = now_s
            if pid == holding:
                continue
            if holding:
                self.held_s[(holding, self.work)].append(now_s - since_s)
            holding, since_s = pid, now_s


def _role_of(pid: int, roles: dict[int, str]) -> str:
    if pid in roles:
        return roles[pid]
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "ended"


def _work(technician: Technician, watch: LockWatch, seconds: float) -> dict[str, int]:
    """Exports, backups, pruning, checkpoints and changes in turn; how often each."""
    verbs, done = ("export", "back_up", "prune", "checkpoint", "apply"), defaultdict[str, int](int)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for verb in verbs:
            watch.work = verb
            technician.ask(verb)
            done[verb] += 1
            time.sleep(PAUSE_S)
    return dict(done)


def _watched(station: RunningStation, seconds: float) -> tuple[LockWatch, dict[str, int], dict[int, str]]:
    shared = station.data_dir / "station.sqlite3-shm"
    with technician_of(station) as technician:
        technician.ask(f"fill {CARDS} {ENTRIES}")
        roles = {pid: role for role, pid in station.pids().items()} | {technician.pid: TECHNICIAN}
        charge_everywhere(station)
        with LockWatch(shared) as watch:
            done = _work(technician, watch, seconds)
    return watch, done, roles


def longest_write_lock(effort: Effort) -> Measurement:
    """Under exports, backups, pruning, checkpoints and a changed document, while four cars charge."""
    with station_of(site_limit_w=ENOUGH_W) as station:
        watch, done, roles = _watched(station, effort.of(5.0, 60.0, 1_800.0))
        period_p99_s = longest_p99_s(station)
    by_role: defaultdict[str, list[float]] = defaultdict(list)
    for (pid, work), held_s in watch.held_s.items():
        role = _role_of(pid, roles)
        by_role[f"{role}, {work}" if role == TECHNICIAN else role] += held_s
    others_s = [held for role, all_held in by_role.items() if role != "controllers" for held in all_held]
    longest_s = max(others_s, default=0.0)
    details: dict[str, Any] = {
        "by_role": {role: spread_ms(held_s) for role, held_s in by_role.items()},
        "work": done,
        "rows": {"cards": CARDS, "journal": ENTRIES},
        "period_p99_s": period_p99_s,
        "looks": watch.looks,
        "longest_look_ms": round(watch.longest_look_s * 1000, 2),
        **surroundings(),
    }
    ok = bool(others_s) and longest_s <= BAR_S and period_p99_s <= PERIOD_BAR_S
    bar = f"<= {BAR_S * 1000:g} ms by others; period p99 <= {PERIOD_BAR_S * 1000:g} ms"
    value = round(longest_s * 1000, 2)
    return Measurement(name="longest_write_lock", value=value, unit="ms", bar=bar, ok=ok, details=details)
