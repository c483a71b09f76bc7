"""Frames: W1..W22 are the weak points of the `ocpp` package that ours closes, N1..N10 the negative tests."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_client.errors import ErrorCode, Malformed
from ocpp_client.frames import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    UNREADABLE_ID,
    Call,
    CallError,
    CallResult,
    Frame,
    encode,
    parse,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e6, 1e6).filter(lambda value: not value.is_integer())
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
PAYLOADS = st.dictionaries(TEXT, JSON, max_size=5)
IDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=36)
LONG_ID = "x" * 37
HARD = '{"type":"Hard"}'


def outcome(received: str | bytes) -> Frame | Malformed:
    try:
        return parse(received)
    except Malformed as why:
        return why


def malformed(received: str | bytes) -> Malformed:
    with pytest.raises(Malformed) as raised:
        parse(received)
    return raised.value


@given(frame=st.builds(Call, IDS, TEXT, PAYLOADS) | st.builds(CallResult, IDS, PAYLOADS))
def test_a_frame_survives_its_journey(frame: Call | CallResult) -> None:
    assert parse(encode(frame)) == frame


@given(frame=st.builds(CallError, IDS, st.sampled_from(ErrorCode), TEXT, st.dictionaries(TEXT, TEXT, max_size=3)))
def test_a_refusal_survives_its_journey(frame: CallError) -> None:
    assert parse(encode(frame)) == frame


@given(received=st.text(max_size=200) | st.binary(max_size=200) | JSON.map(json.dumps))
def test_whatever_comes_ends_in_a_frame_or_a_typed_error(received: str | bytes) -> None:
    why = outcome(received)
    if isinstance(why, Malformed):
        assert len(encode(CallError(why.message_id, why.code, why.description))) < 1_000


@given(
    frame=st.builds(Call, IDS, st.just("Reset"), PAYLOADS).map(encode),
    bites=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.text(max_size=3)), min_size=1, max_size=4),
)
def test_a_damaged_call_ends_in_a_frame_or_a_typed_error(frame: str, bites: list[tuple[int, int, str]]) -> None:
    for at, length, instead in bites:
        frame = frame[:at] + instead + frame[at + length :]
    why = outcome(frame)
    assert not isinstance(why, Malformed) or why.description.isascii()


@pytest.mark.parametrize(
    ("received", "message_id", "code"),
    [
        # W6, N1: what is no frame is answered, where no id can be read with "-1"
        ("", UNREADABLE_ID, "FormationViolation"),
        ("no JSON", UNREADABLE_ID, "FormationViolation"),
        ("null", UNREADABLE_ID, "FormationViolation"),
        ("5", UNREADABLE_ID, "FormationViolation"),
        ('"x"', UNREADABLE_ID, "FormationViolation"),
        ("{}", UNREADABLE_ID, "FormationViolation"),
        ('{"a":1,"a":2}', UNREADABLE_ID, "FormationViolation"),
        ("[]", UNREADABLE_ID, "FormationViolation"),
        ('[2,"7","Reset",{"type":"Hard"}', "7", "FormationViolation"),
        ('[2,"7","Reset",{"type":,}]', "7", "FormationViolation"),
        ('[2,"7', UNREADABLE_ID, "FormationViolation"),
        ('[2,"\u200f7","Reset",{]', UNREADABLE_ID, "FormationViolation"),
        ("\ud800", UNREADABLE_ID, "FormationViolation"),
        # W6, N2: a call with too little, too much or no object
        ("[2]", UNREADABLE_ID, "FormationViolation"),
        ('[2,"7"]', "7", "FormationViolation"),
        ('[2,"7","Reset"]', "7", "FormationViolation"),
        ('[2,"7","Reset",{},{}]', "7", "FormationViolation"),
        ('[2,"7","Reset",[]]', "7", "FormationViolation"),
        ('[2,"7","Reset","x"]', "7", "FormationViolation"),
        ('[2,"7","Reset",5]', "7", "FormationViolation"),
        # W1, N3: an action that is no text
        ('[2,"7",{},{}]', "7", "NotImplemented"),
        ('[2,"7",["Reset"],{}]', "7", "NotImplemented"),
        ('[2,"7",5,{}]', "7", "NotImplemented"),
        ('[2,"7",null,{}]', "7", "NotImplemented"),
        ('[2,"7","Re\\u0000set",{}]', "7", "NotImplemented"),
        # W2, W4, N5: numbers that no column can hold
        ('[2,"7","Reset",{"a":' + "9" * 5_000 + "}]", "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":9223372036854775808}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":-9223372036854775809}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":1e999}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":-1e400}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":0.' + "1" * 100 + "}]", "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":NaN}]', "7", "FormationViolation"),
        ('[2,"7","Reset",{"a":[Infinity]}]', "7", "FormationViolation"),
        ('[2,"7","Reset",{"a":-Infinity}]', "7", "FormationViolation"),
        # N6: a field that is there twice
        ('[2,"7","Reset",{"type":"Hard","type":"Soft"}]', "7", "FormationViolation"),
        ('[2,"7","Reset",{"a":[{"b":1,"b":1}]}]', "7", "FormationViolation"),
        # N7: ids that are none
        (f'[2,7,"Reset",{HARD}]', UNREADABLE_ID, "FormationViolation"),
        (f'[2,null,"Reset",{HARD}]', UNREADABLE_ID, "FormationViolation"),
        (f'[2,"","Reset",{HARD}]', UNREADABLE_ID, "FormationViolation"),
        (f'[2,"{LONG_ID}","Reset",{HARD}]', LONG_ID, "FormationViolation"),
        (f'[2,"{"x" * 5_000}","Reset",{HARD}]', UNREADABLE_ID, "FormationViolation"),
        (f'[2,"a\\u0007b","Reset",{HARD}]', UNREADABLE_ID, "FormationViolation"),
        (f'[2,"a\\ud800","Reset",{HARD}]', UNREADABLE_ID, "FormationViolation"),
        # N9: text that breaks databases and logs
        ('[2,"7","Reset",{"a":"\\u0000"}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":"\\ud800"}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"\\u0000":1}]', "7", "PropertyConstraintViolation"),
        ('[2,"7","Reset",{"a":{"\\udfff":1}}]', "7", "PropertyConstraintViolation"),
    ],
)
def test_a_broken_frame_is_refused_with_its_id(received: str, message_id: str, code: str) -> None:
    why = malformed(received)
    assert (why.message_id, why.code, why.answerable) == (message_id, code, True)


@pytest.mark.parametrize(
    "received",
    [
        '[9,"7","Reset",{}]',
        '[0,"7"]',
        '[true,"7","Reset",{}]',
        '["2","7","Reset",{}]',
        '[null,"7"]',
        '[[2],"7"]',
        "[2.5]",
        "[NaN]",
        '[9,"7",{',
    ],
)
def test_n1_a_message_type_that_the_text_does_not_know_is_ignored(received: str) -> None:
    assert not malformed(received).answerable


@pytest.mark.parametrize(
    "received",
    [
        '[3,"7"]',
        '[3,"7","x"]',
        '[3,"7",[]]',
        '[3,"7",5]',
        "[3,7,{}]",
        "[3]",
        '[3,"",{}]',
        f'[3,"{LONG_ID}",{{}}]',
        '[3,"7",{},{}]',
        '[3,"7",{"\\u0000":1}]',
        '[3,"7",{',
        "[ 4 , ",
        "[4]",
        "[4,null]",
        '[3,"7",{]}]',
    ],
)
def test_n8_a_broken_answer_is_never_answered(received: str) -> None:
    assert not malformed(received).answerable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("-0", 0),
        ("-0.0", 0),
        ("5.0", 5),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("16.5", 16.5),
        ("1e300", 1e300),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_n5_a_number_is_what_json_means(written: str, read: float) -> None:
    frame = parse(f'[2,"7","Reset",{{"a":{written}}}]')
    assert isinstance(frame, Call)
    assert (frame.payload["a"], type(frame.payload["a"])) == (read, type(read))
    assert math.copysign(1, frame.payload["a"]) == math.copysign(1, read)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 999, 1_000, 10_000])
def test_w3_n4_what_is_nested_too_deep_is_refused_with_its_id(depth: int) -> None:
    nested = depth - 1
    why = malformed(f'[2,"7","Reset",{"[" * nested}{"]" * nested}]')
    assert (why.message_id, why.code, why.answerable) == ("7", "FormationViolation", True)
    assert not malformed(f'[3,"7",{"[" * nested}{"]" * nested}]').answerable


def test_w3_n4_a_hundred_thousand_levels_are_refused() -> None:
    assert malformed("[" * 100_000).message_id == UNREADABLE_ID
    assert malformed('[2,"7","Reset",' + '{"a":' * 100_000).message_id == "7"


def test_what_is_nested_as_deep_as_allowed_is_read() -> None:
    inner = MAX_DEPTH - 2
    frame = parse(f'[2,"7","Reset",{{"a":{"[" * inner}{"]" * inner}}}]')
    assert isinstance(frame, Call)
    assert f"[2,{json.dumps(frame.payload)}]".count("[") == inner + 1


@pytest.mark.parametrize("payload", ["null", "{}"])
def test_null_is_another_way_to_write_no_payload(payload: str) -> None:
    # OCPP-J 1.6, 4.2.1 and 4.2.2 allow both; N2 would refuse it, the text does not.
    assert parse(f'[2,"7","ClearCache",{payload}]') == Call("7", "ClearCache", {})
    assert parse(f'[3,"7",{payload}]') == CallResult("7", {})


@pytest.mark.parametrize(
    ("received", "frame"),
    [
        ('[4,"7","GenericError"]', CallError("7", "GenericError")),
        ('[4,"7"]', CallError("7", "GenericError")),
        ('[4,"7","Vendor.Code","why"]', CallError("7", "Vendor.Code", "why")),
        ('[4,"7","GenericError",null,null]', CallError("7", "GenericError")),
        ('[4,"7",5,["x"],"details"]', CallError("7", "GenericError")),
        ('[4,"7","InternalError","why",{"a":1},"more"]', CallError("7", "InternalError", "why", {"a": 1})),
    ],
)
def test_w13_a_refusal_counts_however_little_of_it_came(received: str, frame: CallError) -> None:
    assert parse(received) == frame


@pytest.mark.parametrize(
    "unusable", ["NaN", "1e999", "9" * 30, '"\\u0000"', '"\\ud800"', "-9223372036854775809", "0." + "1" * 50]
)
def test_an_answer_loses_only_the_value_that_cannot_be_used(unusable: str) -> None:
    assert parse(f'[3,"7",{{"transactionId":5,"a":{unusable},"b":[{unusable}]}}]') == CallResult(
        "7", {"transactionId": 5, "a": None, "b": [None]}
    )


def test_an_answer_that_names_a_field_twice_means_the_last() -> None:
    assert parse('[3,"7",{"a":{"b":1,"b":2}}]') == CallResult("7", {"a": {"b": 2}})


@pytest.mark.parametrize("received", [b'[2,"7","Reset",{}]', b"[2,\xff\xfe", b"\x00\x01\x02", b""])
def test_w6_a_binary_message_is_refused(received: bytes) -> None:
    why = malformed(received)
    assert (why.message_id, why.code) == ("7" if b'"7"' in received else UNREADABLE_ID, "FormationViolation")
    assert why.answerable


def test_w3_n10_what_is_too_long_is_refused_without_a_look_inside() -> None:
    longest = '[2,"7","Reset",{"a":"%s"}]'
    room = MAX_BYTES - len(longest) + 2
    assert isinstance(parse(longest % ("x" * room)), Call)
    assert malformed(longest % ("x" * (room + 1))).message_id == "7"
    assert malformed(longest % ("ж" * (room // 2 + 1))).message_id == "7"


def test_a_frame_of_too_many_values_is_refused_without_a_look_inside() -> None:
    why = malformed(f'[2,"7","Reset",{{"a":[{"1," * MAX_VALUES}1]}}]')
    assert (why.message_id, why.code) == ("7", "FormationViolation")


def test_w8_a_refusal_is_no_amplifier() -> None:
    refusal = encode(CallError("7", "InternalError", "x" * 200_000, {"echo": "x" * 200_000}))
    assert json.loads(refusal) == [4, "7", "InternalError", "x" * 255, {}]
    name = "\u202ex" * 100_000
    assert len(malformed(f'[2,"7","Reset",{{"{name}":NaN}}]').description) < 255


def test_it_writes_compact_json_as_people_read_it() -> None:
    assert encode(Call("7", "StatusNotification", {"info": "Ж", "n": 1.5})) == (
        '[2,"7","StatusNotification",{"info":"Ж","n":1.5}]'
    )
    assert encode(CallResult("7", {})) == '[3,"7",{}]'


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_what_json_does_not_know_is_a_mistake_of_the_program(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        encode(CallResult("7", {"a": value}))
