"""How does a measurement end, even when it is killed? Children that the kernel ends with it, signals that unwind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from .waiting import NotInTimeError

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_libc: Final = ctypes.CDLL(None, use_errno=True)


def dies_with_me() -> Callable[[], None]:
    """For preexec_fn: the kernel kills the child as soon as this process is gone (prctl(2))."""
    parent = os.getpid()

    def set_it() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return set_it


def unwind_when_told() -> None:
    """SIGTERM and SIGHUP end the program like Ctrl-C does: stations are stopped, folders removed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise NotInTimeError inside, wherever it waits, when it takes longer than *seconds*. In the main thread only."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise NotInTimeError(f"not done within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
