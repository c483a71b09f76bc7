"""What the parent says to the browser it started, and hears from it: the DevTools protocol over two pipes.

Nobody else has their ends, so nobody else can command the browser, and no secret is on a command line that every
account may read. Messages are JSON, each ended by a zero byte (chromedevtools.github.io/devtools-protocol).
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_MESSAGE_BYTES: Final = 1_048_576
READ_BYTES: Final = 65_536
AGAIN_AFTER_S: Final = 1.0  # between two attempts to open the page


class BrowserPipe:
    """Keeps one page open at the station's address: no second window, no dialog, no file chooser, no way out."""

    def __init__(self, read_end: int, write_end: int, home: str, address_of: Callable[[str], str]) -> None:
        """`home` is the beginning of every address that may be shown; `address_of` gives where to go, and why."""
        self.read_end = read_end
        self._write_end = write_end
        self._home = home
        self._address_of = address_of
        self._tail = b""
        self._count = 0
        self._session = ""  # of the one page
        self._opening = -1  # the number of our last request to open the page
        self._opened_s = float("-inf")  # monotonic, like all times here
        self._why = ""
        self.open_due_s: float | None = None
        self.closed = False
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        self._say("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self._say("Browser.setDownloadBehavior", behavior="deny")

    def read(self) -> bool:
        """Take what arrived; False when the browser has closed its end."""
        try:
            arrived = os.read(self.read_end, READ_BYTES)
        except BlockingIOError:
            return True
        *messages, self._tail = (self._tail + arrived).split(b"\0")
        if not arrived or len(self._tail) > LARGEST_MESSAGE_BYTES:
            return False
        for message in messages:
            self._hear(json.loads(message))
        return True

    def open(self, why: str = "") -> None:
        """Show the station's page (again), at most once in AGAIN_AFTER_S."""
        self._why = self._why or why
        self.open_due_s = max(time.monotonic(), self._opened_s + AGAIN_AFTER_S)
        self.open_when_due()

    def open_when_due(self) -> None:
        """Do what open() has put off."""
        if self.open_due_s is None or time.monotonic() < self.open_due_s or not self._session:
            return
        self._opening = self._say("Page.navigate", self._session, url=self._address_of(self._why))
        self._opened_s, self.open_due_s, self._why = time.monotonic(), None, ""

    def close(self) -> None:
        """Give the pipes back."""
        if not self.closed:
            self.closed = True
            os.close(self.read_end)
            os.close(self._write_end)

    def _hear(self, told: dict[str, Any]) -> None:
        parameters, session = told.get("params", {}), told.get("sessionId", "")
        match told.get("method"):
            case "Target.attachedToTarget":
                self._meet(parameters["sessionId"], parameters["targetInfo"])
            case "Inspector.targetCrashed":
                self.open("page_crashed")
            case "Page.javascriptDialogOpening":
                self._say("Page.handleJavaScriptDialog", session, accept=False)
            case "Page.frameNavigated":
                self._stay(parameters["frame"])
            case None if told.get("id") == self._opening and told.get("result", {}).get("errorText"):
                self.open()

    def _meet(self, session: str, target: dict[str, Any]) -> None:
        """The first page is the screen; whatever else opens is closed."""
        if target["type"] != "page":
            return
        if self._session:
            self._say("Target.closeTarget", targetId=target["targetId"])
            return
        self._session = session
        self._say("Inspector.enable", session)
        self._say("Page.enable", session)
        self._say("Page.setInterceptFileChooserDialog", session, enabled=True)
        self.open()

    def _stay(self, frame: dict[str, Any]) -> None:
        """A page of somebody else, or the browser's own, is left at once."""
        if "parentId" not in frame and not str(frame.get("url", "")).startswith((self._home, "about:blank")):
            self.open()

    def _say(self, method: str, session: str = "", **parameters: Any) -> int:
        """Send one message, unless the browser does not read any more; its number."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        try:
            os.write(self._write_end, json.dumps(message).encode() + b"\0")
        except (BlockingIOError, BrokenPipeError):
            return 0
        return self._count
