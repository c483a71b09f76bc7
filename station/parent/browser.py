"""The browser of the station's own screen: Chromium in kiosk mode, one more child of the parent."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from station.parent.browser_pipe import BrowserPipe
from station.parent.children import Child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from selectors import BaseSelector

PROGRAMS: Final = ("chromium", "chromium-browser")
HEADLESS: Final = "headless"
LARGEST_CACHE_BYTES: Final = 33_554_432
FLAGS: Final = (
    # A panel, not a browser: no greeting, no bubble, no bar, no way to zoom, swipe or be asked anything.
    *(
        "--kiosk",
        "--no-first-run",
        "--no-default-browser-check",
        "--noerrdialogs",
        "--disable-infobars",
        "--log-level=3",
    ),
    *(
        "--hide-crash-restore-bubble",
        "--disable-session-crashed-bubble",
        "--disable-pinch",
        "--deny-permission-prompts",
    ),
    *("--overscroll-history-navigation=0", "--disable-extensions", "--disable-notifications", "--password-store=basic"),
    "--autoplay-policy=no-user-gesture-required",
    "--enable-speech-dispatcher",  # the computer's own voices, where it has any
    # Nothing on the network but the station.
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps"),
    *("--disable-domain-reliability", "--disable-breakpad", "--no-pings", "--no-proxy-server", "--disable-quic"),
    # One page of one site in 1 GB of memory.
    *("--renderer-process-limit=1", "--process-per-site", "--disable-site-isolation-trials"),
    *(f"--disk-cache-size={LARGEST_CACHE_BYTES}", "--js-flags=--max-old-space-size=192"),
    "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,AutofillServerCommunication",
)


def program_path() -> str:
    """Where Chromium is; "" when it is not installed."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), "")


def command(program: str, profile: Path, host: str, kind: str) -> list[str]:
    """Chromium on `host` alone. It refuses to run as root with its sandbox; inside a container everybody is root."""
    flags = [*FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    flags.append(f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {host}")
    if os.getuid() == 0:
        flags.append("--no-sandbox")
    if kind == HEADLESS:  # for tests, which also want to look into it
        flags += ["--headless=new", "--remote-debugging-port=0", "--window-size=1024,600", "--disable-gpu"]
    return [program, *flags, "about:blank"]


class Browser(Child):
    """Its pipes and its profile are made anew at each start: nothing in either outlives it."""

    def __init__(self, argv: list[str], profile: Path, pipe_of: Callable[[int, int], BrowserPipe]) -> None:
        super().__init__("browser", [])
        self._argv = argv
        self._profile = profile
        self._pipe_of = pipe_of
        self._selector: BaseSelector | None = None
        self._group = 0
        self.pipe: BrowserPipe | None = None

    def watch_with(self, selector: BaseSelector) -> None:
        """Who tells that the browser has said something."""
        self._selector = selector

    def start(self) -> None:
        """Begin with an empty profile: a browser that was killed would ask whether to restore its pages."""
        shutil.rmtree(self._profile, ignore_errors=True)
        self._profile.mkdir(mode=0o700, parents=True, exist_ok=True)
        (its_read, our_write), (our_read, its_write) = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        self.inherited = (its_read, its_write)
        self.command = [sys.executable, "-m", "station.parent.pipe_ends", str(its_read), str(its_write), *self._argv]
        try:
            super().start()
        finally:
            os.close(its_read)
            os.close(its_write)
        self._group = self.program.pid if self.program else 0
        self.pipe = self._pipe_of(our_read, our_write)
        if self._selector is not None:
            self._selector.register(our_read, selectors.EVENT_READ, self._read)

    def _read(self) -> None:
        if self.pipe is not None and not self.pipe.read():
            self._close_pipe()

    def _close_pipe(self) -> None:
        if self.pipe is None:
            return
        if self._selector is not None:
            self._selector.unregister(self.pipe.read_end)
        self.pipe.close()
        self.pipe = None

    def forget(self) -> None:
        """End what is left of its family, which may hang, and give the pipes back."""
        self._close_pipe()
        if self._group:
            with suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGKILL)
            self._group = 0
        super().forget()
