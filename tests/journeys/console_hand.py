"""A technician's hand: calls of charging.services in a child, with the environment of a running station.

`python -m tests.journeys.console_hand` reads one JSON object a line, {"call": name, ...arguments}, and answers one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Final

PROJECT_DIR: Final = Path(__file__).resolve().parent.parent.parent
WHO: Final = "technician of the journey"


class Hand:
    """The child; started at the first call, ended with `close`."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.console_hand"],
            cwd=PROJECT_DIR,
            env={**environ, "STATION_ROLE": "tool"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Call services.*name*; {"accepted": ..., "refusal": ...}. AssertionError when the child has ended."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps({"call": name, **arguments}) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line, f"The child that should call {name} has ended."
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.communicate()


def environ_of(pid: int) -> dict[str, str]:
    """The environment of another program of ours."""
    words = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {**dict(os.environ), **dict(word.split("=", 1) for word in words if "=" in word)}


def answers(lines: IO[str]) -> None:
    """Carry out what the lines say, until they end."""
    from charging import services  # noqa: PLC0415 - Django is set up by then

    for line in lines:
        asked = json.loads(line)
        answer = getattr(services, asked.pop("call"))(**asked, who=WHO)
        told = {
            "accepted": getattr(answer, "accepted", True),
            "refusal": getattr(answer, "refusal", ""),
            "id": getattr(answer, "pk", None),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import django

    django.setup()
    answers(sys.stdin)
