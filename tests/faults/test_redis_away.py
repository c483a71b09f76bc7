"""F5: Redis may die or hang; charging, the screen and a stop go on without it."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.faults.charging_car import ChargingCar
from tests.journeys.patience import throughout, until

pytestmark = pytest.mark.journey
HANGS_S = 20.0


def test_it_charges_and_stops_while_redis_hangs(car: ChargingCar) -> None:
    station = car.station
    redis = station.signal("redis", signal.SIGSTOP)
    try:
        begun_s = time.monotonic()
        throughout(lambda: station.bench.state(2)["contactor"], HANGS_S / 2, "the contactor stays closed")
        assert car.runs_on()
        row = car.stop()
        until(lambda: not station.bench.state(2)["contactor"], 5, "the contactor opens")
        throughout(lambda: station.lives, max(HANGS_S - (time.monotonic() - begun_s), 0.1), "the station lives")
    finally:
        os.kill(redis, signal.SIGCONT)
    assert row["stop_reason"] == "Local"
    assert abs(car.error_wh()) <= 1.0
    car.wait_for("unplug")


def test_it_charges_on_when_redis_is_killed_and_starts_empty(car: ChargingCar) -> None:
    gone = car.station.signal("redis", signal.SIGKILL)
    assert car.station.bench.state(2)["contactor"]
    until(lambda: car.station.pid_of("redis") not in {None, gone}, 20, "redis is started again")
    car.wait_for("charging")
    assert car.runs_on()
    car.stop()
    assert abs(car.error_wh()) <= 1.0
    assert [line for line in car.station.lines if "Deprecation" in line or "Requeuing" in line] == []
