"""Is every case shown, and does a test that shows one notice its change? All of them: `make mutants`."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.ocpp_client.conformance.cases import Change
from tests.ocpp_client.conformance.listed import CASES, NOT_APPLICABLE
from tests.ocpp_client.conformance.marked import Marked, changed, marks, shown
from tests.ocpp_client.conformance.mutants import Outcome, copies, judge, run, say

SEED: Final = 20_261_126
SAMPLE: Final = 3
MARKS: Final = marks()


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_a_change_can_be_made_and_is_python(mark: Marked) -> None:
    compile(changed(mark.change), mark.change.file, "exec")
    assert mark.change.file.startswith(("charging/", "hardware/", "ocpp_client/", "station/"))
    assert set(mark.idents) <= set(CASES)


def test_the_marks_name_tests_that_are_there_once() -> None:
    assert len({(mark.test, mark.idents) for mark in MARKS}) == len(MARKS)
    assert len(CASES) == 102
    assert set(NOT_APPLICABLE) & set(shown()) == set()


@pytest.mark.parametrize("text", ["", "once\nonce\n"], ids=["nowhere", "twice"])
def test_a_change_that_is_not_of_one_place_is_a_mistake(tmp_path: Path, text: str) -> None:
    (tmp_path / "file.py").write_text(text)
    with pytest.raises(AssertionError, match="times in"):
        changed(Change(file="file.py", before="once", after="never"), tmp_path)


def test_some_changes_chosen_by_the_seed_are_noticed() -> None:
    sys.stdout.write(f"seed {SEED}\n")
    chosen = random.Random(SEED).sample(MARKS, SAMPLE)
    results = run(chosen, say)
    assert [str(result) for result in results if result.outcome is not Outcome.NOTICED] == []


@pytest.mark.parametrize(
    ("after", "outcome"),
    [("dict[str, object]", Outcome.SURVIVED), ("dict[str, Nowhere]", Outcome.BROKEN)],
    ids=["a change of nothing", "a module that cannot be imported"],
)
def test_a_change_that_no_assertion_notices_is_told(after: str, outcome: Outcome) -> None:
    mark = next(mark for mark in MARKS if "TC_040_1" in mark.idents)
    change = Change(file="ocpp_client/due.py", before="dict[str, Any]", after=after)
    with copies(1) as waiting:
        assert judge(replace(mark, change=change), waiting.get()).outcome is outcome
