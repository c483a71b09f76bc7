"""What every test may use: a station folder of its own, a real Redis, a real simulator, and patience with an end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import django
import hypothesis
import pytest
import redis
from django.conf import settings

from station.parent.redis_server import redis_command
from tests.afterlife import guard

# Examples share the machine with other tests, so time per example says nothing.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile("default")

GUARD: Final = pytest.StashKey[subprocess.Popen[bytes]]()
PROJECT_DIR: Final = Path(__file__).resolve().parent.parent
# They measure times, so they have the machine to themselves.
ALONE: Final = ("bench", "faults/test_born_in_1970.py", "hardware/test_discovery.py")
# Settings are read once and before the first test, so the folder exists before Django does.
TEST_DATA_DIR: Final = Path(tempfile.mkdtemp(prefix="station-tests-"))
os.environ.update(
    DJANGO_SETTINGS_MODULE="station.settings",
    STATION_DATA_DIR=str(TEST_DATA_DIR),
    STATION_REDIS_URL=f"unix://{TEST_DATA_DIR}/run/redis.sock?db=0",
    STATION_ROLE="tool",
)
for leftover in ("STATION_LINES", "STATION_READER", "STATION_BOOT_ID", "DATABASE_URL"):
    os.environ.pop(leftover, None)
# tests/faults/test_postgresql.py runs the tests of the record a second time, on a server.
if os.environ.get("TESTS_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TESTS_DATABASE_URL"]


def pytest_configure(config: pytest.Config) -> None:
    django.setup()
    config.stash[GUARD] = guard()
    # The real hash takes a quarter of a second on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each process of tests gets a folder of its own, see above: it must not find the settings of this one."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.fuzz)
        if any(item.path.is_relative_to(PROJECT_DIR / "tests" / folder) for folder in ALONE):
            item.add_marker(pytest.mark.alone)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[GUARD].communicate(timeout=20)
    shutil.rmtree(TEST_DATA_DIR, ignore_errors=True)


def wait_until(predicate: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Look every 10 ms until `predicate()` is true; AssertionError after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < deadline, f"not true within {timeout_s} s: {predicate}"
        # The one place that waits: every test waits for a fact through it.
        time.sleep(0.01)


@pytest.fixture
def wait_for() -> Callable[[Callable[[], object], float], None]:
    """`wait_for(predicate, timeout_s)`."""
    return wait_until


@contextmanager
def running(*command: str | Path, environ: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A child with its output as text; ended in order, killed after 10 s."""
    child = subprocess.Popen(
        [str(word) for word in command],
        cwd=PROJECT_DIR,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def line_with(child: subprocess.Popen[str], start: str) -> str:
    """Read the child's output up to the line that begins with `start`; AssertionError when it ends before."""
    seen: list[str] = []
    assert child.stdout is not None
    for line in child.stdout:
        seen.append(line)
        if line.startswith(start):
            return line.strip()
    raise AssertionError(f"{child.args!r} ended without {start!r}:\n{''.join(seen)}")


@contextmanager
def running_redis(socket: Path) -> Iterator[subprocess.Popen[str]]:
    """A Redis of its own that listens on `socket`."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    with running(*redis_command(socket)) as child:
        wait_until(socket.exists)
        yield child


@pytest.fixture(scope="session")
def redis_of_the_session() -> Iterator[str]:
    """The address of the Redis that settings.REDIS_URL names, running for the whole session."""
    with running_redis(TEST_DATA_DIR / "run" / "redis.sock"):
        yield os.environ["STATION_REDIS_URL"]


@pytest.fixture(autouse=True)
def nothing_is_left() -> None:
    """A test finds no file that the test before had the station write, and no reading or sign of life of it."""
    for name in ("backups", "dumps", "firmware", "security", "uploads"):
        shutil.rmtree(TEST_DATA_DIR / name, ignore_errors=True)
    if (TEST_DATA_DIR / "run" / "redis.sock").exists():
        with redis.Redis.from_url(os.environ["STATION_REDIS_URL"]) as client:
            client.flushall()


@pytest.fixture
def redis_server(redis_of_the_session: str) -> str:
    """The address of a Redis that runs."""
    return redis_of_the_session


@dataclass(frozen=True)
class SimulatedStation:
    """A running simulator: its folder with `dev/bus1` and so on, and the address of its calls."""

    data_dir: Path
    url: str


@pytest.fixture
def station_simulator() -> Iterator[Callable[[str], SimulatedStation]]:
    """`station_simulator("default")` starts that station on a free port; all are ended after the test."""
    folder = Path(tempfile.mkdtemp(prefix="station-sim-"))
    children: list[subprocess.Popen[str]] = []

    def start(file: str = "default") -> SimulatedStation:
        data_dir = folder / str(len(children))
        data_dir.mkdir()
        command = [sys.executable, "-m", "hardware.simulator", file, "--data-dir", str(data_dir), "--port", "0"]
        children.append(subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True))
        return SimulatedStation(data_dir, line_with(children[-1], "simulator ready ").rpartition(" ")[2])

    yield start
    for child in children:
        child.terminate()
        child.communicate(timeout=10)
    shutil.rmtree(folder, ignore_errors=True)
