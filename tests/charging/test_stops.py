"""How transactions end, what deadlines do, and what happens after a power cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from charging.domain import events as e
from charging.domain.advance import advance
from charging.domain.capability import Capability
from charging.domain.connector import (
    FIRST_FRAME_WITHIN_S,
    Authorization,
    Connector,
    Policy,
    Reservation,
    Stop,
    Transaction,
    next_due_of,
)
from charging.domain.limits import Lease
from charging.domain.observation import Observation, Phase, Pilot
from charging.domain.outputs import outputs_of
from charging.domain.status import Status, status_of
from tests.charging.worlds import DC, frame

AC: Final = Connector()
DC_THAT_GOES_ON: Final = replace(DC, capability=replace(DC.capability, can_resume=True))
ASKED: Final = Authorization(id_tag="T", due_s=60.0)


def charging(c: Connector = AC) -> Connector:
    """*c* with a vehicle that charges since the register was at 1000 Wh."""
    transaction = Transaction(id_tag="T", meter_start_wh=1000, energised=True)
    return replace(c, plugged=True, ev_ready=True, delivering=True, session=True, transaction=transaction)


def seen(c: Connector, **more: Any) -> Observation:
    pilot = None if c.capability.direct_current else Pilot.C
    return frame(pilot, **{"plugged": True, "ev_ready": True, "delivering": True, "uptime_s": 5000, **more})


def after(c: Connector, *events: e.Event) -> tuple[Connector, list[e.Fact]]:
    facts: list[e.Fact] = []
    for event in events:
        steps = advance(c, event)
        facts += [fact for _at, told in steps for fact in told]
        c = steps[-1][0]
    return c, facts


def stops_of(facts: list[e.Fact]) -> list[tuple[str, int | None, bool]]:
    return [(f.reason, f.meter_stop_wh, f.flagged) for f in facts if isinstance(f, e.TransactionStopped)]


def test_a_stop_switches_off_first_and_ends_with_the_register_of_the_open_contactor() -> None:
    c = charging()
    wanted, _ = after(c, e.StopRequested(now_s=0.0, reason="Local"))
    assert not outputs_of(wanted).enable
    assert outputs_of(charging(replace(AC, capability=Capability(has_lock=True)))).lock
    ended, facts = after(
        wanted,
        e.Observed(now_s=0.2, frame=seen(c, register_wh=1500)),
        e.Observed(now_s=0.4, frame=seen(c, register_wh=1501, delivering=False)),
    )
    assert stops_of(facts) == [("Local", 1501, False)]
    assert status_of(ended) is Status.FINISHING


@pytest.mark.parametrize(("c", "within_s"), [(AC, 3.0), (DC, 20.0)])
def test_a_contactor_that_does_not_open_is_a_fault_and_ends_it_flagged(c: Connector, within_s: float) -> None:
    wanted, _ = after(charging(c), e.StopRequested(now_s=0.0, reason="Remote"))
    still, facts = after(
        wanted,
        e.Observed(now_s=0.2, frame=seen(c, register_wh=1500)),
        e.Observed(now_s=within_s - 0.1, frame=seen(c, register_wh=1501)),
    )
    assert not stops_of(facts)
    ended, facts = after(still, e.Observed(now_s=within_s, frame=seen(c, register_wh=1502)))
    assert stops_of(facts) == [("Remote", 1502, True)]
    assert "ContactorNotOpening" in ended.latches


def test_a_frame_that_comes_late_and_shows_the_contactor_open_is_no_fault() -> None:
    wanted, _ = after(charging(), e.StopRequested(now_s=0.0, reason="Local"), e.Observed(now_s=0.2, frame=seen(AC)))
    ended, facts = after(wanted, e.Observed(now_s=9.0, frame=seen(AC, register_wh=1502, delivering=False)))
    assert stops_of(facts) == [("Local", 1502, False)]
    assert not ended.faults


def test_the_first_frame_after_the_deadline_is_asked_once_more_before_it_is_a_fault() -> None:
    wanted, _ = after(charging(), e.StopRequested(now_s=0.0, reason="Local"))
    late, facts = after(wanted, e.Observed(now_s=9.0, frame=seen(AC)))
    assert not stops_of(facts)
    assert not late.faults


def test_a_silent_controller_ends_it_with_the_last_register_and_without_a_contactor_fault() -> None:
    silent, _ = after(charging(), e.ContactLost(now_s=0.0), e.StopRequested(now_s=1.0, reason="Local"))
    early, facts = after(silent, e.TimePassed(now_s=3.9, register_wh=1700))
    assert (early.transaction is None, stops_of(facts)) == (False, [])
    ended, facts = after(silent, e.TimePassed(now_s=4.0, register_wh=1700))
    assert stops_of(facts) == [("Local", 1700, True)]
    assert not ended.faults


def test_an_unplug_needs_two_frames_and_ends_with_its_reason() -> None:
    once, facts = after(charging(), e.Observed(now_s=1.0, frame=frame(Pilot.A)))
    assert once.plugged
    assert facts == []
    ended, facts = after(once, *(e.Observed(now_s=n, frame=frame(Pilot.A, register_wh=1234)) for n in (1.2, 1.4)))
    assert stops_of(facts) == [("EVDisconnected", 1234, False)]
    assert status_of(ended) is Status.AVAILABLE


@pytest.mark.parametrize("pilot", [Pilot.E, Pilot.F])
def test_pilot_e_and_f_are_a_fault_and_never_an_unplug(pilot: Pilot) -> None:
    c, facts = after(charging(), *(e.Observed(now_s=n / 5, frame=frame(pilot, plugged=False)) for n in range(9)))
    assert c.plugged
    assert c.transaction
    assert status_of(c) is Status.FAULTED
    assert not stops_of(facts)
    again, _ = after(c, e.Observed(now_s=9.0, frame=seen(AC)))
    assert status_of(again) is Status.CHARGING


@pytest.mark.parametrize(
    ("fault", "ac", "dc"),
    [("GroundFailure", "", "Other"), ("EmergencyStop", "EmergencyStop", "EmergencyStop"), ("HighTemperature", "", "")],
)
def test_a_fault_is_an_overlay_unless_the_session_cannot_go_on(fault: str, ac: str, dc: str) -> None:
    for c, reason in ((AC, ac), (DC, dc)):
        faulted, _ = after(charging(c), e.Observed(frame=seen(c, faults=frozenset({fault}))))
        assert (faulted.stop.reason if faulted.stop else "") == reason
        assert outputs_of(faulted).enable == (fault == "HighTemperature")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"watchdog_tripped": True, "delivering": False}, "Other"),
        ({"rebooted": True, "delivering": False}, "Other"),
        ({"phase": Phase.FINISHED, "delivering": False}, "Other"),
        ({"phase": Phase.FINISHED}, ""),
    ],
)
def test_a_dc_session_that_was_cut_or_finished_ends(more: dict[str, Any], reason: str) -> None:
    ended, _ = after(charging(DC), e.Observed(frame=seen(DC, **more)))
    assert (ended.stop.reason if ended.stop else "") == reason
    ac, _ = after(charging(), e.Observed(frame=seen(AC, **more)))
    assert ac.stop is None


def test_deadlines_that_have_come_count_before_the_frame() -> None:
    """A worker that was gone for minutes does not start what was asked before."""
    c, facts = after(replace(AC, authorization=ASKED), e.Observed(now_s=60.0, frame=frame(Pilot.B)))
    assert [f.why for f in facts if isinstance(f, e.AuthorizationDropped)] == ["timeout"]
    assert c.transaction is None


def test_every_deadline_ends_its_own_wait() -> None:
    held = Reservation(reservation_id=7, id_tag="T", expires_s=50.0)
    lease = Lease(source="site", limit_w=9000, expires_s=40.0, fallback_w=0)
    c = replace(AC, reservation=held, leases=(lease,), lost_s=20.0)
    assert next_due_of(c) == 40.0
    at_40, _ = after(c, e.TimePassed(now_s=40.0))
    assert (at_40.limit.power_w, next_due_of(at_40)) == (0, 47.0)
    at_47, facts = after(at_40, e.TimePassed(now_s=47.0))
    assert at_47.own_faults == {"ControllerLost"}
    assert [f.why for f in facts if isinstance(f, e.ReservationEnded)] == ["faulted"]
    assert next_due_of(at_47) is None
    late, facts = after(replace(at_40, lost_s=None), e.TimePassed(now_s=50.0))
    assert [f.why for f in facts if isinstance(f, e.ReservationEnded)] == ["expired"]
    assert next_due_of(late) is None


def test_a_vehicle_that_does_not_begin_is_prepared_for_30_s_and_then_suspended() -> None:
    c, _ = after(replace(AC, authorization=ASKED), e.Observed(now_s=1.0, frame=frame(Pilot.B)))
    assert status_of(c) is Status.PREPARING
    assert status_of(after(c, e.TimePassed(now_s=30.9))[0]) is Status.PREPARING
    assert status_of(after(c, e.TimePassed(now_s=31.0))[0]) is Status.SUSPENDED_EV


PLUGGED: Final = {"plugged": True, "session_s": 5000}
GONE: Final = {"plugged": False, "session_s": 0}
STILL_ON: Final = {**PLUGGED, "delivering": True}
RETURNS: Final = [
    # connector, the first frame, (how long away, same board), resumed
    (AC, PLUGGED, (0.0, True), True),
    (AC, PLUGGED, (600.0, True), True),
    (AC, PLUGGED, (600.1, True), False),
    (AC, PLUGGED, (None, True), False),
    (AC, PLUGGED, (30.0, False), False),
    (AC, GONE, (30.0, True), False),
    (AC, {"plugged": True, "session_s": 29}, (30.0, True), False),  # the plug was out meanwhile
    (AC, STILL_ON, (4.0, True), True),
    (DC, PLUGGED, (30.0, True), False),
    (DC, STILL_ON, (4.0, True), True),
    (DC_THAT_GOES_ON, PLUGGED, (30.0, True), True),
    (DC_THAT_GOES_ON, PLUGGED, (601.0, True), False),
    (DC_THAT_GOES_ON, GONE, (30.0, True), False),
]


@pytest.mark.parametrize(("c", "first", "absence", "resumed"), RETURNS)
def test_a_power_cut_resumes_or_closes(
    c: Connector, first: dict[str, Any], absence: tuple[float | None, bool], resumed: bool
) -> None:
    away_s, same_board = absence
    gone, _ = after(charging(c), e.PowerReturned(now_s=0.0, away_s=away_s, same_board=same_board))
    assert not outputs_of(gone).enable
    pilot = None if c.capability.direct_current else (Pilot.B if first["plugged"] else Pilot.A)
    seen_first = frame(pilot, **{"uptime_s": 5000, "register_wh": 1800, **first})
    back, facts = after(gone, e.Observed(now_s=1.0, frame=seen_first))
    assert any(isinstance(fact, e.TransactionResumed) for fact in facts) is resumed
    assert (back.stop is None) is resumed
    if not resumed:
        off = replace(seen_first, delivering=False)
        _, facts = after(back, *(e.Observed(now_s=n, frame=off) for n in (1.2, 1.4)))
        assert stops_of(facts) == [("PowerLoss", 1800, False)]


def test_the_owner_may_always_close_after_a_power_cut() -> None:
    closing = replace(charging(), policy=Policy(resume_within_s=0.0))
    gone, _ = after(closing, e.PowerReturned(away_s=0.1, same_board=True))
    assert after(gone, e.Observed(frame=seen(AC)))[0].stop == Stop(reason="PowerLoss", due_s=3.0)


def test_a_board_that_restarted_with_the_station_cannot_tell_a_replug_and_goes_on() -> None:
    gone, _ = after(charging(), e.PowerReturned(away_s=120.0, same_board=True))
    back, _ = after(gone, e.Observed(frame=seen(AC, uptime_s=5, session_s=3)))
    assert back.stop is None


def test_a_stop_wanted_before_the_power_cut_keeps_its_reason_and_waits_for_the_first_frame() -> None:
    wanted, _ = after(charging(), e.StopRequested(now_s=0.0, reason="Remote"))
    gone, _ = after(wanted, e.PowerReturned(now_s=5.0, away_s=5.0, same_board=True))
    early, facts = after(gone, e.TimePassed(now_s=5.0 + FIRST_FRAME_WITHIN_S - 0.1))
    assert not stops_of(facts)
    back, facts = after(early, *(e.Observed(now_s=60.0 + n, frame=seen(AC, delivering=False)) for n in (0, 1, 2)))
    assert stops_of(facts) == [("Remote", 1000, False)]
    assert not back.faults


def test_a_board_that_never_comes_back_ends_the_stop_without_a_contactor_fault() -> None:
    wanted, _ = after(charging(), e.StopRequested(reason="Remote"), e.PowerReturned(away_s=5.0, same_board=True))
    ended, facts = after(wanted, e.TimePassed(now_s=FIRST_FRAME_WITHIN_S))
    assert stops_of(facts) == [("Remote", None, True)]
    assert not ended.faults


def test_what_was_only_asked_for_is_asked_for_again_after_a_power_cut() -> None:
    _, facts = after(replace(AC, authorization=ASKED), e.PowerReturned(away_s=1.0, same_board=True))
    assert [f.why for f in facts if isinstance(f, e.AuthorizationDropped)] == ["power_loss"]


def test_deadlines_move_to_the_clock_that_began_anew() -> None:
    held = Reservation(reservation_id=7, id_tag="T", expires_s=1000.0)
    lease = Lease(source="site", limit_w=9000, expires_s=1100.0)
    c = replace(charging(), reservation=held, leases=(lease, Lease(source="profile")))
    transaction = Transaction(id_tag="T", meter_start_wh=0, handshake_due_s=1010.0)
    moved, _ = after(
        replace(c, transaction=transaction), e.PowerReturned(now_s=5.0, away_s=5.0, same_board=True, rebase_s=-990.0)
    )
    assert moved.reservation
    assert moved.reservation.expires_s == 10.0
    assert [lease.expires_s for lease in moved.leases] == [110.0, None]
    assert moved.transaction
    assert moved.transaction.handshake_due_s == 20.0


def test_another_board_ends_what_ran_with_what_is_known_of_the_old_one() -> None:
    lost = replace(charging(), lost_s=1.0, own_faults=frozenset({"ControllerLost", "ControllerMismatch"}))
    ended, facts = after(lost, e.BoardReplaced(now_s=9.0))
    assert stops_of(facts) == [("Other", None, True)]
    assert not ended.faults
    assert after(AC, e.BoardReplaced(now_s=9.0)) == (AC, [])


def test_an_event_without_a_rule_is_our_mistake() -> None:
    with pytest.raises(NotImplementedError, match="Event has no rule"):
        advance(AC, e.Event())


@pytest.mark.parametrize(
    ("c", "event"),
    [
        (charging(), e.Authorized(id_tag="OTHER")),
        (replace(AC, inoperative=frozenset({"technician"})), e.Authorized(id_tag="T")),
        (AC, e.StopRequested(reason="Local")),
        (AC, e.ReservationCancelled(reservation_id=1)),
        (AC, e.AvailabilityRequested(operative=True, source="technician")),
        (AC, e.LeaseEnded(source="site")),
    ],
)
def test_a_request_that_comes_too_late_changes_nothing(c: Connector, event: e.Event) -> None:
    assert after(c, event) == (c, [])
