"""The truth table of central authorization, all of it, against a reading of OCPP 1.6 that shares no code with it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final

import pytest

from charging.domain.central_authorization import (
    IdTagInfo,
    IdTagStatus,
    Rules,
    Verdict,
    answered,
    conflicts,
    decided,
    known_of,
)
from charging.domain.requests import Refusal

NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
KEYS: Final = [each.name for each in fields(Rules)]
# What an entry says, and what it is worth at NOW with a clock.
ENTRIES: Final[dict[str, IdTagInfo | None]] = {
    "absent": None,
    "valid": IdTagInfo(status=IdTagStatus.ACCEPTED, parent_id_tag="FLEET"),
    "valid until tomorrow": IdTagInfo(status=IdTagStatus.ACCEPTED, parent_id_tag="FLEET", expires_at=NOW + DAY),
    "valid until now": IdTagInfo(status=IdTagStatus.ACCEPTED, expires_at=NOW),
    "elsewhere": IdTagInfo(status=IdTagStatus.CONCURRENT_TX, parent_id_tag="FLEET"),
    "blocked": IdTagInfo(status=IdTagStatus.BLOCKED),
    "expired": IdTagInfo(status=IdTagStatus.EXPIRED),
    "invalid": IdTagInfo(status=IdTagStatus.INVALID, expires_at=NOW + DAY),
}
SAID: Final = {
    "blocked": Refusal.CARD_BLOCKED,
    "expired": Refusal.CARD_EXPIRED,
    "invalid": Refusal.CARD_UNKNOWN,
    "elsewhere": Refusal.CARD_IN_USE,
}
LINKS: Final = ("up", "half-open", "down")


@dataclass(frozen=True)
class Row:
    keys: frozenset[str]
    link: str
    listed: str
    cached: str
    clock: bool


def worth(where: str, name: str, *, clock: bool) -> str:
    """In one word what an entry is worth: valid, or why it is not (3.5.1 and 3.5.2)."""
    if name == "elsewhere" and where == "list":
        return "valid"  # "valid ... corresponding to Accepted/ConcurrentTx", 3.5.2
    if name == "valid until now" or (name == "valid until tomorrow" and not clock):
        return "expired"  # what cannot be judged does not count
    return "valid" if name.startswith("valid") else name


def reading(row: Row) -> tuple[str, Refusal | None, str]:
    """(what happens, why it is refused, the parent idTag): section by section, as the text says it."""
    here, entry = "nothing", "absent"
    if "authorization_cache_enabled" in row.keys and row.cached != "absent":
        here, entry = worth("cache", row.cached, clock=row.clock), row.cached
    if "local_auth_list_enabled" in row.keys and row.listed != "absent":  # 3.5.3: the list has priority
        here, entry = worth("list", row.listed, clock=row.clock), row.listed
    parent = "FLEET" if entry in {"valid", "valid until tomorrow", "elsewhere"} else ""
    if row.link == "up":
        if here == "valid" and "local_pre_authorize" in row.keys:  # 9.1.13
            return "starts", None, parent
        return "is asked about", None, ""  # 4.1; 3.5.1 also for an entry that is not valid
    if row.link == "half-open" and here == "valid" and "local_pre_authorize" in row.keys:
        return "starts", None, parent  # nobody is asked, so nobody notices
    if here in SAID:  # 3.5.4: MUST be rejected, whatever is allowed for unknown ones
        return "is refused", SAID[here], ""
    if here == "valid" and "local_authorize_offline" in row.keys:  # 9.1.12
        return "starts", None, parent
    if "allow_offline_tx_for_unknown_id" in row.keys:  # 3.5.4: what lists cannot explicitly authorize
        return "starts", None, parent
    return "is refused", Refusal.CENTRAL_SYSTEM_ABSENT, ""


def table() -> list[Row]:
    keys = [frozenset(k for k, on in zip(KEYS, bits, strict=True) if on) for bits in product((0, 1), repeat=5)]
    return [Row(*cells) for cells in product(keys, LINKS, ENTRIES, ENTRIES, (True, False))]


def rules(row: Row) -> tuple[str, Refusal | None, str]:
    """The same by the rules: the tap first, then, where nobody answers, the deadline."""
    keys = Rules(**{key: key in row.keys for key in KEYS})
    known = known_of(keys, ENTRIES[row.listed], ENTRIES[row.cached])
    now = NOW if row.clock else None
    decision = decided(keys, known, can_ask=row.link != "down", now=now)
    if row.link == "half-open" and decision.verdict is Verdict.ASK:
        decision = decided(keys, known, can_ask=False, now=now)
    words = {Verdict.ACCEPT: "starts", Verdict.ASK: "is asked about", Verdict.REFUSE: "is refused"}
    return words[decision.verdict], decision.refusal, decision.parent_id_tag


def test_every_row_of_the_table_is_as_the_text_says() -> None:
    rows = table()
    assert len(rows) == 32 * 3 * 8 * 8 * 2
    assert {row: (rules(row), reading(row)) for row in rows if rules(row) != reading(row)} == {}
    assert {rules(row)[0] for row in rows} == {"starts", "is asked about", "is refused"}
    assert {rules(row)[1] for row in rows} == {None, *SAID.values(), Refusal.CENTRAL_SYSTEM_ABSENT}


BOTH: Final = "local_auth_list_enabled authorization_cache_enabled"


@pytest.mark.parametrize(
    ("keys", "link", "listed", "cached", "outcome", "refusal"),
    [
        # A few rows by hand: what an owner would expect, and what peers got wrong.
        ("", "up", "absent", "absent", "is asked about", None),
        ("", "down", "absent", "absent", "is refused", Refusal.CENTRAL_SYSTEM_ABSENT),
        ("", "half-open", "absent", "absent", "is refused", Refusal.CENTRAL_SYSTEM_ABSENT),
        (BOTH + " local_pre_authorize", "up", "valid", "absent", "starts", None),
        (BOTH + " local_pre_authorize", "up", "absent", "blocked", "is asked about", None),
        (BOTH + " local_pre_authorize", "down", "valid", "absent", "is refused", Refusal.CENTRAL_SYSTEM_ABSENT),
        (BOTH + " local_authorize_offline", "down", "absent", "valid", "starts", None),
        (BOTH + " local_authorize_offline", "down", "blocked", "valid", "is refused", Refusal.CARD_BLOCKED),
        (BOTH + " local_authorize_offline", "half-open", "valid", "blocked", "starts", None),
        (BOTH + " allow_offline_tx_for_unknown_id", "down", "absent", "absent", "starts", None),
        (BOTH + " allow_offline_tx_for_unknown_id", "down", "expired", "absent", "is refused", Refusal.CARD_EXPIRED),
        (BOTH + " allow_offline_tx_for_unknown_id", "down", "invalid", "valid", "is refused", Refusal.CARD_UNKNOWN),
        ("allow_offline_tx_for_unknown_id", "down", "blocked", "blocked", "starts", None),  # the lists are off
    ],
)  # fmt: skip
def test_rows_by_hand(keys: str, link: str, listed: str, cached: str, outcome: str, refusal: Refusal | None) -> None:
    row = Row(frozenset(keys.split()), link, listed, cached, clock=True)
    assert rules(row)[:2] == reading(row)[:2] == (outcome, refusal)


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        (ENTRIES["valid"], None),
        (ENTRIES["valid until now"], Refusal.CARD_EXPIRED),
        (ENTRIES["blocked"], Refusal.CARD_BLOCKED),
        (ENTRIES["expired"], Refusal.CARD_EXPIRED),
        (ENTRIES["invalid"], Refusal.CARD_UNKNOWN),
        (ENTRIES["elsewhere"], Refusal.CARD_IN_USE),
    ],
)
def test_the_answer_of_the_central_system_decides(told: IdTagInfo, refusal: Refusal | None) -> None:
    decision = answered(told, NOW)
    assert (decision.refusal, decision.parent_id_tag) == (refusal, "" if refusal else "FLEET")


def test_without_a_clock_the_word_of_the_central_system_counts_now() -> None:
    told = IdTagInfo(status=IdTagStatus.ACCEPTED, expires_at=NOW + DAY)
    assert answered(told, None).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("listed", "told", "conflict"),
    [
        ("absent", "blocked", False),
        ("valid", "valid", False),
        ("elsewhere", "valid", False),
        ("blocked", "invalid", False),
        ("valid", "blocked", True),
        ("blocked", "valid", True),
    ],
)
def test_a_list_that_contradicts_the_central_system_is_noticed(listed: str, told: str, *, conflict: bool) -> None:
    answer = ENTRIES[told]
    assert answer
    assert conflicts(ENTRIES[listed], answer) is conflict
