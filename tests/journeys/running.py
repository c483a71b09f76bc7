"""A whole station of its own, started as people start it: `python -m station` in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.journeys.bench_calls import Bench
from tests.journeys.patience import until
from tests.journeys.record import Record
from tests.journeys.screen import Screen

PROJECT_DIR: Final = Path(__file__).resolve().parent.parent.parent
READY: Final = "station ready"
READY_WITHIN_S: Final = 60.0
STOPS_WITHIN_S: Final = 25.0
MARKS: Final = {
    "controllers": "controllers@",
    "links": "links@",
    "web": "station.web",
    "redis": "redis.sock",
    "simulator": "hardware.simulator",
}


class RunningStation:
    """One station; `lines` grows as it speaks. Killed with all its children at the end, whatever happens."""

    def __init__(
        self,
        data_dir: Path,
        *,
        simulate: str = "default",
        settings: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        beside: Path | None = None,  # where the document lies that it is started with; beside its folder
    ) -> None:
        self.data_dir = data_dir
        self.record = Record(data_dir)
        self.lines: list[str] = []
        self._simulate = simulate
        self._environ = dict(environ or {})
        self._config = (beside or data_dir.parent) / f"{data_dir.name}.json"
        self._config.write_text(json.dumps({"version": 1, **(settings or {})}), "utf-8")
        self._program: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._screen: Screen | None = None
        self._begun = 0

    def __enter__(self) -> Self:
        try:
            self.start()
        except AssertionError:
            self.cut_power()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut_power()

    # --- begin and end ------------------------------------------------------------------------------------

    def start(self, *, wait: bool = True) -> None:
        """Start it, or let the power come back; returns when connectors can charge."""
        self._begun = len(self.lines)
        self._program = subprocess.Popen(
            self.command(),
            cwd=PROJECT_DIR,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._program,), daemon=True)
        self._listener.start()
        if wait:
            self.wait_until_ready()

    def command(self) -> list[str]:
        """The command line that people would type."""
        arguments = ["--data-dir", str(self.data_dir), "--http-port", "0", "--simulate", self._simulate]
        return [sys.executable, "-m", "station", *arguments, "--simulator-port", "0", "--config", str(self._config)]

    def environ(self) -> dict[str, str]:
        """The environment without anything of another station."""
        ours = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
        return {name: value for name, value in clean.items() if name not in ours} | self._environ

    def wait_until_ready(self) -> None:
        """Until it says `station ready`; AssertionError with its last lines when it ends or stays silent."""
        until(lambda: self.said(READY) or not self.lives, READY_WITHIN_S, "the station is ready")
        assert self.said(READY), "The station ended before it was ready:\n" + "\n".join(self.lines[-30:])

    def stop(self) -> int:
        """Stop in order; the exit code."""
        self._close_screen()
        program = self._running()
        program.send_signal(signal.SIGTERM)
        code = program.wait(STOPS_WITHIN_S)
        self._hear_to_the_end()
        return code

    def cut_power(self) -> None:
        """SIGKILL to everything at once."""
        if self._program is not None:
            for part in (None, *self.pids()):
                self._kill_group(part)
            self._program.wait(STOPS_WITHIN_S)
            self._hear_to_the_end()
        self._close_screen()

    def _kill_group(self, pid: int | None) -> None:
        try:
            if pid is None:
                os.killpg(self._running().pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _close_screen(self) -> None:
        if self._screen is not None:
            self._screen.close()
            self._screen = None

    def _running(self) -> subprocess.Popen[str]:
        assert self._program is not None, "The station was never started."
        return self._program

    @property
    def lives(self) -> bool:
        """Whether the parent runs."""
        return self._program is not None and self._program.poll() is None

    # --- its parts ----------------------------------------------------------------------------------------

    def pids(self) -> dict[int, str]:
        """Its children: process id and command line, from /proc."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_text().replace("\0", " ")
            except (OSError, IndexError):
                continue
            if parent == self._running().pid:
                found[int(folder.name)] = command
        return found

    def pid_of(self, part: str) -> int | None:
        """The process id of one of MARKS; None while it does not run."""
        return next((pid for pid, command in self.pids().items() if MARKS[part] in command), None)

    def signal(self, part: str, number: signal.Signals) -> int:
        """Send a signal to one part; its process id."""
        pid = until(lambda: self.pid_of(part), 20, f"{part} runs")
        os.kill(pid, number)
        return pid

    # --- what it says -------------------------------------------------------------------------------------

    def _listen(self, program: subprocess.Popen[str]) -> None:
        assert program.stdout is not None
        with program.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))

    def _hear_to_the_end(self) -> None:
        if self._listener is not None:
            self._listener.join(STOPS_WITHIN_S)

    def said(self, text: str) -> bool:
        """Whether *text* was in a line since the last start."""
        return any(text in line for line in self.lines[self._begun :])

    def _told(self, start: str) -> str:
        line = next(line for line in reversed(self.lines) if line.startswith(start))
        return line.split()[-1].rstrip("/")

    @property
    def address(self) -> str:
        """host:port of the kiosk and the console."""
        return self._told("kiosk ").removeprefix("http://")

    @property
    def bench(self) -> Bench:
        """The simulator's calls."""
        line = next(line for line in reversed(self.lines) if "simulator ready " in line)
        return Bench(line.rpartition(" ")[2])

    @property
    def screen(self) -> Screen:
        """The page at its screen, opened at the first look."""
        if self._screen is None:
            self._screen = Screen(self.address)
        return self._screen
