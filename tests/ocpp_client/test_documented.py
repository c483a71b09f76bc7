"""docs/ocpp.md says what is true: its tables are those of the code, and every test that it names is there."""

from __future__ import annotations

import ast

import pytest

from charging.domain.security import SecurityEvent
from ocpp_client.configuration import KEYS
from ocpp_client.incoming.answering import ANSWERS
from tests.ocpp_client import documented
from tests.ocpp_client.conformance.listed import CASES, NOT_APPLICABLE, NOT_SHOWN_YET
from tests.ocpp_client.conformance.marked import shown
from tests.ocpp_client.documented import NOT_YET, ROOT, TARGET, actions_sent, proofs, standard_keys, written
from tests.ocpp_client.security_raised import NEVER, RAISED, raised_anywhere, raised_in


def test_the_tables_are_those_of_the_code() -> None:
    text = TARGET.read_text("utf-8")
    assert text == written(text), "write them anew: python -m tests.ocpp_client"


def test_what_is_not_there_cannot_be_called_done(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TARGET.read_text("utf-8")
    monkeypatch.setattr(documented, "ANSWERS", {name: each for name, each in ANSWERS.items() if name != "Reset"})
    monkeypatch.setattr(documented, "actions_sent", lambda: actions_sent() - {"Heartbeat"})
    honest = written(text)
    assert f"| Reset | Core | {NOT_YET} |  |" in honest
    assert f"| Heartbeat | Core | {NOT_YET} |  |" in honest
    assert honest.count(NOT_YET) == text.count(NOT_YET) + 2


def test_every_test_that_it_names_is_there() -> None:
    named = proofs(TARGET.read_text("utf-8"))
    assert len(named) > 40
    assert [proof for proof in named if not is_there(proof)] == []


def is_there(proof: str) -> bool:
    path, _colons, function = proof.partition("::")
    if not (ROOT / path).is_file():
        return False
    if not function:
        return True
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == function for n in tree.body)


def test_every_answer_and_every_key_is_one_of_the_standard() -> None:
    assert {key.name for key in KEYS.values()} <= standard_keys()
    assert {"BootNotification", "StartTransaction", "StopTransaction"} <= actions_sent()
    assert len(ANSWERS) > 5


def test_every_security_event_is_raised_or_says_why_not() -> None:
    assert set(RAISED) | set(NEVER) == set(SecurityEvent)
    assert set(RAISED) == raised_anywhere() == set(SecurityEvent) - set(NEVER)
    assert [event for event, raised in RAISED.items() if event not in raised_in(raised.file)] == []


def test_every_case_is_shown_or_says_why_not() -> None:
    missing = set(CASES) - set(shown()) - set(NOT_APPLICABLE)
    assert missing == NOT_SHOWN_YET, "a case that is shown now leaves NOT_SHOWN_YET in conformance/listed.py"
