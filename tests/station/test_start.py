from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from station.parent.plan import ALLOCATOR
from tests.conftest import PROJECT_DIR, wait_until

PARTS = ("redis", "controllers", "links", "web")


@dataclass
class RunningStation:
    """A whole station of its own, without lines; `lines` grows as it speaks."""

    data_dir: Path
    program: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)

    def pids(self) -> dict[int, str]:
        """Its children: process id and command line, from /proc."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            if parent == self.program.pid:
                found[int(folder.name)] = command
        return found

    def pid_of(self, part: str) -> int | None:
        marks = {"redis": "redis.sock", "controllers": "controllers@", "links": "links@", "web": "station.web"}
        return next((pid for pid, command in self.pids().items() if marks[part] in command), None)

    def health(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                body = answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                body = refused.read()
        except OSError:
            return None
        found: dict[str, Any] = json.loads(body)
        return found

    def end(self) -> str:
        self.program.send_signal(signal.SIGTERM)
        return self.program.communicate(timeout=20)[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def command(data_dir: Path, port: int, *more: str) -> list[str]:
    return [sys.executable, "-m", "station", "--data-dir", str(data_dir), "--http-port", str(port), *more]


def refusal(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a start that must not succeed."""
    found = subprocess.run(
        arguments, cwd=PROJECT_DIR, env=clean_environ(), capture_output=True, text=True, timeout=20, check=False
    )
    return found.returncode, found.stdout + found.stderr


def clean_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}


@contextmanager
def started(data_dir: Path) -> Iterator[RunningStation]:
    port = free_port()
    program = subprocess.Popen(
        command(data_dir, port), cwd=PROJECT_DIR, env=clean_environ(), stdout=subprocess.PIPE, text=True
    )
    station = RunningStation(data_dir, program, port)
    try:
        wait_until(lambda: all(station.pid_of(part) for part in PARTS), 15)
        yield station
    finally:
        if program.poll() is None:
            station.end()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStation]:
    with started(tmp_path_factory.mktemp("s")) as running:
        wait_until(running.health, 15)
        yield running


def test_it_keeps_its_folder_private(station: RunningStation) -> None:
    modes = {
        name: stat.S_IMODE((station.data_dir / name).stat().st_mode)
        for name in (".", "secret_key", "station.sqlite3", "run/redis.sock")
    }
    assert modes == {".": 0o700, "secret_key": 0o600, "station.sqlite3": 0o600, "run/redis.sock": 0o700}


def test_it_says_in_a_sentence_what_is_missing_until_connectors_can_charge(station: RunningStation) -> None:
    health = station.health()
    assert health is not None
    assert health["healthy"] or health["problems"]
    assert all(sentence.endswith(".") for sentence in health["problems"])


def test_it_proves_that_messages_reach_both_workers(station: RunningStation) -> None:
    def canaries() -> bool:
        return {"canary.links", "canary.controllers"} <= set((station.health() or {}).get("heartbeats", {}))

    wait_until(canaries, 20)
    assert canaries()


def test_it_refuses_a_second_station_in_the_same_folder(station: RunningStation) -> None:
    code, text = refusal(*command(station.data_dir, 0))
    assert code == 1
    assert text.startswith("A station already runs in ")
    assert str(station.program.pid) in text


def test_it_refuses_an_occupied_web_port_before_anything_is_started(station: RunningStation, tmp_path: Path) -> None:
    code, text = refusal(*command(tmp_path / "other", station.port))
    assert code == 1
    assert text.strip() == (
        f"Port {station.port} on 127.0.0.1 is in use by another program: stop it, or choose another --http-port."
    )
    assert not (tmp_path / "other" / "station.sqlite3").exists()


def test_it_keeps_the_parent_free_of_django(station: RunningStation) -> None:
    mapped = Path(f"/proc/{station.program.pid}/smaps_rollup").read_text()
    used_kb = sum(int(line.split()[1]) for line in mapped.splitlines() if line.startswith("Private_"))
    assert used_kb < 16_000


@pytest.mark.parametrize("part", ["controllers", "web", "links"])
def test_each_part_keeps_one_heap_for_all_its_threads(station: RunningStation, part: str) -> None:
    told = Path(f"/proc/{station.pid_of(part)}/environ").read_bytes().split(b"\0")
    assert {f"{name}={value}".encode() for name, value in ALLOCATOR.items()} <= set(told)


@pytest.mark.parametrize("part", PARTS)
def test_it_starts_again_what_died(station: RunningStation, part: str) -> None:
    dead = station.pid_of(part)
    assert dead is not None
    os.kill(dead, signal.SIGKILL)
    wait_until(lambda: station.pid_of(part) not in {None, dead}, 10)
    assert station.pid_of(part) != dead


def test_it_stops_in_order(tmp_path: Path) -> None:
    with started(tmp_path) as station:
        children = station.pids()
        text = station.end()
        assert station.program.returncode == 0
        assert text.rstrip().endswith("stopped")
        assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def test_it_stops_although_nobody_reads_what_it_prints_and_sigint_was_ignored(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    os.write(write_end, b"x" * 4096)  # full from the beginning
    program = subprocess.Popen(
        command(tmp_path, 0),
        cwd=PROJECT_DIR,
        env=clean_environ(),
        stdout=write_end,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509 - as a script's background job
    )
    station = RunningStation(tmp_path, program, 0)  # type: ignore[arg-type] # nothing of it is read as text
    try:
        wait_until(lambda: all(station.pid_of(part) for part in PARTS), 15)
        children = station.pids()
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
        assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    finally:
        program.kill()
        program.wait()
        os.close(read_end)
        os.close(write_end)


def test_it_takes_its_children_along_when_it_is_killed_and_starts_again_in_the_same_folder(tmp_path: Path) -> None:
    with started(tmp_path) as station:
        children = station.pids()
        station.program.kill()
        station.program.communicate()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    with started(tmp_path) as again:
        wait_until(again.health, 15)
        assert "first technician" not in again.end()


def test_it_does_not_start_on_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "station.sqlite3").write_bytes(b"no database" * 1000)
    code, text = refusal(*command(tmp_path, 0))
    assert code == 1
    assert "The database cannot be brought up to date" in text
    assert "the database could not be prepared" in text


@pytest.mark.parametrize(("address", "code"), [("http://user:geheim@127.0.0.1", 2), ("ws://user:geheim@127.0.0.1", 1)])
def test_it_does_not_start_with_what_is_no_central_system_and_does_not_repeat_it(
    tmp_path: Path, address: str, code: int
) -> None:
    ended, text = refusal(*command(tmp_path, 0, "--central-system", address))
    assert ended == code
    assert "no address of a central system: write it as ws" in text
    assert "geheim" not in text


def test_it_does_not_start_on_a_simulated_station_that_does_not_exist(tmp_path: Path) -> None:
    code, text = refusal(*command(tmp_path, 0, "--simulate", "nonesuch"))
    assert code == 1
    assert "the simulated station nonesuch did not start" in text
