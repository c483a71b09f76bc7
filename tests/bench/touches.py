"""How long from a touch on the screen to an open contactor? With all well, without Redis, with a locked database."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from .cars import Cars
from .emergencies import acknowledged
from .machine import put_outside, scheduled_fifo, surroundings
from .measurement import Effort, Measurement, share_of, spread_ms
from .page import Page, page_of
from .station_files import ac_station, twice_default
from .stations import ENOUGH_W, RunningStation, charge_everywhere, folder, started
from .technician import Technician, technician_of
from .waiting import wait_for

SEED: Final = 1964
PERIOD_S: Final = 0.2
LINES, UNITS = 2, 2
OPEN_WITHIN_S: Final = 20.0
AGAIN_WITHIN_S: Final = 60.0
STOP_BAR_S: Final = 0.5
STOP_WITHOUT_REDIS_BAR_S: Final = 1.0
EMERGENCY_BAR_S: Final = 0.25


@contextmanager
def redis_gone(station: RunningStation) -> Iterator[None]:
    """Nobody listens: Redis is killed, and the parent held so that it does not start it again."""
    pids = station.pids()
    station.program.send_signal(signal.SIGSTOP)
    try:
        _signal(pids["redis"], signal.SIGKILL)
        yield
    finally:
        station.program.send_signal(signal.SIGCONT)
        wait_for("Redis is back", lambda: station.pids().get("redis") not in {None, pids["redis"]}, AGAIN_WITHIN_S)


@contextmanager
def redis_hung(station: RunningStation) -> Iterator[None]:
    """Connections are accepted and never answered."""
    pid = station.pids()["redis"]
    _signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pid, signal.SIGCONT)


@contextmanager
def database_locked(station: RunningStation) -> Iterator[None]:
    """Another connection holds the write lock of `default` and does not let go."""
    file = station.data_dir / "station.sqlite3"
    if not file.exists():
        raise RuntimeError(f"{file.name} is not there: the station keeps its record elsewhere")
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def _signal(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)


# --- a stop of one connector -------------------------------------------------------------------------


def stopped_once(station: RunningStation, page: Page, number: int) -> float:
    """Touch stop of connector *number*, which charges; seconds until its contactor is open."""
    wait_for(f"connector {number} charges", lambda: station.simulator.state(number)["contactor"], AGAIN_WITHIN_S, 0.05)
    wait_for(f"the page may stop connector {number}", lambda: _shown(page, number)["can_stop"], AGAIN_WITHIN_S)
    station.truth.forget()
    touched_s, mark = page.touch("stop", connector=number)
    [opened] = station.truth.wait("contactor", OPEN_WITHIN_S, connector_id=number, closed=False)
    answer = page.answer(mark)
    if not answer.get("accepted"):
        raise RuntimeError(f"the stop of connector {number} was refused: {answer}")
    return float(opened["monotonic_s"]) - touched_s


def _shown(page: Page, number: int) -> dict[str, Any]:
    return next(each for each in page.snapshot["snapshot"]["connectors"] if each["number"] == number)


def next_stop(station: RunningStation, page: Page, cars: Cars, number: int, after_s: float) -> float:
    """Stop connector *number* so long after it charges, and let its car go; seconds until its contactor is open."""
    wait_for(f"connector {number} charges", partial(cars.charges, number), AGAIN_WITHIN_S, 0.02)
    time.sleep(after_s)
    taken_s = stopped_once(station, page, number)
    cars.leave(number)
    return taken_s


def _stops(station: RunningStation, numbers: list[int], count: int, chance: random.Random) -> list[float]:
    """Connectors in turn, anywhere within a turn of the line: the next cars of the others come meanwhile."""
    with technician_of(station) as technician, page_of(station.port) as page:
        cars, order = Cars(station, technician), islice(cycle(numbers), count)
        found = [next_stop(station, page, cars, number, chance.uniform(0, PERIOD_S)) for number in order]
        wait_for("everybody charges again", cars.all_charge, AGAIN_WITHIN_S, 0.1)
    return found


def stop_to_contactor(effort: Effort) -> Measurement:
    """Stop on the screen, Redis well, gone, and hung; AC and DC connectors in turn."""
    count, chance = effort.of(4, 100, 300), random.Random(SEED)
    found: dict[str, list[float]] = {}
    with folder() as made, started(made / "station", twice_default(made), site_limit_w=ENOUGH_W) as station:
        put_outside(station.pids()["simulator"])
        numbers = charge_everywhere(station)
        absences: dict[str, Callable[[RunningStation], AbstractContextManager[None]]] = {
            "well": lambda _station: nullcontext(),
            "redis_gone": redis_gone,
            "redis_hung": redis_hung,
        }
        for name, absent in absences.items():
            with absent(station):
                found[name] = _stops(station, numbers, count, chance)
    p99_s = {name: share_of(values, 0.99) for name, values in found.items()}
    ok = p99_s["well"] <= STOP_BAR_S and max(p99_s.values()) <= STOP_WITHOUT_REDIS_BAR_S
    details: dict[str, Any] = {
        **{name: spread_ms(values) for name, values in found.items()},
        "connectors": len(numbers),
        "seed": SEED,
        **surroundings(),
    }
    bar = f"p99 <= {STOP_BAR_S * 1000:g} ms; <= {STOP_WITHOUT_REDIS_BAR_S:g} s without Redis"
    value = round(p99_s["well"] * 1000, 1)
    return Measurement(name="stop_to_contactor", value=value, unit="ms p99", bar=bar, ok=ok, details=details)


# --- the emergency stop of the screen ----------------------------------------------------------------


def emergency_once(station: RunningStation, numbers: list[int]) -> float:
    """Touch the emergency stop, Redis being gone, with a locked database; seconds until every contactor is open."""
    with page_of(station.port) as page:
        with database_locked(station):
            station.truth.forget()
            touched_s, mark = page.touch("emergency_stop")
            last = [
                station.truth.wait("contactor", OPEN_WITHIN_S, connector_id=number, closed=False)[0]
                for number in numbers
            ]
        page.answer(mark)
    return max(float(fact["monotonic_s"]) for fact in last) - touched_s


def charging_again(station: RunningStation, technician: Technician, numbers: list[int]) -> None:
    """Acknowledge what was latched, while new cars come."""
    wait_for("the emergency is recorded", lambda: technician.ask("emergency"), AGAIN_WITHIN_S, 0.02)
    cars = Cars(station, technician)
    for number in numbers:
        cars.leave(number)
    acknowledged(technician, cars.come)
    wait_for("all connectors charge again", cars.all_charge, AGAIN_WITHIN_S, 0.02)


def estop_from_screen(effort: Effort) -> Measurement:
    """The way without Redis, database and Celery; AC cars, because they charge again soonest."""
    found, chance = [], random.Random(SEED)
    with folder() as made, started(made / "station", ac_station(made, LINES, UNITS)) as station:
        put_outside(station.pids()["simulator"])
        numbers = charge_everywhere(station)
        with technician_of(station) as technician, redis_gone(station):
            for _ in range(effort.of(2, 50, 200)):
                time.sleep(chance.uniform(0, PERIOD_S))  # anywhere within a turn
                found.append(emergency_once(station, numbers))
                charging_again(station, technician, numbers)
        fifo = scheduled_fifo(station.pids()["controllers"])
    p99_s = share_of(found, 0.99)
    details: dict[str, Any] = {
        **spread_ms(found),
        "fifo_threads": fifo,
        "connectors": f"{len(numbers)} AC on {LINES} lines",
        "redis": "gone all the time",
        "seed": SEED,
        **surroundings(),
    }
    bar = f"p99 <= {EMERGENCY_BAR_S * 1000:g} ms, Redis gone and the database locked"
    value, ok = round(p99_s * 1000, 1), p99_s <= EMERGENCY_BAR_S
    return Measurement(name="estop_from_screen", value=value, unit="ms p99", bar=bar, ok=ok, details=details)
