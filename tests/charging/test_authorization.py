"""What a card may do, and which connector it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from charging.domain.authorization import (
    KnownCard,
    Mode,
    Place,
    Role,
    card_refusal,
    master_place_of,
    owns,
    place_of,
)
from charging.domain.connector import Authorization, Connector, Transaction
from charging.domain.requests import Refusal

NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)

FREE: Final = Connector()
PLUGGED: Final = Connector(plugged=True, session=True)
FINISHED: Final = replace(PLUGGED, finishing=True)
FAULTED: Final = replace(PLUGGED, board_faults=frozenset({"GroundFailure"}))
OUT: Final = replace(FREE, inoperative=frozenset({"technician"}))
CHOOSE: Final = Place(refusal=Refusal.CHOOSE_CONNECTOR)
BUSY: Final = Place(refusal=Refusal.BUSY)
WAITS: Final = Place(waits=True)


def running(id_tag: str, parent: str = "") -> Connector:
    return replace(PLUGGED, transaction=Transaction(id_tag=id_tag, parent_id_tag=parent, meter_start_wh=0))


def asked(id_tag: str) -> Connector:
    return replace(PLUGGED, authorization=Authorization(id_tag=id_tag, due_s=60.0))


def station(*connectors: Connector) -> list[Connector]:
    return [replace(c, number=number) for number, c in enumerate(connectors, 1)]


@pytest.mark.parametrize(
    ("connectors", "place"),
    [
        # plug first
        ([FREE, PLUGGED], Place(starts=2)),
        ([PLUGGED, PLUGGED], CHOOSE),
        ([PLUGGED, asked("OTHER")], Place(starts=1)),
        ([PLUGGED, running("OTHER")], Place(starts=1)),
        ([replace(PLUGGED, loose=True), PLUGGED], Place(starts=2)),
        # card first
        ([FREE, FREE], WAITS),
        ([FREE, OUT], WAITS),
        ([FREE, running("OTHER")], WAITS),
        ([OUT, OUT], BUSY),
        ([running("OTHER"), running("OTHER")], BUSY),
        ([FAULTED, FAULTED], BUSY),
        # its own transaction
        ([running("ME"), FREE], Place(stops=1)),
        ([running("me"), PLUGGED], Place(stops=1)),
        ([running("ME"), running("ME")], CHOOSE),
        # its group
        ([running("OTHER", "FLEET"), FREE], Place(stops=1)),
        ([running("OTHER", "FLEET"), PLUGGED], Place(starts=2)),
        ([running("OTHER", "FLEET"), running("ME", "FLEET")], Place(stops=2)),
        ([running("OTHER", "FLEET"), running("THIRD", "FLEET")], CHOOSE),
        # a finished one goes on for whoever charged there, and never for somebody else
        ([FINISHED, FREE], WAITS),
        ([FREE, FREE, FINISHED], Place(starts=3)),
        ([FINISHED, PLUGGED], Place(starts=2)),
        ([FINISHED, running("OTHER")], BUSY),
        # a station with one connector
        ([FREE], Place(starts=1)),
        ([PLUGGED], Place(starts=1)),
        ([FINISHED], Place(starts=1)),
        ([running("OTHER")], BUSY),
        ([OUT], BUSY),
        ([FAULTED], BUSY),
        ([asked("OTHER")], BUSY),
    ],
)
def test_a_card_means_one_place(connectors: list[Connector], place: Place) -> None:
    finished = {1: ("OTHER", "OTHERS"), 3: ("ELSE", "fleet")}
    assert place_of(station(*connectors), "ME", "FLEET", finished=finished) == place


@pytest.mark.parametrize(
    ("chosen", "place"),
    [
        (1, Place(starts=1)),
        (2, Place(stops=2)),
        (3, Place(starts=3)),  # a foreign plug only when its connector was touched; the rules refuse what is busy
        (4, Place(refusal=Refusal.NOT_YOURS)),
        (9, Place(refusal=Refusal.UNKNOWN_CONNECTOR)),
    ],
)
def test_a_connector_chosen_on_the_screen_is_the_one(chosen: int, place: Place) -> None:
    assert place_of(station(FREE, running("ME"), FINISHED, running("OTHER")), "ME", chosen=chosen) == place


def test_a_card_without_a_group_shares_nothing_with_another_without_a_group() -> None:
    assert place_of(station(running("OTHER"), FREE), "ME") == WAITS
    assert not owns("OTHER", "", "ME", "")


@pytest.mark.parametrize(
    ("connectors", "chosen", "place"),
    [
        ([running("A"), FREE], None, Place(stops=1)),
        ([running("A"), running("B")], None, CHOOSE),
        ([running("A"), running("B")], 2, Place(stops=2)),
        ([running("A"), FREE], 2, Place(refusal=Refusal.NOTHING_TO_STOP)),
        ([PLUGGED, FREE], None, Place(refusal=Refusal.NOTHING_TO_STOP)),
    ],
)
def test_a_master_card_only_stops_whoever_began(connectors: list[Connector], chosen: int | None, place: Place) -> None:
    assert master_place_of(station(*connectors), chosen) == place


KNOWN: Final = KnownCard(id_tag="ME")
BLOCKED: Final = replace(KNOWN, blocked=True)
EXPIRED: Final = replace(KNOWN, valid_until=NOW)
EARLY: Final = replace(KNOWN, valid_from=NOW + DAY)
TIMELY: Final = replace(KNOWN, valid_from=NOW, valid_until=NOW + DAY)
TECHNICIAN: Final = replace(KNOWN, role=Role.TECHNICIAN)
MASTER: Final = replace(KNOWN, role=Role.MASTER)


@pytest.mark.parametrize(
    ("card", "none", "card_mode", "central"),
    [
        (None, None, Refusal.CARD_UNKNOWN, None),
        (KNOWN, None, None, None),
        (BLOCKED, Refusal.CARD_BLOCKED, Refusal.CARD_BLOCKED, Refusal.CARD_BLOCKED),
        (EXPIRED, None, Refusal.CARD_EXPIRED, None),
        (EARLY, None, Refusal.CARD_EXPIRED, None),
        (TIMELY, None, None, None),
        (MASTER, None, None, None),
        (replace(EXPIRED, role=Role.MASTER), *3 * [Refusal.CARD_EXPIRED]),
        (TECHNICIAN, None, None, None),
        (replace(EXPIRED, role=Role.TECHNICIAN), *3 * [Refusal.CARD_EXPIRED]),
        (replace(BLOCKED, role=Role.TECHNICIAN), *3 * [Refusal.CARD_BLOCKED]),
    ],
)
def test_the_mode_and_the_card_decide(
    card: KnownCard | None, none: Refusal | None, card_mode: Refusal | None, central: Refusal | None
) -> None:
    assert card_refusal(card, Mode.NONE, NOW) is none
    assert card_refusal(card, Mode.CARD, NOW) is card_mode
    assert card_refusal(card, Mode.CENTRAL_SYSTEM, NOW) is central


@pytest.mark.parametrize(
    ("card", "refusal"), [(KNOWN, None), (TIMELY, Refusal.CARD_EXPIRED), (EXPIRED, Refusal.CARD_EXPIRED)]
)
def test_a_validity_cannot_be_judged_without_a_clock(card: KnownCard, refusal: Refusal | None) -> None:
    assert card_refusal(card, Mode.CARD, None) is refusal
