"""The central system's list and the cache: bounded, atomic, and beside the owner's own cards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from charging import record, services
from charging.domain.central_authorization import IdTagInfo, IdTagStatus
from charging.models import CachedIdTag, Card, JournalEntry, ListedIdTag, Station
from charging.services import id_tag_info
from charging.services.local_list import MOST_SENT, ListEntry

FOREVER: Final = datetime(2090, 1, 1, tzinfo=UTC)


def entry(id_tag: str, status: str = "Accepted", parent: str = "") -> ListEntry:
    return ListEntry(id_tag=id_tag, status=status, parent_id_tag=parent)


def full(version: int, *entries: ListEntry) -> str:
    return services.send_local_list(version, "Full", entries, who="central system").refusal


def changed(version: int, *entries: ListEntry) -> str:
    return services.send_local_list(version, "Differential", entries, who="central system").refusal


def listed() -> dict[str, str]:
    return dict(ListedIdTag.objects.values_list("id_tag", "status"))


def told(id_tag: str, status: str = "Accepted", parent: str = "") -> None:
    services.id_tag_told(id_tag, status=status, parent_id_tag=parent)


@pytest.mark.django_db
def test_a_full_list_replaces_and_a_differential_one_changes() -> None:
    assert services.local_list_version() == 0
    assert full(3, entry("a", parent="P"), entry("B", "Blocked")) == ""
    assert (listed(), services.local_list_version()) == ({"A": "Accepted", "B": "Blocked"}, 3)
    assert changed(4, entry("A", "Expired"), entry("C"), entry("b", "")) == ""
    assert (listed(), services.local_list_version()) == ({"A": "Expired", "C": "Accepted"}, 4)
    assert changed(5) == ""
    assert (listed(), services.local_list_version()) == ({"A": "Expired", "C": "Accepted"}, 5)
    assert full(2, entry("Z")) == ""  # a full list may have any version
    assert (listed(), services.local_list_version()) == ({"Z": "Accepted"}, 2)
    assert full(9) == ""
    assert (listed(), services.local_list_version()) == ({}, 0)
    assert JournalEntry.objects.filter(kind="LocalListChanged").count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("version", "update_type", "entries", "refusal"),
    [
        (3, "Differential", [entry("B")], "list_outdated"),
        (2, "Differential", [entry("B")], "list_outdated"),
        (0, "Full", [entry("B")], "list_wrong"),
        (-1, "Full", [entry("B")], "list_wrong"),
        (4, "Full", [entry("B"), entry("b")], "list_wrong"),
        (4, "Full", [entry("B", "")], "list_wrong"),
        (4, "Full", [entry("B", "Perhaps")], "list_wrong"),
        (4, "Full", [entry("")], "list_wrong"),
        (4, "Full", [entry("X" * 21)], "list_wrong"),
        (4, "Full", [entry("\x00")], "list_wrong"),
        (4, "Full", [entry("B", parent="P" * 21)], "list_wrong"),
        (4, "Partial", [entry("B")], "list_wrong"),
        (4, "Full", [entry(f"T{n}") for n in range(MOST_SENT + 1)], "list_wrong"),
    ],
)
def test_a_list_that_cannot_be_used_changes_nothing(
    version: int, update_type: str, entries: list[ListEntry], refusal: str
) -> None:
    full(3, entry("A"))
    assert services.send_local_list(version, update_type, entries, who="c").refusal == refusal
    assert (listed(), services.local_list_version()) == ({"A": "Accepted"}, 3)


@pytest.mark.django_db
def test_differential_updates_never_grow_the_list_beyond_its_bound() -> None:
    def changed_of_three(*entries: ListEntry) -> str:
        return services.send_local_list(2, "Differential", entries, who="central system", most_listed=3).refusal

    assert full(1, entry("A"), entry("B")) == ""
    assert changed_of_three(entry("C"), entry("D")) == "list_wrong"
    assert changed_of_three(entry("C"), entry("D"), entry("A", "")) == ""
    assert sorted(listed()) == ["B", "C", "D"]


class ListsOfTheCentralSystem(TransactionTestCase):
    """Whatever lists come in whatever order: all or nothing, and the version follows."""

    databases = {"default"}

    @settings(max_examples=30)
    @given(
        st.lists(
            st.tuples(
                st.integers(-1, 6),
                st.sampled_from(["Full", "Differential"]),
                st.lists(
                    st.tuples(st.sampled_from("ABCDab"), st.sampled_from(["Accepted", "Blocked", ""])), max_size=4
                ),
            ),
            max_size=6,
        )
    )
    def test_it_is_all_or_nothing(self, updates: list[tuple[int, str, list[tuple[str, str]]]]) -> None:
        ListedIdTag.objects.all().delete()
        Station.objects.update_or_create(pk=1, defaults={"local_list_version": 0})
        model: dict[str, str] = {}
        at = 0
        for version, update_type, pairs in updates:
            answer = services.send_local_list(version, update_type, [entry(*pair) for pair in pairs], who="c")
            wanted = {id_tag.upper(): status for id_tag, status in pairs}
            sound = version > 0 and len(wanted) == len(pairs)
            if update_type == "Full":
                ok, after = sound and all(wanted.values()), wanted
            else:
                ok, after = sound and version > at, {k: s for k, s in {**model, **wanted}.items() if s}
            if ok:
                model, at = after, version if after else 0
            assert answer.accepted == ok
            assert (listed(), services.local_list_version()) == (model, at)


@pytest.mark.django_db
def test_the_owners_cards_and_the_central_systems_list_do_not_touch_each_other() -> None:
    Card.objects.create(id_tag="MINE", label="of the owner", blocked=True)
    full(1, entry("MINE"), entry("OTHER"))
    full(2)
    assert Card.objects.get().blocked
    assert listed() == {}


@pytest.mark.django_db
def test_ten_thousand_entries_come_in_parts_and_not_one_more() -> None:
    for part in range(20):
        entries = [entry(f"{part:02}{n:012}", parent="FLEET") for n in range(MOST_SENT)]
        assert changed(part + 1, *entries) == ""
    assert ListedIdTag.objects.count() == 10_000
    assert changed(21, entry("ONE-MORE")) == "list_wrong"


@pytest.mark.django_db
def test_the_cache_keeps_what_was_told_last_and_not_what_is_listed() -> None:
    full(1, entry("LISTED"))
    told("listed", "Accepted")
    told("card", "Accepted", "P")
    told("CARD", "Blocked")
    assert list(CachedIdTag.objects.values_list("id_tag", "status", "parent_id_tag")) == [("CARD", "Blocked", "")]
    full(2, entry("CARD"))
    assert not CachedIdTag.objects.exists()
    assert not JournalEntry.objects.filter(kind="LocalListConflict").exists()


@pytest.mark.django_db
def test_a_list_that_contradicts_the_central_system_is_a_fact() -> None:
    full(1, entry("CARD"))
    told("CARD", "Blocked")
    fact = JournalEntry.objects.get(kind="LocalListConflict")
    assert fact.body == {"id_tag": "CARD", "listed": "Accepted", "told": "Blocked"}
    Station.objects.update(local_auth_list_enabled=False)
    told("CARD", "Blocked")
    assert JournalEntry.objects.filter(kind="LocalListConflict").count() == 1
    assert CachedIdTag.objects.get().status == "Blocked"


@pytest.mark.django_db
def test_a_full_cache_forgets_what_is_not_valid_and_then_what_was_used_longest_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(id_tag_info, "MOST_CACHED", 3)
    for id_tag, status in (("A", "Accepted"), ("B", "Blocked"), ("C", "Accepted")):
        told(id_tag, status)
    id_tag_info.used("A")
    told("D")
    assert {row.id_tag for row in CachedIdTag.objects.all()} == {"A", "C", "D"}
    told("E", "Invalid")
    assert {row.id_tag for row in CachedIdTag.objects.all()} == {"A", "D", "E"}  # C was used longest ago
    told("F")
    assert {row.id_tag for row in CachedIdTag.objects.all()} == {"A", "D", "F"}


@pytest.mark.django_db
def test_the_cache_is_cleared_when_it_is_there_at_all() -> None:
    told("A")
    assert services.clear_cache("central system").accepted
    assert not CachedIdTag.objects.exists()
    Station.objects.update(authorization_cache_enabled=False)
    assert services.clear_cache("central system").refusal == "cache_off"
    told("A")
    assert not CachedIdTag.objects.exists()


@pytest.mark.django_db
def test_an_id_tag_is_found_without_regard_to_case_and_in_two_small_queries() -> None:
    full(1, entry("A"))
    told("b", "Accepted", "P")
    station = record.station_row()
    with CaptureQueriesContext(connection) as queries:
        assert id_tag_info.known_here("a", station) == IdTagInfo(status=IdTagStatus.ACCEPTED)
    assert len(queries) == 2
    assert id_tag_info.parent_of("B", station) == "P"
    assert id_tag_info.parent_of("C", station) == ""
