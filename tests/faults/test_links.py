"""What `links` outlives, in short: kills, cuts and some seconds of injured frames, all chosen by a printed seed."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

import hypothesis
import pytest

from tests.conftest import PROJECT_DIR
from tests.faults import links_session
from tests.faults.links_session import CARD, Played

SEED: Final = 20_261_126
POINTS: Final = "6"
SECONDS: Final = 8.0
AT: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLAYED: Final = Played(begun_at=AT, ended_at=AT, start_wh=1000, stop_wh=1007, interval="1001")


def campaign(*words: str) -> dict[str, Any]:
    """What it found."""
    command = [sys.executable, "-m", "tests.faults.links", *words]
    done = subprocess.run(command, cwd=PROJECT_DIR, check=False, capture_output=True, text=True)
    sys.stdout.write(done.stdout)
    assert done.stdout.endswith("}\n"), done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_nothing_is_lost_or_told_twice_wherever_it_is_killed_or_cut() -> None:
    found = campaign("kills", "--points", POINTS, "--seed", str(SEED))
    assert (found["ok"], found["first"]) == (True, [])
    assert found["struck"] >= int(POINTS)
    assert found["kill_points"] > 60
    assert found["cuts"] > 40


def test_no_change_of_credentials_locks_the_station_out_wherever_it_is_killed() -> None:
    found = campaign("credentials", "--points", POINTS, "--seed", str(SEED))
    assert (found["ok"], found["first"]) == (True, [])
    assert found["struck"] > 0
    assert found["kill_points"] > 40


@pytest.mark.fuzz
def test_injured_frames_end_no_loop_and_leave_no_call_unanswered(capsys: pytest.CaptureFixture[str]) -> None:
    long = hypothesis.settings.get_current_profile_name() == "fuzz"
    seed = secrets.randbits(32) if long else SEED
    seconds = float(os.environ.get("FUZZ_SECONDS", "600")) if long else SECONDS
    with capsys.disabled():
        found = campaign("frames", "--seconds", str(seconds), "--seed", str(seed))
    assert (found["ok"], found["wrong"]) == (True, [])


def told(**changes: Any) -> Any:
    """The transaction as the central system's ledger has it."""
    start = {"timestamp": "2026-06-01T12:00:00Z"}
    stop = {"timestamp": "2026-06-01T12:00:09Z", "meterStop": 1007}
    known = {"transaction_id": 1, "start": start, "stop": stop, "meter_start_wh": 1000, "started_at": AT}
    of_whom = {"reason": "Remote", "id_tag": CARD, "starts": [start], "stops": [stop]}
    return SimpleNamespace(**{**known, **of_whom, **changes})


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("", {}),
        ("I1", {"stop": None}),
        ("I1", {"reason": "Other"}),
        ("I1", {"id_tag": "SOMEBODY"}),
        ("I2", {"meter_start_wh": 1001}),
        ("I2", {"started_at": AT.replace(hour=11)}),
        ("I6", {"starts": [{}, {}, {}]}),
    ],
)
def test_the_judge_names_what_was_spoiled(rule: str, changes: dict[str, Any]) -> None:
    transaction = told(**changes)
    found = [*links_session._whole(transaction, PLAYED), *links_session._seldom(transaction)]
    assert {sentence.partition(":")[0] for sentence in found} == ({rule} if rule else set())


@pytest.mark.parametrize("count", [0, 2])
def test_the_judge_wants_each_session_once(count: int) -> None:
    assert links_session.broken(PLAYED, [told()] * count)[0].startswith("I1: ")
