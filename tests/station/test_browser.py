"""A whole station with its own screen in a real Chromium, killed in every way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from station.parent.browser import program_path
from tests.conftest import PROJECT_DIR, wait_until
from tests.station.test_start import RunningStation, clean_environ, command, free_port

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Page, sync_playwright

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not program_path(), reason="Chromium is not installed")]
READY_WITHIN_S = 90
AGAIN_WITHIN_S = 20


def family(station: RunningStation) -> dict[str, list[int]]:
    """The browser's processes by --type; "" is the browser itself."""
    mark = f"--user-data-dir={station.data_dir}/run/browser"
    found: dict[str, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().replace("\0", " ").split()  # children of the zygote join theirs
        except OSError:
            continue
        if mark in words and "station.parent.pipe_ends" not in words:
            kind = next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "")
            found.setdefault(kind, []).append(int(folder.name))
    return found


def painted_age_s(station: RunningStation) -> float:
    """How long ago the screen has said that it shows the newest picture; infinite when it never did."""
    return float((station.health() or {"heartbeats": {}})["heartbeats"].get("screen", "inf"))


def shows_since(station: RunningStation, moment_s: float) -> bool:
    """Whether the screen has painted the newest picture after *moment_s* (monotonic)."""
    asked_s = time.monotonic()
    return asked_s - painted_age_s(station) > moment_s


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStation]:
    data_dir, port = tmp_path_factory.mktemp("b"), free_port()
    words = command(data_dir, port, "--simulate", "default", "--browser=headless")
    with (data_dir / "said").open("w") as said:
        program = subprocess.Popen(words, cwd=PROJECT_DIR, env=clean_environ(), stdout=said, text=True)
    running = RunningStation(data_dir, program, port)
    try:
        wait_until(lambda: shows_since(running, 0.0), READY_WITHIN_S)
        yield running
    finally:
        running.end()
    assert program.returncode == 0
    assert family(running) == {}


@pytest.mark.parametrize("kind", ["renderer", "gpu-process", ""])
def test_the_screen_shows_the_truth_again_after_a_kill(station: RunningStation, kind: str) -> None:
    wait_until(lambda: kind in family(station), AGAIN_WITHIN_S)
    for pid in family(station)[kind]:
        os.kill(pid, signal.SIGKILL)
    killed_s = time.monotonic()
    wait_until(lambda: shows_since(station, killed_s), AGAIN_WITHIN_S)
    assert shows_since(station, killed_s)


def test_the_screen_shows_the_truth_again_after_a_stop(station: RunningStation) -> None:
    pids = [pid for found in family(station).values() for pid in found]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: painted_age_s(station) > 3.0, AGAIN_WITHIN_S)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    resumed_s = time.monotonic()
    wait_until(lambda: shows_since(station, resumed_s), AGAIN_WITHIN_S)
    assert shows_since(station, resumed_s)


def test_only_the_browser_of_the_station_may_command(station: RunningStation) -> None:
    def asked(headers: dict[str, str]) -> dict[str, Any]:
        with connect(f"ws://127.0.0.1:{station.port}/ws/kiosk/", additional_headers=headers) as wire:
            wire.send('{"action": "stop", "connector": 1, "request": "r"}')
            while (told := json.loads(wire.recv(10)))["kind"] != "answer":
                pass
            return dict(told)

    port_file = station.data_dir / "run/browser/DevToolsActivePort"
    wait_until(port_file.exists, AGAIN_WITHIN_S)
    port, _, path = port_file.read_text().partition("\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.connect_over_cdp(f"ws://127.0.0.1:{port}{path.strip()}")
        page: Page = browser.contexts[0].pages[0]
        wait_until(lambda: page.locator(".tile").count() == 4, AGAIN_WITHIN_S)
        assert urlpath(page) == "/"
        assert page.evaluate("document.cookie").count("station_screen") == 0
        [cookie] = [each for each in browser.contexts[0].cookies() if each.get("name") == "station_screen"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert asked({})["refusal"] == "not_at_cabinet"
    assert asked({"Cookie": "station_screen=wrong"})["refusal"] == "not_at_cabinet"
    assert asked({"Cookie": f"station_screen={cookie['value']}"})["refusal"] == "nothing_to_stop"


def urlpath(page: Page) -> str:
    return "/" + page.url.partition("://")[2].partition("/")[2]
