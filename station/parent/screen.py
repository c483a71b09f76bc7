"""The station's own screen as the parent sees it: a key, a browser, and whether what it shows is true."""

from __future__ import annotations

import os
import secrets
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from station.parent.browser import Browser, command, program_path
from station.parent.browser_pipe import BrowserPipe
from station.parent.impossible import StartImpossible
from station.parent.output import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from station.parent.options import Options
    from station.parent.supervision import Supervision

KEY: Final = "STATION_SCREEN_KEY"
KEY_BYTES: Final = 32
PAINTED: Final = "screen"  # the page has painted the newest picture
HEARD: Final = "screen.heard"  # the page has reported anything
SILENT_S: Final = 30.0
BEHIND_S: Final = 15.0  # it was told to load itself again after 5 s
NEXT_TELLING_S: Final = 3600.0
LOOPBACKS: Final = ("127.0.0.1", "::1", "localhost")


def key_of(options: Options) -> str:
    """What the browser must show to command the station (docs/decisions/0030); "" when no browser is ours."""
    given = os.environ.get(KEY, "")
    return given or (secrets.token_urlsafe(KEY_BYTES) if options.browser else "")


class Screen:
    """Starts the browser with the other services and judges it by the page's own reports."""

    def __init__(self, options: Options, address: tuple[str, int], key: str) -> None:
        """Raises StartImpossible when the page could not be reached over the loopback."""
        self._options = options
        self._host, port = address
        self._home = f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{port}/"
        self._key = key
        self._heard_s: dict[str, float] = {}  # monotonic: when each sign of life was last given
        self._blind_s = 0.0  # when Redis was last away
        self._told_s: dict[str, float] = {}
        self._why = ""  # of the next start
        self.browser: Browser | None = None
        if options.browser and self._host not in LOOPBACKS:
            raise StartImpossible(
                f"The station's own screen reaches it over the loopback only: give --http-host 127.0.0.1 or 0.0.0.0 "
                f"with --browser, not {self._host}."
            )

    def start(self, supervision: Supervision) -> None:
        """Start the browser, if one was asked for. A station without a browser charges all the same."""
        if not self._options.browser:
            return
        program = program_path()
        if not program:
            say("no Chromium was found, so the screen stays dark: install the package chromium")
            return
        profile = self._options.data_dir / "run" / "browser"
        argv = command(program, profile, self._host, self._options.browser)
        self.browser = Browser(argv, profile, self._pipe)
        self.browser.watch_with(supervision.selector)
        say("starting browser ...")
        supervision.start(self.browser)

    def _pipe(self, read_end: int, write_end: int) -> BrowserPipe:
        pipe = BrowserPipe(read_end, write_end, self._home, self._address_of)
        pipe.open(self._why)
        self._why = ""
        return pipe

    def _address_of(self, why: str) -> str:
        """Where the browser shows its key; the station journals `why`, once an hour for each cause."""
        now_s = time.monotonic()
        if why and now_s - self._told_s.get(why, float("-inf")) < NEXT_TELLING_S:
            why = ""
        if why:
            self._told_s[why] = now_s
        return f"{self._home}screen?{urlencode({'key': self._key, 'why': why})}"

    def ended(self) -> None:
        """The browser has ended; it is started again."""
        self._why = self._why or "ended"

    @property
    def due_s(self) -> float:
        """Seconds until something is to be done; infinite when nothing is."""
        pipe = self.browser.pipe if self.browser else None
        due_s = pipe.open_due_s if pipe else None
        return float("inf") if due_s is None else max(due_s - time.monotonic(), 0.0)

    def turn(self) -> None:
        """Do what is due."""
        if self.browser is not None and self.browser.pipe is not None:
            self.browser.pipe.open_when_due()

    def judge(self, ages_s: Mapping[str, float]) -> str:
        """Why the browser must be started again, by the ages of all signs of life; "" when it need not.

        Without any sign Redis is away, and nothing is known of the screen.
        """
        now_s = time.monotonic()
        if not ages_s:
            self._blind_s = now_s
        if self.browser is None or not self.browser.lives or not ages_s:
            return ""
        self._heard_s |= {name: now_s - ages_s[name] for name in (PAINTED, HEARD) if name in ages_s}
        if self._heard_s.get(PAINTED, 0.0) > self.browser.started_at_s:
            self.browser.quick_ends = 0  # it has shown the truth: its next end is forgiven
        if self._silence_s(HEARD, now_s) > SILENT_S:
            self._why = "silent"
            return f"has not reported what it shows for {SILENT_S:.0f} s"
        if self._silence_s(PAINTED, now_s) > BEHIND_S and self._silence_s(HEARD, now_s) < BEHIND_S:
            self._why = "behind"
            return f"has shown an old picture for {BEHIND_S:.0f} s"
        return ""

    def _silence_s(self, name: str, now_s: float) -> float:
        started_s = self.browser.started_at_s if self.browser else 0.0
        return now_s - max(self._heard_s.get(name, 0.0), started_s, self._blind_s)
