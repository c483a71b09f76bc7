"""Where the card reader is: at the port that was named, else on the line on which a search met it (GEN-4)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hardware.discovery import FoundReader
from hardware.reader_loop import ReaderLoop

log = logging.getLogger(__name__)

NAMED: Final = "%s is the card reader of this station; the one on %s is not used."


class ReaderPlace:
    """One a process; at most one reader is polled. `loop` is its loop, None while no reader is known."""

    def __init__(self, named: str, poll: Callable[[ReaderLoop], None]) -> None:
        """*poll* begins to poll a reader."""
        self._named, self._poll = named, poll
        self._lock = threading.Lock()
        self._unsearched: set[str] = set()
        self.loop: ReaderLoop | None = None

    def begin(self, paths: Iterable[str]) -> None:
        """A start searches *paths*. A named reader is polled at once; the loop tells whether it answers."""
        self._unsearched = set(paths)
        if self._named:
            self._begin(self._named)

    def free(self, paths: Iterable[str]) -> list[str]:
        """Those of *paths* that are no reader's: its port is in use."""
        return [path for path in paths if self.loop is None or path != self.loop.line.path]

    def searched(self, paths: Sequence[str], readers: Iterable[FoundReader]) -> bool:
        """A search of *paths* has met *readers*. True: every line was searched, and there is no reader."""
        with self._lock:
            for reader in readers:
                if self.loop is None:
                    log.info("%s: a card reader answers, %s.", reader.line_path, reader.firmware)
                    self._begin(reader.line_path)
                else:
                    log.warning(NAMED, self.loop.line.path, reader.line_path)
            self._unsearched.difference_update(paths)
            return self.loop is None and not self._unsearched

    def _begin(self, path: str) -> None:
        self.loop = ReaderLoop(path)
        self._poll(self.loop)
