"""Keeps children alive: reads their output, starts again what ended, stops them in order. One thread, no polling."""

from __future__ import annotations

import os
import selectors
import signal
import time
from typing import TYPE_CHECKING, Final

from station.parent.output import push, say, say_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from station.parent.children import Child

TIME_TO_STOP_S: Final = 15.0
LONGEST_LOOK_S: Final = 1.0
# Who stops with whom: the screen, then nobody new is served, then controllers write limit 0, then what they lean on.
STOP_ORDER: Final = (("browser",), ("web",), ("links", "controllers"), ("prepare", "simulator"), ("redis",))


class Supervision:
    """The children that run now, and one selector for their output, signals and questions to /healthz."""

    def __init__(self, on_line: Callable[[Child, str], None], on_end: Callable[[Child, int], None]) -> None:
        self.children: dict[str, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.stop_signals = 0
        self._on_line = on_line
        self._on_end = on_end
        self._watch_signals()

    def _watch_signals(self) -> None:
        read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        # A script's background job starts with SIGINT ignored; whoever sends it to the station means the station.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note_stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # started with nohup
            signal.signal(signal.SIGHUP, self._note_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self.selector.register(read_end, selectors.EVENT_READ, lambda: os.read(read_end, 512))

    def _note_stop(self, _number: int, _frame: object) -> None:
        self.stop_signals += 1

    def start(self, child: Child) -> None:
        """Start `child` and keep it."""
        self.children[child.name] = child
        child.start()
        self.selector.register(child.output, selectors.EVENT_READ, lambda: self._read(child))

    def _read(self, child: Child) -> None:
        lines = child.read_lines()
        if lines is None:
            self.selector.unregister(child.output)
            return
        for line in lines:
            self._on_line(child, line)

    def turn(self, wait_s: float = LONGEST_LOOK_S) -> None:
        """Wait for the next thing that happens, at most `wait_s`, and see to it."""
        due_s = [child.start_due_s - time.monotonic() for child in self.children.values() if child.start_due_s]
        for key, _events in self.selector.select(max(0.0, min([wait_s, *due_s]))):
            key.data()
        for child in list(self.children.values()):
            self._look_at(child)
        push()

    def _look_at(self, child: Child) -> None:
        if child.program is not None and (code := child.program.poll()) is not None:
            self._last_words(child)
            child.ended()
            self._on_end(child, code)
        elif child.start_due_s is not None and child.start_due_s <= time.monotonic() and not self.stop_signals:
            say(f"starting {child.name} again ...")
            self.start(child)

    def _last_words(self, child: Child) -> None:
        if child.program is None or self.selector.get_map().get(child.output) is None:
            return
        # What it wrote before its end is in the pipe already; a grandchild may hold the pipe open for ever.
        while lines := child.read_lines():
            for line in lines:
                self._on_line(child, line)
        if child.output in self.selector.get_map():
            self.selector.unregister(child.output)

    def stop_all(self) -> None:
        """Stop every child, stage by stage; a second signal or 15 s in one stage ends the patience."""
        patience_signals = self.stop_signals + 1
        for child in self.children.values():
            child.start_due_s = None
        for names in STOP_ORDER:
            stage = [self.children[name] for name in names if name in self.children]
            self._stop(stage, patience_signals)

    def _stop(self, stage: list[Child], patience_signals: int) -> None:
        for child in stage:
            child.signal(signal.SIGTERM)
        deadline_s = time.monotonic() + TIME_TO_STOP_S
        while any(child.lives for child in stage):
            if time.monotonic() > deadline_s or self.stop_signals >= patience_signals:
                for child in stage:
                    child.signal(signal.SIGKILL)
            for key, _events in self.selector.select(0.1):
                key.data()
        for child in stage:
            self._last_words(child)
            child.forget()


def show_end(child: Child, code: int) -> None:
    """Say how a child ended."""
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    say_of(child.name, f"{how} after {child.age_s:.0f} s")
