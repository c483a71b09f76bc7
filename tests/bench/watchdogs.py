"""What happens when the controllers worker hangs or dies while cars charge? The truth of the boards judges."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hardware.native_map import WATCHDOG_S

from .machine import put_outside, surroundings
from .measurement import Effort, Measurement, spread_ms
from .page import page_of
from .station_files import ac_station
from .stations import RunningStation, all_charge, charge_everywhere, folder, held, started
from .technician import Technician, technician_of
from .touches import stopped_once
from .waiting import wait_for

OPEN_BAR_S: Final = WATCHDOG_S + 0.2
AGAIN_BAR_S: Final = 10.0
PATIENCE_S: Final = 60.0
ON_ITS_WAY_S: Final = 0.3  # a setpoint that was written before the silence may still be on the wire
KILLS_A_START: Final = 2  # a third quick end would meet the parent's back-off, which is measured elsewhere
HOLES_A_START: Final = 13
HOLES_A_KILL: Final = 4
LINES, UNITS = 2, 2
COUNTED: Final = (
    "real hangs and kills, each by the slowest of four AC connectors; a transaction a connector and start, "
    f"over {HOLES_A_START} hangs and kills or over {KILLS_A_START} kills"
)


@dataclass(slots=True)
class Campaign:
    """What was seen so far."""

    hung_s: list[list[float]] = field(default_factory=list)  # a hang each: last setpoint to open, by connector
    unseen_s: list[list[float]] = field(default_factory=list)  # a kill with the parent held each, likewise
    again_s: list[float] = field(default_factory=list)  # a kill each: until the last connector charges
    transactions: int = 0
    same: int = 0  # transactions that went on under their own number
    exact: int = 0  # whose registers are those of the board
    wrong: list[str] = field(default_factory=list)

    @property
    def opened_s(self) -> list[float]:
        """The slowest connector of each hang and each unseen kill."""
        return [max(seconds) for seconds in self.hung_s + self.unseen_s]


def _setpoint_s(station: RunningStation) -> dict[int, float]:
    """When each board heard its last setpoint, monotonic; only while nobody speaks to them."""
    state = station.simulator.state()
    now_s = float(state["monotonic_s"])
    return {
        each["connector_id"]: now_s + float(each["watchdog"]["left_s"]) - WATCHDOG_S for each in state["connectors"]
    }


def _opened(station: RunningStation, numbers: list[int]) -> list[float]:
    """Seconds from the last setpoint to the open contactor, of every connector. Call while nobody speaks."""
    time.sleep(ON_ITS_WAY_S)
    setpoint_s = _setpoint_s(station)
    facts = [station.truth.wait("contactor", PATIENCE_S, connector_id=number, closed=False)[0] for number in numbers]
    return [float(fact["monotonic_s"]) - setpoint_s[int(fact["connector_id"])] for fact in facts]


def hang(station: RunningStation, numbers: list[int]) -> list[float]:
    """The worker is stopped until all contactors are open."""
    station.truth.forget()
    with held(station.pids()["controllers"]):
        return _opened(station, numbers)


def kill_unseen(station: RunningStation, numbers: list[int]) -> list[float]:
    """The worker is killed while nobody is there to start it again."""
    station.truth.forget()
    pid = station.pids()["controllers"]
    with held(station.program.pid):
        os.kill(pid, signal.SIGKILL)
        return _opened(station, numbers)


def _charges_again(station: RunningStation, killed_s: float) -> bool:
    """Energy flows everywhere by setpoints of the new worker: none of the old one arrives so late."""
    told_s = _setpoint_s(station).values()
    flows = all(each["contactor"] and each["power_w"] > 0 for each in station.simulator.connectors())
    return flows and min(told_s) > killed_s + ON_ITS_WAY_S


def kill(station: RunningStation) -> float:
    """The worker is killed; seconds until every car charges again under a new one."""
    pid = station.pids()["controllers"]
    killed_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)

    def again() -> bool:
        return station.pids().get("controllers") not in {None, pid} and _charges_again(station, killed_s)

    wait_for("all charge again", again, PATIENCE_S, 0.05)
    return time.monotonic() - killed_s


# --- transactions ------------------------------------------------------------------------------------


def _ended(station: RunningStation, numbers: list[int]) -> dict[int, int]:
    """Stop every connector; the register that its board reported when the contactor opened, Wh."""
    registers_wh = {}
    with page_of(station.port) as page:
        for number in numbers:
            stopped_once(station, page, number)
            [opened] = station.truth.facts("contactor", connector_id=number, closed=False)
            registers_wh[number] = int(opened["register_reported_wh"])
    return registers_wh


def _open(technician: Technician) -> bool:
    return any(row["meter_stop_wh"] is None for row in technician.ask("transactions"))


def judged(station: RunningStation, numbers: list[int], campaign: Campaign) -> None:
    """Stop everything; one transaction a connector, with the registers of the board at its first and last moment."""
    registers_wh = _ended(station, numbers)
    with technician_of(station) as technician:
        wait_for("all transactions are closed", lambda: not _open(technician), PATIENCE_S, 0.2)
        rows = technician.ask("transactions")
    for number in numbers:
        own = [row for row in rows if row["connector"] == number]
        campaign.transactions += 1
        campaign.same += len(own) == 1
        board_wh = registers_wh[number]
        right = len(own) == 1 and own[0]["meter_stop_wh"] == board_wh and not own[0]["flagged"]
        campaign.exact += right
        if not right:
            campaign.wrong.append(f"connector {number}: {own}, the board says {board_wh} Wh")


def _fresh(made: Path, act: Callable[[RunningStation, list[int]], None]) -> None:
    """One start of a station of four AC cars that charge."""
    made.mkdir()
    with started(made / "station", ac_station(made, LINES, UNITS)) as station:
        put_outside(station.pids()["simulator"])
        act(station, charge_everywhere(station))


def _holes(count: int, campaign: Campaign) -> Callable[[RunningStation, list[int]], None]:
    """*count* silences: hangs, and every fourth a kill that nobody sees."""

    def act(station: RunningStation, numbers: list[int]) -> None:
        for turn in range(1, count + 1):
            if turn % HOLES_A_KILL:
                campaign.hung_s.append(hang(station, numbers))
            else:
                campaign.unseen_s.append(kill_unseen(station, numbers))
            wait_for("all charge again", lambda: all_charge(station), PATIENCE_S, 0.1)
        judged(station, numbers, campaign)

    return act


def _kills(count: int, campaign: Campaign) -> Callable[[RunningStation, list[int]], None]:
    """*count* kills with the parent running."""

    def act(station: RunningStation, numbers: list[int]) -> None:
        campaign.again_s += [kill(station) for _ in range(count)]
        judged(station, numbers, campaign)

    return act


def _rounds(effort: Effort, campaign: Campaign) -> None:
    with folder() as made:
        for begin in range(0, holes := effort.of(2, 50, 200), HOLES_A_START):
            _fresh(made / f"holes{begin}", _holes(min(HOLES_A_START, holes - begin), campaign))
        for begin in range(0, kills := effort.of(1, 50, 100), KILLS_A_START):
            _fresh(made / f"kills{begin}", _kills(min(KILLS_A_START, kills - begin), campaign))


def watchdog(effort: Effort) -> Measurement:
    """Hung, killed unseen, and killed."""
    campaign = Campaign()
    _rounds(effort, campaign)
    opened = sum(seconds <= OPEN_BAR_S for seconds in campaign.opened_s)
    again = sum(seconds <= AGAIN_BAR_S for seconds in campaign.again_s)
    complete = campaign.same == campaign.exact == campaign.transactions
    ok = opened == len(campaign.opened_s) and again == len(campaign.again_s) and complete
    details: dict[str, Any] = {
        "opened_in_time": f"{opened} of {len(campaign.opened_s)}",
        "opened": spread_ms(campaign.opened_s),
        "hangs": len(campaign.hung_s),
        "kills_with_the_parent_held": len(campaign.unseen_s),
        "contactors_opened": sum(map(len, campaign.hung_s + campaign.unseen_s)),
        "again_in_time": f"{again} of {len(campaign.again_s)}",
        "again": spread_ms(campaign.again_s),
        "transactions": campaign.transactions,
        "same_transaction": campaign.same,
        "kwh_exact": campaign.exact,
        "wrong": campaign.wrong[:5],
        "counted": COUNTED,
        **surroundings(),
    }
    bar = f"open <= {OPEN_BAR_S:g} s after the last setpoint; again <= {AGAIN_BAR_S:g} s, same transaction, exact"
    value = round(max(campaign.opened_s), 3)
    return Measurement(name="watchdog", value=value, unit="s, longest until open", bar=bar, ok=ok, details=details)
