"""One canonical form for a card's number, however it was written."""

from __future__ import annotations

import pytest

from charging.id_tags import canonical_id_tag, is_uid, kind_of_uid, refusal_of_uid, reversed_uid


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("04:a2:b3:c4", "04A2B3C4"),
        (" 04-A2-B3-C4-D5-E6-F7 ", "04A2B3C4D5E6F7"),
        ("04 a2 b3 c4 d5 e6 f7 01 02 03", "04A2B3C4D5E6F7010203"),
        ("de.abc-1", "DE.ABC-1"),
        ("", ""),
        ("04a2b3", "04A2B3"),
    ],
)
def test_the_separators_of_a_uid_are_left_out_and_those_of_others_kept(written: str, canonical: str) -> None:
    assert canonical_id_tag(written) == canonical
    assert canonical_id_tag(canonical) == canonical


def test_the_length_says_what_it_is() -> None:
    assert [is_uid(text) for text in ("04A2B3C4", "04A2B3C4D5E6F7", "04A2B3C", "04A2B3CG")] == [
        True,
        True,
        False,
        False,
    ]
    assert kind_of_uid("04A2B3C4") == "card number of 4 bytes"
    assert kind_of_uid("FREE") == "an idTag that is no card number"


def test_the_other_byte_order_is_the_same_card() -> None:
    assert reversed_uid("04A2B3C4") == "C4B3A204"
    assert reversed_uid("FREE") == ""


def test_a_number_that_is_drawn_anew_is_no_card() -> None:
    assert refusal_of_uid("08A2B3C4")
    assert not refusal_of_uid("04A2B3C4")
    assert not refusal_of_uid("08A2B3C4D5E6F7")
