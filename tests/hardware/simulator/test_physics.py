"""What the boards and cars do when time passes; the test turns the clock."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from hardware.native_map import BoardState, Enable, Flag, LimitSource, Opcode, Status
from hardware.simulator.car import Behaviour
from hardware.simulator.pilot import duty_permille_of
from hardware.simulator.status_block import letters

from .rig import CHARGE, START_S, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, lock=True)


def dc_rig(tmp_path: Path, **row: object) -> Rig:
    return Rig(tmp_path, "CCS2", **row)


def charging(rig: Rig, **car: Any) -> Rig:
    rig.plug(**car)
    rig.obey()
    rig.run(4.0)
    assert rig.closed()
    return rig


def test_it_closes_after_the_car_has_seen_the_offer_and_asked(rig: Rig) -> None:
    rig.plug()
    assert letters(rig.unit) == "B1"
    rig.obey()
    assert letters(rig.unit) == "B2"
    rig.run(0.51)
    assert letters(rig.unit) == "C2"
    rig.run(0.05)
    assert rig.edges("contactor") == [START_S + 0.53]


@pytest.mark.parametrize("missing", [Enable.CHARGE, Enable.AVAILABLE, Enable.AUTHORIZED])
def test_it_opens_within_50_ms_when_any_permission_is_withdrawn(rig: Rig, missing: Enable) -> None:
    charging(rig)
    withdrawn_s = rig.now_s
    rig.obey(CHARGE & ~missing)
    rig.run(0.05)
    assert not rig.closed()
    assert rig.edges("contactor")[-1] - withdrawn_s <= 0.05


@pytest.mark.parametrize("limit_a", [0.0, 5.9])
def test_it_pauses_below_the_minimum_and_is_no_fault(rig: Rig, limit_a: float) -> None:
    charging(rig)
    rig.obey(limit_a=limit_a)
    rig.run(0.05)
    assert (rig.closed(), rig.state()) == (False, BoardState.PAUSED_EVSE)
    assert rig.status()[Status.FAULTS : Status.FAULTS + 2] == (0, 0)


@pytest.mark.parametrize("watchdog_s", [1.0, 3.0])
def test_it_opens_within_200_ms_after_the_watchdog_expired(rig: Rig, watchdog_s: float) -> None:
    charging(rig)
    rig.obey(watchdog_s=watchdog_s)
    fed_s = rig.now_s
    rig.run(watchdog_s + 0.2, fed=False)
    assert watchdog_s <= rig.edges("contactor")[-1] - fed_s <= watchdog_s + 0.2
    assert rig.status()[Status.FLAGS] & Flag.WATCHDOG_TRIPPED
    assert rig.status()[Status.LIMIT_SOURCE] == LimitSource.WATCHDOG


def test_it_resumes_ac_by_itself_when_setpoints_return(rig: Rig) -> None:
    charging(rig).run(4.0, fed=False)
    assert not rig.closed()
    rig.obey()
    rig.run(1.0)
    assert rig.closed()
    assert not rig.status()[Status.FLAGS] & Flag.WATCHDOG_TRIPPED


def test_it_goes_on_with_the_fallback_of_the_setpoint(rig: Rig) -> None:
    charging(rig)
    rig.obey(fallback_a=8.0)
    rig.run(5.0, fed=False)
    assert rig.closed()
    assert rig.unit.current_a == 8.0


@pytest.mark.parametrize(("dc_restart", "resumes"), [(False, False), (True, True)])
def test_it_ends_a_dc_session_at_a_trip(tmp_path: Path, dc_restart: bool, resumes: bool) -> None:
    rig = charging(dc_rig(tmp_path, dc_restart=dc_restart))
    rig.run(4.0, fed=False)
    rig.obey()
    rig.run(4.0)
    assert rig.state() is BoardState.FINISHED  # enable never went away, so nothing asks for a restart
    rig.obey(CHARGE & ~Enable.CHARGE)
    rig.obey()
    rig.run(4.0)
    assert rig.closed() is resumes


def test_it_checks_the_cable_and_precharges_before_dc_energy(tmp_path: Path) -> None:
    rig = dc_rig(tmp_path)
    rig.plug()
    rig.obey(limit_a=200)
    seen = [rig.state()]
    while rig.now_s < START_S + 3:
        rig.run(0.05)
        seen += [rig.state()] if rig.state() is not seen[-1] else []
    assert seen == [BoardState.CABLE_CHECK, BoardState.PRECHARGE, BoardState.CHARGING]
    assert rig.edges("contactor") == [START_S + 2.53]


def test_it_keeps_dc_power_and_current_within_both_limits(tmp_path: Path) -> None:
    rig = dc_rig(tmp_path)
    rig.plug("truck", soc=50)
    rig.obey(limit_a=300, limit_w=60_000)
    rig.run(10)
    assert rig.unit.power_w == pytest.approx(60_000)
    rig.obey(limit_a=50, limit_w=60_000)
    rig.run(0.1)
    assert rig.unit.current_a == 50


def test_it_gives_nothing_above_the_cap_of_the_voltage(tmp_path: Path) -> None:
    rig = dc_rig(tmp_path)
    rig.plug("truck")
    rig.obey(limit_a=100, voltage_cap_v=500.0)
    rig.run(5)
    assert (rig.closed(), rig.unit.power_w) == (True, 0)


@pytest.mark.parametrize(("name", "phases", "power_w"), [("zoe", 3, 11_040), ("phev", 1, 3_680)])
def test_it_loads_the_phases_that_the_car_has(rig: Rig, name: str, phases: int, power_w: int) -> None:
    charging(rig, name=name)
    words = rig.status()
    assert rig.unit.power_w == power_w
    currents = words[Status.CURRENT_L1_CA : Status.CURRENT_L3_CA + 1]
    assert currents == tuple(1600 if phase < phases else 0 for phase in range(3))


def test_it_lets_the_car_react_half_a_second_after_a_change_of_the_limit(rig: Rig) -> None:
    charging(rig)
    rig.obey(limit_a=10)
    rig.run(0.45)
    assert rig.unit.current_a == 16
    rig.run(0.1)
    assert rig.unit.current_a == 10


def test_it_draws_a_fifth_too_much_when_greedy(rig: Rig) -> None:
    assert charging(rig, behaviour=Behaviour.GREEDY).unit.current_a == pytest.approx(19.2)


def test_it_rests_and_returns_when_the_car_pauses(rig: Rig) -> None:
    charging(rig, behaviour=Behaviour.PAUSES)
    rig.run(9)
    assert (rig.state(), letters(rig.unit)) == (BoardState.PAUSED_EV, "B2")
    rig.run(9)
    assert rig.closed()


def test_it_never_asks_and_becomes_a_pause_of_the_car(rig: Rig) -> None:
    rig.plug(behaviour=Behaviour.NEVER)
    rig.obey()
    rig.run(5)
    assert rig.state() is BoardState.PREPARING
    rig.run(6)
    assert (rig.state(), rig.edges("contactor")) == (BoardState.PAUSED_EV, [])


def test_it_wakes_a_sleeping_car_by_a_simulated_plug_in(rig: Rig) -> None:
    rig.plug(behaviour=Behaviour.ASLEEP)
    rig.obey()
    rig.run(3)
    assert not rig.closed()
    assert rig.command(Opcode.REPLUG) == 0
    rig.run(1)
    assert rig.closed()


def test_it_unplugs_by_itself_when_the_car_leaves(rig: Rig) -> None:
    charging(rig, behaviour=Behaviour.LEAVES).run(10)
    assert not rig.unit.plugged
    assert not rig.closed()
    assert len(rig.edges("plug")) == 2


def test_it_tapers_above_80_percent_and_stops_when_full(rig: Rig) -> None:
    car = charging(rig, soc=90).unit.car
    assert car is not None
    assert rig.unit.current_a == pytest.approx(16)  # the limit is below what a half tapered charger takes
    car.soc = 99.0
    assert rig.unit.current_a == pytest.approx(32 * (1 - 0.9 * 19 / 20))
    car.soc = 100.0
    rig.run(0.2)
    assert not rig.closed()


def test_it_fills_the_battery_faster_but_not_the_register(rig: Rig) -> None:
    car = charging(rig, speed=100.0).unit.car
    assert car is not None
    soc, register_wh = car.soc, rig.unit.register.true_wh
    rig.run(10)
    energy_wh = rig.unit.register.true_wh - register_wh
    assert energy_wh == pytest.approx(11_040 * 10 / 3600)
    assert car.soc - soc == pytest.approx(energy_wh * 100 / 600)


def test_it_gives_the_same_energy_however_time_is_cut(tmp_path: Path) -> None:
    registers_wh = []
    for step_s in (0.01, 0.05, 0.37):
        rig = Rig(tmp_path / str(step_s))
        rig.plug()
        rig.obey(watchdog_s=60)
        rig.run(20, step_s=step_s, fed=False)
        registers_wh.append(rig.unit.register.true_wh)
    assert registers_wh == pytest.approx([registers_wh[0]] * 3, abs=1e-6)


def test_it_opens_by_itself_within_50_ms_of_the_wired_button(rig: Rig) -> None:
    charging(rig)
    rig.unit.press_emergency(pressed=True, wired=True, now_s=rig.now_s)
    pressed_s = rig.now_s
    rig.run(0.05)
    assert rig.edges("contactor")[-1] - pressed_s <= 0.05
    assert rig.state() is BoardState.EMERGENCY_STOP


def test_it_only_tells_of_a_button_that_is_not_wired(rig: Rig) -> None:
    charging(rig)
    rig.unit.press_emergency(pressed=True, wired=False, now_s=rig.now_s)
    rig.run(1.0)
    assert rig.closed()
    assert rig.status()[Status.FLAGS] & Flag.EMERGENCY_INPUT


def test_it_releases_the_latch_only_when_the_button_is_out(rig: Rig) -> None:
    rig.unit.press_emergency(pressed=True, wired=True, now_s=rig.now_s)
    assert rig.command(Opcode.RELEASE_EMERGENCY_STOP) == 2
    rig.unit.press_emergency(pressed=False, wired=True, now_s=rig.now_s)
    assert rig.state() is BoardState.EMERGENCY_STOP
    assert rig.command(Opcode.RELEASE_EMERGENCY_STOP) == 0
    assert rig.state() is BoardState.IDLE


def test_it_never_opens_the_lock_under_current(rig: Rig) -> None:
    charging(rig)
    rig.obey(CHARGE | Enable.LOCK)
    rig.run(0.5)
    assert rig.locked()
    rig.obey(CHARGE)
    rig.run(2.0)
    assert rig.locked()
    rig.obey(Enable.AVAILABLE)
    rig.run(0.5)
    assert not rig.locked()
    assert rig.edges("lock")[-1] > rig.edges("contactor")[-1]


def test_it_reports_a_lock_that_does_not_move(rig: Rig) -> None:
    rig.unit.defects.add("LockStuck")
    rig.obey(Enable.AVAILABLE | Enable.LOCK)
    rig.run(1.1)
    assert rig.unit.faults == {"ConnectorLockFailure"}


@pytest.mark.parametrize(("defect", "closed"), [("ContactorWelded", True), ("ContactorStuckOpen", False)])
def test_it_shows_what_a_broken_contactor_does(rig: Rig, defect: str, closed: bool) -> None:
    if closed:
        charging(rig)
    rig.unit.defects.add(defect)
    rig.plug() if not closed else None
    rig.obey(CHARGE if not closed else Enable.AVAILABLE)
    rig.run(2.0)
    flags = rig.status()[Status.FLAGS]
    assert bool(flags & Flag.CONTACTOR_CLOSED) is closed
    assert bool(flags & Flag.CONTACTOR_COMMANDED) is not closed


@pytest.mark.parametrize(
    ("fault", "closed", "limit_a"),
    [("GroundFailure", False, 32.0), ("HighTemperature", True, 16.0), ("CableOverTempDerate", True, 16.0)],
)
def test_it_stops_for_faults_that_block_and_derates_for_heat(
    rig: Rig, fault: str, closed: bool, limit_a: float
) -> None:
    rig.plug()
    rig.obey(limit_a=32.0)
    rig.run(2)
    rig.unit.raise_fault(fault, rig.now_s)
    rig.run(1)
    assert rig.closed() is closed
    assert rig.unit.limit.amperes == limit_a


def test_it_lets_one_connector_of_a_group_deliver_at_a_time(tmp_path: Path) -> None:
    first, second = dc_rig(tmp_path / "a", exclusion_group=1), dc_rig(tmp_path / "b", exclusion_group=1)
    first.unit.rivals, second.unit.rivals = [second.unit], [first.unit]
    charging(first)
    second.now_s = first.now_s
    second.plug()
    second.obey()
    second.run(4)
    assert not second.closed()
    first.unit.unplug(first.now_s)
    first.run(0.1)
    second.run(4)
    assert second.closed()


def test_it_forgets_the_setpoint_and_tells_of_a_restart(rig: Rig) -> None:
    charging(rig)
    assert rig.command(Opcode.ACKNOWLEDGE_REBOOT) == 0
    assert not rig.status()[Status.FLAGS] & Flag.REBOOTED
    rig.command_id += 1
    rig.ask(rig.command_frame(rig.command_id, Opcode.RESET))
    assert not rig.board.answers
    rig.run(1.1, fed=False)
    words = rig.status()
    assert not rig.closed()
    assert words[Status.FLAGS] & Flag.REBOOTED
    assert (words[Status.UPTIME_S + 1], words[Status.SEQUENCE], words[Status.COMMAND_ID]) == (0, 1, 0)


@pytest.mark.parametrize(("limit_a", "permille"), [(6, 100), (16, 267), (32, 533), (51, 850), (63, 892), (80, 960)])
def test_it_offers_the_duty_cycle_of_the_standard(limit_a: float, permille: int) -> None:
    assert duty_permille_of(limit_a) == permille


def test_it_has_no_pilot_letter_where_the_standard_has_none(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "CHADEMO", maximum_a=125.0)
    rig.plug()
    assert struct.pack(">H", rig.status()[Status.PILOT]) == b"--"
    assert rig.status()[Status.PILOT_HIGH_10MV] == 0x8000
