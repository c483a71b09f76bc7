"""The simulator as a command of manage.py."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[3]


def test_it_starts_as_a_command_of_the_project(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "manage.py", "simulate", "noscreen", "--data-dir", str(tmp_path)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().startswith("simulator ready http://127.0.0.1:")
    assert [path.name for path in (tmp_path / "dev").iterdir()] == ["bus1"]
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=5)
    assert child.returncode == 0
    assert not list((tmp_path / "dev").iterdir())
