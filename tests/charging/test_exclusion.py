"""Two connectors of one exclusion group, enumerated together: one at a time, each in its turn, always a way home."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace

import pytest

from charging import record
from charging.domain import events as e
from charging.domain.advance import advance
from charging.domain.connector import Connector
from charging.domain.exclusion import claim_of
from charging.domain.outputs import outputs_of
from charging.domain.requests import refusal_of
from charging.domain.status import Status, status_of
from charging.models import Connector as Row
from charging.models import ExclusionClaim, Transaction
from charging.services import FoundConnector, connectors_found
from tests.charging.rows import AC as AC_BOARD
from tests.charging.rows import DC as DC_BOARD
from tests.charging.rows import Driven, add_connectors, at, connector, with_group
from tests.charging.worlds import AC, DC, FRAMES_AC, FRAMES_DC, IS_THOROUGH, LATER_S

Pair = tuple[Connector, Connector]
ASKS: tuple[e.Event, ...] = (e.Authorized(id_tag="T"), e.StopRequested(reason="Local"))
# What wishes do to the connector that they are for: a board that restarts is silent; faults are cleared.
WISHED: tuple[e.Event, ...] = (
    (e.ContactLost(), e.FaultRaised(name="OverDraw"), e.FaultsAcknowledged()) if IS_THOROUGH else (e.ContactLost(),)
)
FRAMES = {False: FRAMES_AC[:4], True: FRAMES_DC[:4]}
GROUPS = {"AC and AC": (AC, AC), "AC and DC": (AC, DC), "DC and DC": (DC, DC)}
each_group = pytest.mark.parametrize("group", GROUPS)


def in_group(c: Connector, number: int) -> Connector:
    return replace(c, number=number, capability=with_group(c.capability, 4))


def joined(pair: Pair, index: int, event: e.Event) -> Pair:
    """*pair* after *event* at one of both, with the claim told to the other one, as in one commit of the record."""
    both = list(pair)
    both[index], facts, _refusal = record.folded(both[index], [event])
    claim = claim_of(both[index], facts, event.now_s)
    if claim:
        both[1 - index] = advance(both[1 - index], claim)[-1][0]
    return both[0], both[1]


def frames_of(c: Connector) -> Iterable[e.Event]:
    return FRAMES[c.capability.direct_current]


@functools.cache
def pairs(group: str) -> frozenset[Pair]:
    """Every pair that can be reached."""
    one, other = GROUPS[group]
    start: Pair = (in_group(one, 1), in_group(other, 2))
    reached, todo = {start}, [start]
    while todo:
        pair = todo.pop()
        for index, c in enumerate(pair):
            for event in (*frames_of(c), *ASKS, *WISHED):
                after = pair if refusal_of(c, event) else joined(pair, index, event)
                if after not in reached:
                    reached.add(after)
                    todo.append(after)
    return frozenset(reached)


@each_group
def test_there_is_never_more_than_one_transaction_in_a_group(group: str) -> None:
    assert len(pairs(group)) > 500
    for pair in pairs(group):
        assert sum(c.transaction is not None for c in pair) <= 1
        assert sum(outputs_of(c).enable for c in pair) <= 1


@each_group
def test_a_claim_is_held_exactly_while_the_other_one_runs(group: str) -> None:
    for pair in pairs(group):
        for c, other in (pair, pair[::-1]):
            assert c.claimed_by == (other.number if other.transaction else None)


@each_group
def test_who_waits_is_not_faulted_and_begins_when_the_other_one_ends(group: str) -> None:
    for pair in pairs(group):
        for index, c in enumerate(pair):
            if not c.waits_for_turn or c.blocked:  # a fault of its own is told before its waiting
                continue
            assert status_of(c) is Status.PREPARING
            other = 1 - index
            out = next(iter(frames_of(pair[other])))
            at_last = pair
            for _ in range(4):
                at_last = joined(at_last, other, out)
            at_last = joined(at_last, index, tuple(frames_of(c))[1])
            assert at_last[index].transaction, pair


@each_group
def test_every_pair_finds_home(group: str) -> None:
    for pair in pairs(group):
        for _ in range(4):
            for index, c in enumerate(pair):
                pair = joined(pair, index, next(iter(frames_of(c))))  # noqa: PLW2901 - the way home
        for index in (0, 1):
            for event in (e.TimePassed(now_s=LATER_S), e.FaultsAcknowledged()):
                pair = joined(pair, index, event)  # noqa: PLW2901 - the way home
        assert [status_of(c) for c in pair] == [Status.AVAILABLE, Status.AVAILABLE]


@pytest.mark.django_db
@pytest.mark.parametrize("boards", [(AC_BOARD, AC_BOARD), (AC_BOARD, DC_BOARD), (DC_BOARD, DC_BOARD)])
def test_the_claim_is_a_row_in_the_commit_of_the_start(boards: tuple[object, object]) -> None:
    add_connectors(*(with_group(board, 4) for board in (AC_BOARD if b is AC_BOARD else DC_BOARD for b in boards)))
    for number in (1, 2):
        record.happen(number, [e.Authorized(now_s=100.0, id_tag=f"T{number}")], moment=at(100.0))
    driven = Driven(1, 2)
    assert driven.see(1).enable
    assert not driven.see(2).enable
    assert ExclusionClaim.objects.values_list("group", "connector_id").get() == (4, 1)
    assert connector(2).claimed_by == 1
    driven.end(1)
    assert not ExclusionClaim.objects.exists()
    assert driven.see(2).enable
    assert ExclusionClaim.objects.get().connector_id == 2
    assert [row.connector_id for row in Transaction.objects.order_by("pk")] == [1, 2]


@pytest.mark.django_db
def test_who_waited_has_the_whole_time_again_when_its_turn_comes() -> None:
    add_connectors(with_group(AC_BOARD, 4), with_group(AC_BOARD, 4))
    record.happen(1, [e.Authorized(now_s=100.0, id_tag="T1")], moment=at(100.0))
    driven = Driven(1, 2)
    driven.charge(1)
    record.happen(2, [e.Authorized(now_s=101.0, id_tag="T2")], moment=at(101.0))
    driven.see(2)
    driven.see(2, passed_s=500.0)
    driven.end(1)
    asked = connector(2).authorization
    assert asked
    assert asked.due_s >= driven.now_s + 59.0


@pytest.mark.django_db
def test_a_board_that_appears_in_a_group_waits_for_who_delivers_already() -> None:
    add_connectors(with_group(AC_BOARD, 4))
    record.happen(1, [e.Authorized(now_s=100.0, id_tag="T1")], moment=at(100.0))
    Driven(1).charge(1)
    found = FoundConnector(
        board_serial="SN-2", board_index=1, connector_type="CCS2", capability=with_group(DC_BOARD, 4)
    )
    connectors_found([found])
    assert connector(2).claimed_by == 1


@pytest.mark.django_db
def test_a_board_that_leaves_its_group_frees_the_others() -> None:
    add_connectors(with_group(AC_BOARD, 4), with_group(AC_BOARD, 4))
    record.happen(1, [e.Authorized(now_s=100.0, id_tag="T1")], moment=at(100.0))
    Driven(1).charge(1)
    connectors_found([FoundConnector(board_serial="SN-1", board_index=1, connector_type="X", capability=AC_BOARD)])
    assert connector(2).claimed_by is None
    assert not ExclusionClaim.objects.exists()
    versions = [row.version for row in Row.objects.all()]
    connectors_found([FoundConnector(board_serial="SN-1", board_index=1, connector_type="X", capability=AC_BOARD)])
    assert [row.version for row in Row.objects.all()] == versions
