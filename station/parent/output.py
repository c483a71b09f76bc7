"""What the parent prints: its own lines, and those of its children with the child's name in front. It never waits.

Whoever started us may have stopped reading. A pipe that is full would hold the one thread that stops the station in
order, so what finds no room is kept up to a limit, and then left out with a note.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import sys
import time
from typing import Final

COLOURS: Final = {"redis": 31, "prepare": 37, "simulator": 36, "controllers": 33, "links": 32, "web": 34, "browser": 35}
NAME_WIDTH: Final = 11
MOST_KEPT_BYTES: Final = 65_536
LAST_WORDS_WITHIN_S: Final = 1.0


class Output:
    """Lines to a descriptor that may be a terminal, a pipe, a socket or a file; whoever reads it may be gone."""

    def __init__(self, descriptor: int) -> None:
        """Take *descriptor* as it is: it may be shared with others, so its own flags are left alone if they can be."""
        self._kept = b""
        self._left_out = 0
        self._descriptor: int | None = descriptor
        kind = os.fstat(descriptor).st_mode
        self._is_socket = stat.S_ISSOCK(kind)  # systemd's journal
        if not (self._is_socket or stat.S_ISREG(kind)):
            # Another open file of the same pipe or terminal, whose flags are ours alone.
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            try:
                self._descriptor = os.open(f"/proc/self/fd/{descriptor}", flags)
            except OSError:  # somebody else's terminal, as after su
                os.set_blocking(descriptor, False)

    def line(self, text: str) -> None:
        """Print a line, or keep it, or leave it out."""
        self.push()
        if len(self._kept) >= MOST_KEPT_BYTES:
            self._left_out += 1
            return
        if self._left_out:
            self._kept += f"({self._left_out} lines are missing here: nobody read the output.)\n".encode()
            self._left_out = 0
        self._kept += text.encode("utf-8", "backslashreplace") + b"\n"
        self.push()

    def push(self) -> None:
        """Hand on as much as there is room for now."""
        try:
            while self._kept and self._descriptor is not None:
                self._kept = self._kept[self._written(self._descriptor) :]
        except BlockingIOError:
            return
        except OSError:  # nobody will ever read it: the terminal or the program at its other end is gone
            self._descriptor, self._kept = None, b""

    def _written(self, descriptor: int) -> int:
        if not self._is_socket:
            return os.write(descriptor, self._kept)
        wire = socket.socket(fileno=descriptor)
        try:
            return wire.send(self._kept, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        finally:
            wire.detach()

    def last_words(self) -> None:
        """Before the end: give a slow reader a second."""
        deadline_s = time.monotonic() + LAST_WORDS_WITHIN_S
        self.push()
        while self._kept and self._descriptor is not None and (left_s := deadline_s - time.monotonic()) > 0:
            select.select([], [self._descriptor], [], left_s)
            self.push()


def _standard_output() -> Output | None:
    """None when we were started without one; its number may then belong to another file."""
    return None if sys.stdout is None else Output(1)


_output: Final = _standard_output()


def say(text: str = "") -> None:
    """Print a line; a reader that went away or sleeps does not stop the station."""
    if _output is not None:
        _output.line(text)


def say_of(name: str, line: str) -> None:
    """Print a child's line, in colour on a terminal."""
    label = f"{name:<{NAME_WIDTH}}|"
    if sys.stdout is not None and sys.stdout.isatty():
        label = f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m"
    say(f"{label} {line}")


def push() -> None:
    """Hand on what found no room before."""
    if _output is not None:
        _output.push()


def last_words() -> None:
    """Say what is still kept, within a second."""
    if _output is not None:
        _output.last_words()
