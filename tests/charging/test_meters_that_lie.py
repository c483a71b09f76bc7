"""A meter that lies is a fault; whatever happens then, nobody is billed for energy that never flowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charging import record, services
from charging.clock import Moment, now
from charging.domain.capability import Capability
from charging.models import Transaction
from charging.turns import Turns
from tests.charging.rows import metered_frame

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
START_WH = 1000
GOOD_WH = 1003
LIES = [(51_000, "MeterJump"), (400, "MeterBackward")]


class Line:
    """One connector that is polled every 200 ms, without a line."""

    def __init__(self) -> None:
        found = services.FoundConnector(
            board_serial="S", board_index=1, connector_type="TYPE2_CABLE", capability=Capability()
        )
        (self.number,) = services.connectors_found([found]).values()
        self.moment = now()
        self.turns = Turns([self.number])

    def frame(self, register_wh: int, *, delivering: bool) -> None:
        self.moment = Moment(self.moment.mono_s + 0.2, self.moment.at, self.moment.boot_id)
        self.turns.refresh()
        self.turns.observe(self.number, metered_frame(register_wh, delivering=delivering), self.moment)

    def silence(self, for_s: float) -> None:
        for passed_s in (3.0, for_s):
            self.turns.silent(self.number, replace(self.moment, mono_s=self.moment.mono_s + passed_s))
        self.moment = replace(self.moment, mono_s=self.moment.mono_s + for_s)

    @property
    def faults(self) -> frozenset[str]:
        return record.connectors()[0].faults


@pytest.fixture
def charging_line() -> Line:
    line = Line()
    line.frame(START_WH, delivering=False)
    services.start(line.number, by="technician", who="test", id_tag="T")
    line.frame(START_WH, delivering=False)
    line.frame(START_WH, delivering=True)
    line.frame(GOOD_WH, delivering=True)
    return line


def stopped_at_wh(line: Line, register_wh: int) -> int | None:
    """The last register of the bill when it is stopped while the meter says *register_wh*."""
    services.stop(line.number, by="technician", who="test")
    for _ in range(3):
        line.frame(register_wh, delivering=False)
    return only_transaction().meter_stop_wh


def only_transaction() -> Transaction:
    return Transaction.objects.get()


@pytest.mark.parametrize(("register_wh", "fault"), LIES)
def test_it_ends_with_the_last_plausible_register_when_it_is_acknowledged(
    charging_line: Line, register_wh: int, fault: str
) -> None:
    charging_line.frame(register_wh, delivering=True)
    assert fault in charging_line.faults
    assert only_transaction().stopped_at is None
    charging_line.frame(register_wh, delivering=False)
    services.acknowledge_faults(charging_line.number, "test", at_cabinet=True)
    for _ in range(3):
        charging_line.frame(register_wh, delivering=False)
    stopped = only_transaction()
    assert (stopped.stop_reason, stopped.meter_start_wh, stopped.meter_stop_wh) == ("Other", START_WH, GOOD_WH)
    assert charging_line.faults == frozenset()
    assert charging_line.turns.register_wh(charging_line.number) == register_wh


@pytest.mark.parametrize(("register_wh", "fault"), LIES)
def test_it_does_not_follow_the_meter_after_a_restart(charging_line: Line, register_wh: int, fault: str) -> None:
    record.checkpoint({charging_line.number: GOOD_WH}, moment=charging_line.moment, kernel_boot_id="")
    charging_line.frame(register_wh, delivering=True)
    charging_line.turns = Turns([charging_line.number])
    charging_line.frame(register_wh, delivering=False)
    assert fault in charging_line.faults
    assert stopped_at_wh(charging_line, register_wh) == GOOD_WH


def test_it_never_accepts_a_jump_because_time_has_passed(charging_line: Line) -> None:
    charging_line.frame(LIES[0][0], delivering=True)
    later = charging_line.moment
    charging_line.moment = replace(later, mono_s=later.mono_s + 36_000)
    charging_line.frame(LIES[0][0], delivering=False)
    assert charging_line.turns.register_wh(charging_line.number) == GOOD_WH


@pytest.mark.parametrize(("register_wh", "fault"), LIES)
def test_a_meter_that_lies_behind_a_silence_is_found_out(charging_line: Line, register_wh: int, fault: str) -> None:
    charging_line.silence(5.0)
    charging_line.frame(register_wh, delivering=False)
    assert fault in charging_line.faults
    assert stopped_at_wh(charging_line, register_wh) == GOOD_WH


def test_what_can_have_flowed_during_a_silence_is_believed(charging_line: Line) -> None:
    charging_line.silence(5.0)
    charging_line.frame(GOOD_WH + 18, delivering=True)  # 3 s at 22 kW, until the board's watchdog opened
    assert charging_line.faults == frozenset()
    assert charging_line.turns.register_wh(charging_line.number) == GOOD_WH + 18


def test_a_register_that_went_backward_while_the_software_was_gone_is_found_out(charging_line: Line) -> None:
    record.checkpoint({charging_line.number: GOOD_WH}, moment=charging_line.moment, kernel_boot_id="")
    charging_line.turns = Turns([charging_line.number])
    charging_line.frame(START_WH + 1, delivering=False)
    assert "MeterBackward" in charging_line.faults
    assert stopped_at_wh(charging_line, START_WH + 1) == GOOD_WH


def test_the_register_of_a_confirmed_other_board_is_its_own(charging_line: Line) -> None:
    charging_line.silence(5.0)
    services.confirm_replacement(charging_line.number, "S2", 1, who="technician")
    charging_line.frame(400, delivering=False)
    assert charging_line.faults == frozenset()
    assert charging_line.turns.register_wh(charging_line.number) == 400
    assert only_transaction().meter_stop_wh == START_WH
