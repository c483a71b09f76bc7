from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from station.parent.again import arguments_again
from station.parent.restart_socket import RestartSocket
from tests.conftest import wait_until
from tests.station.test_start import PARTS, started


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["-m", "station", "--data-dir", "D"], ["-m", "station", "--data-dir", "D"]),
        (["-m", "station", "--central-system", "ws://a", "--data-dir", "D"], ["-m", "station", "--data-dir", "D"]),
        (["-m", "station", "--central-system=ws://a", "--data-dir", "D"], ["-m", "station", "--data-dir", "D"]),
        (["-m", "station", "--central-system", "--central-system", "--data-dir"], ["-m", "station", "--data-dir"]),
    ],
)
def test_what_was_said_at_the_first_start_only_is_not_said_again(arguments: list[str], kept: list[str]) -> None:
    assert arguments_again(arguments) == kept


def say(data_dir: Path, word: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.sendto(word, str(data_dir / "run" / "parent.sock"))


def test_one_word_is_obeyed_and_everything_else_ignored(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with closing(RestartSocket(tmp_path)), closing(RestartSocket(tmp_path)) as heard:  # takes over from one that died
        heard.read()
        for word in (b"", b"stop", b"restart now", b"r" * 1000):
            say(tmp_path, word)
            heard.read()
        assert not heard.wanted
        say(tmp_path, b"restart")
        heard.read()
        assert heard.wanted


def test_where_it_cannot_be_bound_no_socket_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to("/proc")  # where nobody may put anything
    open_before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match=r"No such file|not permitted"):
        RestartSocket(tmp_path)
    assert sorted(Path("/proc/self/fd").iterdir()) == open_before


def test_everything_is_started_again_under_the_same_pid_and_port(tmp_path: Path) -> None:
    with started(tmp_path) as station:
        wait_until(station.health, 15)
        before = station.pids()
        say(tmp_path, b"restart")
        wait_until(lambda: not set(before) & set(station.pids()), 20)
        wait_until(lambda: all(station.pid_of(part) for part in PARTS), 20)
        asked_s = time.monotonic()
        wait_until(station.health, 20)  # at the same address, which nobody else could take meanwhile
        assert station.program.poll() is None
        assert time.monotonic() - asked_s < 20
        assert "everything is started again" in station.end()
