"""Keeps one `links` process alive, as the parent of a station does: one that was killed is started again at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from station.parent.plan import ALLOCATOR
from tests.conftest import PROJECT_DIR, wait_until

PATIENCE_S: Final = 20.0
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Links:
    """`start(point)` .. `stop()`; in between it lives, whatever happens to it. `deaths` counts what happened."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.deaths = 0
        self._pid = 0
        self._wanted = False
        self._changed = threading.RLock()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.faults.links_worker", str(self.log)]
        environ = os.environ | ALLOCATOR
        self._parent = subprocess.Popen(
            command, cwd=PROJECT_DIR, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, name="links", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)

    def start(self, deadly: int = 0) -> None:
        """The next process ends at this point; the ones after it at none."""
        self.log.write_text("", "utf-8")
        with self._changed:
            self.deaths, self._wanted = 0, True
        self._ask(deadly)

    def stop(self) -> None:
        """End it for now."""
        with self._changed:
            self._wanted = False
            if self._pid:
                self._kill()
        wait_until(lambda: not self._pid, PATIENCE_S)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):  # its point has ended it at this moment
            os.kill(self._pid, signal.SIGKILL)

    def points(self) -> list[str]:
        """What the process did since `start`, one line each."""
        return self.log.read_text("utf-8").splitlines()

    def resident_mb(self) -> float:
        """What the process holds in memory."""
        pages = Path(f"/proc/{self._pid}/statm").read_text("ascii").split()[1]
        return int(pages) * PAGE / 1e6

    def _ask(self, deadly: int) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{deadly}\n")
        self._parent.stdin.flush()

    def _read(self) -> None:
        assert self._parent.stdout is not None
        for line in self._parent.stdout:
            what, _space, value = line.partition(" ")
            with self._changed:
                self._pid = int(value) if what == "pid" else 0
                if what == "pid" and not self._wanted:
                    self._kill()  # it was told to stop while it began
                elif what == "ended" and self._wanted:
                    self.deaths += 1
                    self._ask(0)
