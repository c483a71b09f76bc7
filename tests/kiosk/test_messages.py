"""What a page may say, and what is refused with a sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.messages import LARGEST_BYTES, Action, Asked, Nonsense, asked_of

NONSENSE = (
    None,
    "",
    "start",
    "[]",
    "null",
    "{}",
    '{"action": "set_current"}',
    '{"action": ["start"]}',
    '{"action": "start"}',
    '{"action": "start", "connector": "1"}',
    '{"action": "start", "connector": true}',
    '{"action": "start", "connector": -1}',
    '{"action": "start", "connector": 1.5}',
    '{"action": "start", "connector": 99999999999999999999}',
    '{"action": "choose", "connector": 1}',
    '{"action": "start", "connector": 1, "request": 7}',
    '{"action": "start", "connector": 1, "request": "' + "x" * 65 + '"}',
    '{"action": "shown"}',
    '{"action": "shown", "sequence": 1e400}',
    "[" * 2000,
    '{"action": "start", "connector": 1, "more": "' + "x" * LARGEST_BYTES + '"}',
    '{"action": "start", "connector": 1, "more": "' + "\U0001f50c" * (LARGEST_BYTES // 4) + '"}',
)


@pytest.mark.parametrize("text", NONSENSE)
def test_it_refuses_nonsense_with_a_sentence(text: str | None) -> None:
    with pytest.raises(Nonsense, match=r"^[A-Z`].*: .+\.$"):
        asked_of(text)


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"action": "start", "connector": 2}, Asked(action=Action.START, connector=2)),
        ({"action": "stop", "connector": 1, "request": "a"}, Asked(action=Action.STOP, connector=1, request="a")),
        ({"action": "choose", "connector": 1, "card": 9}, Asked(action=Action.CHOOSE, connector=1, card=9)),
        ({"action": "release", "connector": 1}, Asked(action=Action.RELEASE, connector=1)),
        ({"action": "emergency_stop"}, Asked(action=Action.EMERGENCY_STOP)),
        ({"action": "shown", "sequence": 5}, Asked(action=Action.SHOWN, sequence=5)),
    ],
)
def test_it_reads_every_action(told: dict[str, object], asked: Asked) -> None:
    assert asked_of(json.dumps(told)) == asked


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_it_never_breaks_on_what_it_is_told(text: str) -> None:
    with pytest.raises(Nonsense):
        asked_of(text)
