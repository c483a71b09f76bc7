"""What does the worker `links` outlive? Its campaigns (tests/faults/links.py), each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

from .machine import surroundings
from .measurement import Effort, Measurement
from .stations import PROJECT_DIR

SEED: Final = 20_261_126


def links_kills(effort: Effort) -> Measurement:
    """F2 and F16: a session for every kill and every cut."""
    found = _campaign("kills", *effort.of(("--points", "2"), (), ()))
    bar = "0 violations of I1-I4 and I6, killed or cut at every send, receive and commit"
    value = float(found["violations"])
    return Measurement(name="links_kills", value=value, unit="violations", bar=bar, ok=found["ok"], details=found)


def links_frames(effort: Effort) -> Measurement:
    """N6: injured frames; the bar is for ten minutes."""
    found = _campaign("frames", "--seconds", str(effort.of(2, 120, 600)))
    bar = "< 10 MB more memory; 0 loop deaths, 0 unanswered, 0 links lost"
    value = float(found["growth_mb"])
    return Measurement(name="links_frames", value=value, unit="MB", bar=bar, ok=found["ok"], details=found)


def _campaign(name: str, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.faults.links", name, "--seed", str(SEED), *more]
    done = subprocess.run(command, cwd=PROJECT_DIR, check=False, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**found, **surroundings()}
