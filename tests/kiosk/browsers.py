"""A running kiosk on fixed snapshots, and a browser in front of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from charging.snapshot import Snapshot
from kiosk import push
from kiosk.push import plain_face
from tests.conftest import PROJECT_DIR

CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SIZES: Final = {"1024x600": (1024, 600), "800x480": (800, 480), "600x1024": (600, 1024)}


@dataclass(frozen=True)
class FileKiosk:
    """A daphne that shows what `show` was given last."""

    url: str
    folder: Path

    def show(self, snapshot: Snapshot) -> None:
        self._replace("snapshot.json", snapshot)
        self._ring()

    def wear(self, **settings: Any) -> None:
        """Show the face of the screen with these settings, the others as they are by themselves."""
        self._replace("face.json", plain_face() | settings)
        self._ring()

    def _ring(self) -> None:
        bell = self.folder / "bell"
        if not bell.exists():
            os.mkfifo(bell)
        pipe = os.open(bell, os.O_RDWR | os.O_NONBLOCK)
        os.write(pipe, b"!")
        os.close(pipe)

    def draw(self, number: int, transaction: int, points: list[tuple[float, int]]) -> None:
        """What the station has sampled of a transaction."""
        self._replace(f"curve-{number}.json", {"transaction": transaction, "points": points})

    def answer_with(self, *, accepted: bool, refusal: str = "") -> None:
        self._replace("answer.json", {"accepted": accepted, "refusal": refusal})

    def asked(self) -> list[dict[str, Any]]:
        notes = self.folder / "asked.jsonl"
        return [json.loads(line) for line in notes.read_text("utf-8").splitlines()] if notes.exists() else []

    def _replace(self, name: str, content: Any) -> None:
        draft = self.folder / f"{name}.draft"
        draft.write_text(json.dumps(content), "utf-8")
        draft.replace(self.folder / name)


@contextmanager
def running_kiosk(first: Snapshot, port: int = 0, closest_s: float = push.CLOSEST_S) -> Iterator[FileKiosk]:
    """On *first*; it sends what is shown later no faster than every *closest_s*."""
    with tempfile.TemporaryDirectory(prefix="kiosk-") as name:
        kiosk = FileKiosk("", Path(name))
        kiosk.show(first)
        kiosk.answer_with(accepted=True)
        with served(kiosk.folder, port, closest_s) as url:
            yield FileKiosk(url, kiosk.folder)


@contextmanager
def served(folder: Path, port: int = 0, closest_s: float = push.CLOSEST_S) -> Iterator[str]:
    """The kiosk's web process on `folder`; yields its address, which answers at once: the socket is ours."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        number = listening.fileno()
        command = [sys.executable, "-m", "daphne", "--fd", str(number), "-v", "0", "tests.kiosk.harness:application"]
        environ = {**os.environ, "KIOSK_FOLDER": str(folder), "KIOSK_CLOSEST_S": str(closest_s), "STATION_ROLE": "web"}
        web = subprocess.Popen(command, cwd=PROJECT_DIR, env=environ, pass_fds=(number,))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            web.kill()
            web.wait()


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


def opened(browser: Browser, url: str, size: tuple[int, int] = (1024, 600)) -> Page:
    """A page of its own context (cookies, cache) at `url`."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(url)
    return page
