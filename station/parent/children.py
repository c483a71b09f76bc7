"""One child: how it is started, how its output is read, when it is started again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PROJECT_DIR: Final = Path(__file__).resolve().parent.parent.parent
LONGEST_WAIT_S: Final = 30.0
LIFE_THAT_FORGIVES_S: Final = 60.0
LONGEST_LINE_BYTES: Final = 16_384
LOST_PARENT_CODE: Final = 70

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_libc: Final = ctypes.CDLL(None, use_errno=True)


def wait_before_start_s(quick_ends: int) -> float:
    """At once after the first end in a row, then 1, 2, 4 .. 30 s."""
    return 0.0 if quick_ends <= 1 else min(2.0 ** (quick_ends - 2), LONGEST_WAIT_S)


@dataclass(slots=True)
class Child:
    """A program of the station. `quick_ends` counts the ends in a row after less than a minute of life."""

    name: str
    command: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()
    program: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0  # monotonic, like all times here
    start_due_s: float | None = None
    quick_ends: int = 0
    _tail: bytes = b""

    def start(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches the parent alone, which stops in order."""
        parent = os.getpid()
        self.started_at_s, self.start_due_s, self._tail = time.monotonic(), None, b""
        self.program = subprocess.Popen(
            self.command,
            cwd=PROJECT_DIR,
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.inherited,
            process_group=0,
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - the parent has one thread
        )
        os.set_blocking(self.output, False)

    @property
    def output(self) -> int:
        """The descriptor of its output."""
        if self.program is None or self.program.stdout is None:
            return -1
        return self.program.stdout.fileno()

    @property
    def lives(self) -> bool:
        """Whether it was started and has not ended."""
        return self.program is not None and self.program.poll() is None

    @property
    def age_s(self) -> float:
        """Seconds since its last start."""
        return time.monotonic() - self.started_at_s

    def read_lines(self) -> list[str] | None:
        """The lines that arrived; None at the end of its output. Overlong lines are cut, odd bytes are shown."""
        try:
            arrived = os.read(self.output, 65_536)
        except BlockingIOError:
            return []
        *lines, rest = (self._tail + arrived).split(b"\n")
        if not arrived or len(rest) > LONGEST_LINE_BYTES:
            lines, rest = ([*lines, rest] if rest else lines), b""
        self._tail = rest
        texts = [line[:LONGEST_LINE_BYTES].decode("utf-8", "backslashreplace").rstrip("\r") for line in lines]
        return texts if arrived or texts else None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.program is not None and self.lives:
            self.program.send_signal(number)

    def ended(self) -> None:
        """Note an unwanted end and when to start again."""
        self.quick_ends = 1 if self.age_s > LIFE_THAT_FORGIVES_S else self.quick_ends + 1
        self.start_due_s = time.monotonic() + wait_before_start_s(self.quick_ends)
        self.forget()

    def forget(self) -> None:
        """Close what is left of an ended program."""
        if self.program is not None and self.program.stdout is not None:
            self.program.stdout.close()
        self.program = None


def _die_with(parent: int) -> None:
    """Run in the child: the kernel kills it as soon as the parent is gone, however the parent went (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(LOST_PARENT_CODE)
