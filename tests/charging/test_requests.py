"""What may be asked of a connector in each situation, and what it answers otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from charging.domain import events as e
from charging.domain.capability import Capability
from charging.domain.connector import Authorization, Connector, Reservation, Stop, Transaction
from charging.domain.observation import Phase, Pilot
from charging.domain.requests import Refusal as R  # noqa: N817 - a table of refusals reads best so
from charging.domain.requests import refusal_of
from charging.domain.situation import SITUATIONS, situation_of
from charging.words import REFUSALS
from tests.charging.worlds import frame

FREE: Final = Connector()
PLUGGED: Final = Connector(plugged=True, pilot=Pilot.B)
ASKED: Final = Authorization(id_tag="T", due_s=60.0)
RUNNING: Final = replace(PLUGGED, transaction=Transaction(id_tag="T", meter_start_wh=0))
OUT: Final = frozenset({"technician"})
HELD: Final = Reservation(reservation_id=1, id_tag="T", parent_id_tag="P", expires_s=60.0)

TABLE: Final = {
    # situation: (connector, start by T, start by somebody else, stop, reserve)
    "free": (FREE, None, None, R.NOTHING_TO_STOP, None),
    "plug_in": (replace(FREE, authorization=ASKED), None, R.BUSY, None, R.OCCUPIED),
    "authorize": (PLUGGED, None, None, R.NOTHING_TO_STOP, R.OCCUPIED),
    "connecting": (replace(PLUGGED, authorization=ASKED), None, R.BUSY, None, R.OCCUPIED),
    "waiting_turn": (replace(PLUGGED, authorization=ASKED, claimed_by=2), None, R.BUSY, None, R.OCCUPIED),
    "charging": (replace(RUNNING, delivering=True), R.BUSY, R.BUSY, None, R.OCCUPIED),
    "paused_by_car": (RUNNING, R.BUSY, R.BUSY, None, R.OCCUPIED),
    "paused_by_station": (replace(RUNNING, ev_ready=True), R.BUSY, R.BUSY, None, R.OCCUPIED),
    "stopping": (replace(RUNNING, stop=Stop(reason="Local", due_s=3.0)), R.BUSY, R.BUSY, None, R.OCCUPIED),
    "unplug": (replace(PLUGGED, finishing=True), None, None, R.NOTHING_TO_STOP, R.OCCUPIED),
    "reserved": (replace(FREE, reservation=HELD), None, R.RESERVED, R.NOTHING_TO_STOP, R.OCCUPIED),
    "out_of_service": (
        replace(FREE, inoperative=OUT), R.OUT_OF_SERVICE, R.OUT_OF_SERVICE, R.NOTHING_TO_STOP, R.OUT_OF_SERVICE
    ),
    "fault_user": (
        replace(PLUGGED, board_faults=frozenset({"ProximityFault"})), R.FAULTED, R.FAULTED, R.NOTHING_TO_STOP, R.FAULTED
    ),
    "fault": (
        replace(FREE, board_faults=frozenset({"GroundFailure"})), R.FAULTED, R.FAULTED, R.NOTHING_TO_STOP, R.FAULTED
    ),
    "emergency": (
        replace(FREE, latches=frozenset({"EmergencyStop"})), R.EMERGENCY, R.EMERGENCY, R.NOTHING_TO_STOP, R.FAULTED
    ),
    "no_contact": (replace(FREE, lost_s=1.0), R.NO_CONTACT, R.NO_CONTACT, R.NOTHING_TO_STOP, None),
}  # fmt: skip


def test_the_table_has_every_situation() -> None:
    assert tuple(TABLE) == SITUATIONS
    assert {name: situation_of(row[0]) for name, row in TABLE.items()} == {name: name for name in SITUATIONS}


@pytest.mark.parametrize(
    ("direct_current", "can_resume", "phase", "answer"),
    [
        (True, False, Phase.FINISHED, R.UNPLUG_FIRST),
        (True, True, Phase.FINISHED, None),
        (True, False, Phase.IDLE, None),
        (False, True, Phase.FINISHED, None),
    ],
)
def test_a_dc_session_that_is_over_for_the_vehicle_needs_the_plug_again(
    direct_current: bool, can_resume: bool, phase: Phase, answer: R | None
) -> None:
    capability = Capability(direct_current=direct_current, can_resume=can_resume)
    c = Connector(plugged=True, finishing=True, phase=phase, capability=capability)
    assert refusal_of(c, e.Authorized(id_tag="T")) == answer


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_situation_answers_as_the_table_says(situation: str) -> None:
    c, *answers = TABLE[situation]
    asks = (
        e.Authorized(id_tag="t"),
        e.Authorized(id_tag="OTHER"),
        e.StopRequested(reason="Local"),
        e.ReservationRequested(reservation_id=2, id_tag="T", expires_s=60.0),
    )
    assert [refusal_of(c, ask) for ask in asks] == answers


def test_a_stop_is_accepted_even_while_a_fault_blocks_or_nobody_answers() -> None:
    for c in (replace(RUNNING, board_faults=frozenset({"GroundFailure"})), replace(RUNNING, lost_s=1.0)):
        assert refusal_of(c, e.StopRequested(reason="Local")) is None


def test_a_reservation_is_used_by_its_group_and_replaced_by_itself() -> None:
    held = replace(FREE, reservation=HELD)
    assert refusal_of(held, e.Authorized(id_tag="OTHER", parent_id_tag="p")) is None
    assert refusal_of(held, e.ReservationRequested(reservation_id=1, id_tag="U", expires_s=90.0)) is None
    alone = replace(FREE, reservation=replace(HELD, parent_id_tag=""))
    assert refusal_of(alone, e.Authorized(id_tag="OTHER", parent_id_tag="")) is R.RESERVED


def test_what_goes_out_of_service_soon_accepts_nobody_any_more() -> None:
    soon = replace(PLUGGED, becomes_inoperative=OUT)
    assert refusal_of(soon, e.Authorized(id_tag="T")) is R.OUT_OF_SERVICE
    unplugged = replace(FREE, becomes_inoperative=OUT)
    assert (
        refusal_of(unplugged, e.ReservationRequested(reservation_id=1, id_tag="T", expires_s=9.0)) is R.OUT_OF_SERVICE
    )


@pytest.mark.parametrize(
    "event",
    [
        e.Observed(frame=frame(Pilot.A, phase=Phase.IDLE)),
        e.ContactLost(),
        e.TimePassed(),
        e.PowerReturned(away_s=None, same_board=False),
        e.FaultRaised(name="OverDraw"),
    ],
)
def test_an_observation_is_never_refused(event: e.Event) -> None:
    assert {refusal_of(row[0], event) for row in TABLE.values()} == {None}


def test_every_refusal_has_a_sentence() -> None:
    assert set(REFUSALS) == set(R)
