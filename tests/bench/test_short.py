"""Do the measurements run? A few seconds of each kind; the bars themselves are judged by `make bench`."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Final

import pytest

from station.parent import browser

from . import __main__ as bench
from . import alone, emergencies, hostile, lines, screens
from . import beside as besides
from .beside import BESIDE
from .machine import machine_class
from .measurement import Effort, Measurement, share_of, spread_ms
from .report import table
from .rows import ROWS

pytestmark = pytest.mark.bench_short

ONE: Final = Measurement(name="one", value=1.5, unit="s", bar="<= 2 s", ok=True, details={"n": 3})


def test_it_reads_a_line_without_a_wrong_value() -> None:
    found = lines.poll_one_line(Effort.SHORT)
    sys.stdout.write(f"seed {lines.SEED} {found.line()}\n")
    assert found.details["wrong_values"] == 0
    assert found.value is not None
    assert 0.2 < found.value <= 1.01


def test_it_stops_every_line_in_an_emergency() -> None:
    found = emergencies.estop_to_wire(Effort.SHORT)
    sys.stdout.write(f"seed {emergencies.SEED} {found.line()}\n")
    assert found.details["n"] == 5
    assert found.value is not None
    assert 0 < found.value < 2_000


@pytest.mark.skipif(not browser.program_path(), reason="Chromium is not installed")
def test_the_screen_shows_the_truth_again() -> None:
    found = screens.screen_recovers(Effort.SHORT)
    sys.stdout.write(f"{found.line()}\n")
    assert found.details["stale_pictures"] == 0
    assert found.value is not None


@pytest.mark.skipif(not browser.program_path(), reason="Chromium is not installed")
def test_a_hostile_client_of_the_screen_reaches_nothing() -> None:
    found = hostile.hostile_screen(Effort.SHORT)
    sys.stdout.write(f"{found.line()}\n")
    assert found.details["wrong"] == []


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([1.0], 0.99, 1.0), ([3.0, 1.0, 2.0], 0.5, 2.0), ([float(n) for n in range(100)], 0.99, 99.0)],
)
def test_it_takes_the_value_that_a_share_did_not_exceed(values: list[float], share: float, expected: float) -> None:
    assert share_of(values, share) == expected


def test_it_tells_nothing_of_nothing() -> None:
    assert spread_ms([]) == {"n": 0}


def test_it_names_a_class_of_machines_and_no_machine() -> None:
    assert machine_class().split(", ")[-1].startswith("Python 3.")


def test_it_says_plainly_that_a_bar_was_missed() -> None:
    stamp = {"date": "2026-11-22", "commit": "abc", "machine": "2-core x86", "effort": "normal"}
    missed = Measurement(name="two", value=None, unit="", bar="<= 1", ok=False, details={"broke_off": "why"})
    told = table([asdict(row) | {"measured": stamp} for row in (ONE, missed)])
    assert "| `one` | 1.5 s | <= 2 s | yes | 2026-11-22, commit abc, normal, 2-core x86 |" in told
    assert "| `two` | not measured | <= 1 | **no** | 2026-11-22" in told


def test_it_has_every_row_of_the_promise() -> None:
    assert len(ROWS) == 25
    assert list(ROWS)[-len(BESIDE) :] == list(BESIDE)


class NobodyExpectsError(Exception):
    """None of the errors that a row is known to end by."""


def _breaks_off(_effort: Effort) -> Measurement:
    raise NobodyExpectsError("the page went away")


def _hangs(_effort: Effort) -> Measurement:
    threading.Event().wait(60.0)
    return ONE


def test_a_row_that_breaks_off_stops_no_other_and_is_not_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "ROWS", {"two": _breaks_off, "one": lambda _effort: ONE})
    monkeypatch.setattr(sys, "argv", ["bench", "two", "one"])
    monkeypatch.setattr(bench, "unwind_when_told", lambda: None)
    assert bench.main() == bench.FAILED
    two, one = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (two["ok"], two["value"]) == (False, None)
    assert two["details"]["broke_off"] == "NobodyExpectsError: the page went away"
    assert two["details"]["where"][-1].startswith("_breaks_off:")
    assert one["ok"]
    assert one["details"]["took_s"] < 1.0
    monkeypatch.setattr(sys, "argv", ["bench", "one"])
    assert bench.main() == 0


def test_a_row_that_hangs_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "ROW_WITHIN_S", 0.05)
    found = alone.measured("two", _hangs, Effort.NORMAL)
    assert not found.ok
    assert found.details["broke_off"] == "NotInTimeError: not done within 0.05 s"


def test_rows_beside_each_other_are_told_as_they_end_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(besides, "LOOK_EVERY_S", 0.01)
    quick = besides.begun("two", [sys.executable, "-Sc", "print('no result')"])
    slow = besides.begun("one", [sys.executable, "-Sc", f"import time; time.sleep(0.2); print({ONE.line()!r})"])
    two, one = besides.as_they_end([slow, quick])
    assert (two.name, two.ok, two.details["ran_beside"]) == ("two", False, ["one"])
    assert two.details["broke_off"] == "its process ended with 0 and no result"
    assert one == replace(ONE, details={"n": 3, "ran_beside": ["two"]})


def test_rows_that_may_are_run_together_after_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def told(names: list[str], _effort: Effort) -> Iterator[Measurement]:
        asked.append(names)
        return iter(())

    monkeypatch.setattr(bench, "measured", lambda name, *_: replace(ONE, name=name))
    monkeypatch.setattr(bench, "beside", told)
    ran = [found.name for found in bench.results(["flash_bytes", "ready", "memory"], Effort.NORMAL)]
    assert (ran, asked) == (["ready"], [["flash_bytes", "memory"]])
    assert [found.name for found in bench.results(["memory", "ready"], Effort.NORMAL)] == ["memory", "ready"]
