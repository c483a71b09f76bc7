"""F18: whatever the cable does to the bytes, no wrong value is believed and a session survives what is bearable."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.charging_car import ChargingCar

pytestmark = pytest.mark.journey

BEARABLE: list[dict[str, Any]] = [
    {"bit_error_rate": 1e-4, "seed": 7},
    {"truncate_share": 0.1, "seed": 8},
    {"drop_share": 0.1, "seed": 9},
    {"double_share": 0.2, "seed": 10},
    {"late_ms": 150, "late_share": 0.2, "seed": 11},
]


@pytest.mark.parametrize("noise", BEARABLE, ids=lambda noise: next(iter(noise)))
def test_it_charges_on_over_a_bad_cable_and_counts_right(car: ChargingCar, noise: dict[str, Any]) -> None:
    car.station.bench.call("/lines/1", **noise)
    car.wait_for_energy(18)
    assert car.runs_on()
    row = car.stop()
    assert (row["stop_reason"], row["flagged"]) == ("Local", 0)
    assert abs(car.error_wh()) <= 1.0


def test_it_waits_for_a_cable_that_carries_nothing_and_believes_no_garbage(car: ChargingCar) -> None:
    car.station.bench.call("/lines/1", bit_error_rate=0.05, seed=12)
    car.wait_for("no_contact", 10)
    assert car.station.bench.state(2)["contactor"] is False
    car.station.bench.call("/lines/1", bit_error_rate=0)
    car.wait_for("charging")
    assert car.runs_on()
    car.stop()
    assert abs(car.error_wh()) <= 1.0
