"""How is a whole station run for a measurement? In a folder of its own, on free ports, ended whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from .ending import dies_with_me
from .machine import PROC
from .outside import Simulator, Truth
from .waiting import NotInTimeError, wait_for

PROJECT_DIR: Final = Path(__file__).resolve().parent.parent.parent
READY_WITHIN_S: Final = 90.0
STOPPED_WITHIN_S: Final = 30.0
# Open to everybody and without a screen: plugging in starts by itself, so that a round needs one call.
OPEN_TO_ALL: Final = {"authorization_mode": "none", "has_screen": False}
ENOUGH_W: Final = 1_000_000  # of the site, for everybody: no start waits for its share
DIRECT_CURRENT: Final = ("CCS2", "CHADEMO")
PARENT: Final = b"\0-m\0station\0"  # of `python -m station`
ROLES: Final = {
    "controllers": b"controllers@station",
    "links": b"links@station",
    "web": b"station.asgi:application",
    "redis": b"redis.sock",
    "simulator": b"hardware.simulator",
}


class RunningStation:
    """One start of a station. Roles are parent, controllers, links, web, redis and simulator."""

    def __init__(self, data_dir: Path, program: subprocess.Popen[str]) -> None:
        self.data_dir = data_dir
        self.program = program
        self.begun_s = time.monotonic()
        self.ready_s = 0.0  # from the start of the program to `station ready`
        self.said: deque[tuple[float, str]] = deque(maxlen=500)  # seconds since the start, line
        self.port = 0
        self.simulator = Simulator("")
        self.truth = Truth(data_dir / "truth.jsonl")
        self._ready = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self.said.append((time.monotonic() - self.begun_s, line.rstrip()))
            if line.startswith("kiosk "):
                self.port = int(line.rstrip().rstrip("/").rpartition(":")[2])
            elif line.startswith("simulator  http"):
                self.simulator = Simulator(line.split()[1])
            elif line.startswith("station ready"):
                self.ready_s = time.monotonic() - self.begun_s
                self._ready.set()
        self._ended.set()

    def wait_ready(self) -> None:
        """Return when connectors can charge. Raises NotInTimeError with the last words."""
        deadline_s = time.monotonic() + READY_WITHIN_S
        while not self._ready.wait(0.05):
            if self._ended.is_set() or time.monotonic() > deadline_s:
                words = "\n".join(line for _at_s, line in list(self.said)[-30:])
                raise NotInTimeError(f"the station was not ready within {READY_WITHIN_S:g} s:\n{words}")

    def pids(self) -> dict[str, int]:
        """The living processes by role, now."""
        found = {"parent": self.program.pid}
        for child in children_of(self.program.pid):
            with suppress(OSError):
                command = (PROC / str(child) / "cmdline").read_bytes()
                found.update({role: child for role, mark in ROLES.items() if mark in command})
        return found

    def own_pids(self) -> dict[str, int]:
        """All of the station's processes, without the simulator."""
        return {role: pid for role, pid in self.pids().items() if role != "simulator"}

    def stop(self) -> None:
        """In order; what does not end is killed, and its children with it."""
        self.program.send_signal(signal.SIGCONT)
        self.program.terminate()
        try:
            self.program.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()
        self._ended.wait(STOPPED_WITHIN_S)
        if self.program.stdout is not None:
            self.program.stdout.close()


def children_of(pid: int) -> list[int]:
    """The children of a process that has one thread."""
    try:
        return [int(word) for word in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
    except OSError:
        return []


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="station-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def started(data_dir: Path, simulated: str = "default", *more: str, **settings: Any) -> Iterator[RunningStation]:
    """A station on *data_dir* that is ready; *settings* are columns of station.json for a fresh folder.

    *more* are further words of its command line.
    """
    config = data_dir.with_name(f"{data_dir.name}.json")
    config.write_text(json.dumps({"version": 1, "station": {**OPEN_TO_ALL, **settings}}), "utf-8")
    command = [sys.executable, "-m", "station", "--data-dir", str(data_dir), "--http-port", "0"]
    command += ["--simulate", simulated, "--simulator-port", "0", "--config", str(config), *more]
    program = subprocess.Popen(
        command,
        cwd=PROJECT_DIR,
        env={name: value for name, value in os.environ.items() if not name.startswith("STATION_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=dies_with_me(),  # noqa: PLW1509 - no lock is held at this moment
    )
    station = RunningStation(data_dir, program)
    try:
        station.wait_ready()
        yield station
    finally:
        station.stop()


@contextmanager
def station_of(simulated: str = "default", **settings: Any) -> Iterator[RunningStation]:
    """A fresh station that is ready."""
    with folder() as made, started(made / "station", simulated, **settings) as station:
        yield station


def charge_everywhere(station: RunningStation, within_s: float = 30.0) -> list[int]:
    """Plug a car into every connector and wait until all contactors are closed; their numbers.

    A DC car comes when the one before charges: several starts that share a site at once are no measurement's subject.
    """
    connectors = station.simulator.connectors()
    for each in sorted(connectors, key=_is_direct_current):
        station.simulator.post(f"/plugin/{each['connector_id']}")
        if _is_direct_current(each):
            wait_for("the DC contactor closed", partial(_charges, station, each["connector_id"]), within_s, 0.05)
    wait_for("all contactors closed", lambda: all_charge(station), within_s, 0.1)
    return [each["connector_id"] for each in connectors]


def _is_direct_current(connector: dict[str, Any]) -> bool:
    return connector["connector_type"] in DIRECT_CURRENT


def _charges(station: RunningStation, number: int) -> bool:
    return bool(station.simulator.state(number)["contactor"])


@contextmanager
def held(pid: int) -> Iterator[None]:
    """A process that does not run meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def other_stations(station: RunningStation) -> int:
    """How many stations run on this machine beside *station*."""
    found = 0
    for place in PROC.glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += PARENT in place.read_bytes() and int(place.parent.name) != station.program.pid
    return found


def all_charge(station: RunningStation) -> bool:
    """Every contactor is closed."""
    return all(each["contactor"] for each in station.simulator.connectors())
