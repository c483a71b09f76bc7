"""The parent's side of the screen: what it says to the browser, when it starts it again, where it is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from station.parent import browser_pipe
from station.parent.browser import Browser, command
from station.parent.browser_pipe import BrowserPipe
from station.parent.impossible import StartImpossible
from station.parent.options import options_of
from station.parent.screen import BEHIND_S, SILENT_S, Screen, key_of

HOME = "http://127.0.0.1:8000/"
PAGE = {"targetId": "T1", "type": "page"}


@dataclass
class FarEnd:
    """The browser's ends of the pipes."""

    pipe: BrowserPipe
    read_end: int
    write_end: int

    def says(self, **message: Any) -> None:
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        assert self.pipe.read()

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Methods and parameters of what arrived since the last look."""
        try:
            arrived = os.read(self.read_end, 65_536)
        except BlockingIOError:
            return []
        told = [json.loads(each) for each in arrived.split(b"\0") if each]
        return [(each["method"], each["params"]) for each in told]

    def opened(self) -> list[str]:
        return [parameters["url"] for method, parameters in self.heard() if method == "Page.navigate"]


@contextmanager
def pipe() -> Iterator[FarEnd]:
    (its_read, our_write), (our_read, its_write) = os.pipe(), os.pipe()
    os.set_blocking(its_read, False)
    ours = BrowserPipe(our_read, our_write, HOME, lambda why: f"{HOME}?why={why}")
    yield FarEnd(ours, its_read, its_write)
    ours.close()
    os.close(its_read)
    os.close(its_write)


@pytest.fixture
def far() -> Iterator[FarEnd]:
    """A browser that has just opened its first page."""
    with pipe() as end:
        end.says(method="Target.attachedToTarget", params={"sessionId": "S1", "targetInfo": PAGE})
        assert end.opened() == [f"{HOME}?why="]
        end.pipe._opened_s = float("-inf")
        yield end


def test_it_opens_the_page_again_when_it_crashed(far: FarEnd) -> None:
    far.says(method="Inspector.targetCrashed", sessionId="S1")
    assert far.opened() == [f"{HOME}?why=page_crashed"]


def test_it_waits_a_second_between_two_attempts(far: FarEnd) -> None:
    for _ in range(5):
        far.says(method="Inspector.targetCrashed", sessionId="S1")
    assert len(far.opened()) == 1
    assert far.pipe.open_due_s is not None
    assert 0 < far.pipe.open_due_s - time.monotonic() <= browser_pipe.AGAIN_AFTER_S
    far.pipe.open_when_due()
    assert far.opened() == []
    far.pipe.open_due_s = time.monotonic()
    far.pipe.open_when_due()
    assert far.opened() == [f"{HOME}?why=page_crashed"]


@pytest.mark.parametrize(
    "address", ["chrome-error://chromewebdata/", "https://example.org/", "file:///etc/passwd", "view-source:" + HOME]
)
def test_it_leaves_a_page_that_is_not_the_stations(far: FarEnd, address: str) -> None:
    far.says(method="Page.frameNavigated", sessionId="S1", params={"frame": {"id": "F", "url": address}})
    assert far.opened() == [f"{HOME}?why="]


def test_it_stays_where_it_belongs(far: FarEnd) -> None:
    for frame in ({"url": f"{HOME}console/"}, {"url": "about:blank"}, {"url": "https://a.example", "parentId": "F"}):
        far.says(method="Page.frameNavigated", sessionId="S1", params={"frame": frame})
    assert far.opened() == []


def test_it_closes_every_further_window_and_answers_every_dialog(far: FarEnd) -> None:
    second = {"sessionId": "S2", "targetInfo": {"targetId": "T2", "type": "page"}}
    far.says(method="Target.attachedToTarget", params=second)
    far.says(method="Page.javascriptDialogOpening", sessionId="S1", params={"type": "alert"})
    assert far.heard() == [
        ("Target.closeTarget", {"targetId": "T2"}),
        ("Page.handleJavaScriptDialog", {"accept": False}),
    ]


def test_it_hears_pieces_and_the_end(far: FarEnd) -> None:
    for piece in (b'{"method": "Inspector.tar', b'getCrashed", "sessionId": "S1"}\0{"id": 77}\0'):
        os.write(far.write_end, piece)
        assert far.pipe.read()
    assert len(far.opened()) == 1
    assert far.pipe.read()
    os.close(os.dup2(os.open(os.devnull, os.O_WRONLY), far.write_end))
    far.write_end = os.open(os.devnull, os.O_WRONLY)
    assert not far.pipe.read()


def test_a_browser_that_reads_nothing_does_not_hold_the_parent(far: FarEnd) -> None:
    for _ in range(5_000):
        far.says(method="Page.javascriptDialogOpening", sessionId="S1", params={})
    assert far.pipe.read()


# --- the judgement --------------------------------------------------------------------------------------


@pytest.fixture
def screen(tmp_path: Path) -> Screen:
    """A browser that started an hour ago."""
    found = Screen(options_of(["--data-dir", str(tmp_path), "--browser"]), ("127.0.0.1", 8000), "k" * 40)
    found.browser = Browser(["sleep"], tmp_path, lambda *_: pytest.fail("nothing is started here"))
    found.browser.started_at_s = time.monotonic() - 3600
    return found


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Browser, "lives", property(lambda _self: True))


@pytest.mark.usefixtures("living")
@pytest.mark.parametrize(
    ("heard_s", "painted_s", "reason"),
    [
        (0.5, 0.5, ""),
        (4.0, BEHIND_S - 1, ""),
        (1.0, BEHIND_S + 1, "has shown an old picture for 15 s"),
        (SILENT_S - 1, SILENT_S - 1, ""),
        (SILENT_S + 1, SILENT_S + 1, "has not reported what it shows for 30 s"),
    ],
)
def test_it_starts_a_browser_again_that_shows_nothing_true(
    screen: Screen, heard_s: float, painted_s: float, reason: str
) -> None:
    assert screen.judge({"polling": 0.1, "screen.heard": heard_s, "screen": painted_s}) == reason


@pytest.mark.usefixtures("living")
def test_it_starts_a_browser_again_that_never_reported(screen: Screen) -> None:
    assert screen.judge({"polling": 0.1}) == "has not reported what it shows for 30 s"


@pytest.mark.usefixtures("living")
def test_it_blames_nobody_while_redis_is_away_nor_right_after(screen: Screen) -> None:
    assert screen.judge({}) == ""
    assert screen.judge({"polling": 0.1}) == ""


@pytest.mark.usefixtures("living")
def test_a_browser_that_has_shown_the_truth_is_forgiven(screen: Screen) -> None:
    assert screen.browser is not None
    screen.browser.quick_ends = 4
    screen.judge({"polling": 0.1, "screen.heard": 0.1, "screen": 0.1})
    assert screen.browser.quick_ends == 0


def test_it_tells_each_cause_once_an_hour(screen: Screen) -> None:
    told = [parse_qs(urlsplit(screen._address_of("silent")).query) for _ in range(3)]
    assert told == [{"key": ["k" * 40], "why": ["silent"]}, {"key": ["k" * 40]}, {"key": ["k" * 40]}]


# --- the start ------------------------------------------------------------------------------------------


def test_a_key_is_made_at_each_start_that_shows_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, shown = (options_of(["--data-dir", str(tmp_path), *more]) for more in ([], ["--browser"]))
    assert key_of(plain) == ""
    assert len(key_of(shown)) > 40
    assert key_of(shown) != key_of(shown)
    monkeypatch.setenv("STATION_SCREEN_KEY", "g" * 40)
    assert key_of(plain) == key_of(shown) == "g" * 40


def test_the_screen_is_refused_where_it_could_not_come_over_the_loopback(tmp_path: Path) -> None:
    with pytest.raises(StartImpossible, match="give --http-host"):
        Screen(options_of(["--data-dir", str(tmp_path), "--browser"]), ("192.0.2.1", 8000), "k")
    Screen(options_of(["--data-dir", str(tmp_path)]), ("192.0.2.1", 8000), "")


def test_no_secret_is_on_the_command_line(tmp_path: Path) -> None:
    shown = command("/usr/bin/chromium", tmp_path, "127.0.0.1", "screen")
    assert shown[-1] == "about:blank"
    assert not [word for word in shown if "key" in word or "8000" in word]
    assert "--headless=new" not in shown
    assert not [word for word in shown if word.startswith("--remote-debugging-port")]
