"""F23: a page may say anything while a car charges; it hears sentences, and the car notices nothing."""

from __future__ import annotations

import json
import random

import pytest

from tests.faults.charging_car import ChargingCar
from tests.journeys.patience import rest, until
from tests.journeys.screen import Screen

pytestmark = pytest.mark.journey

PACE_FORGETS_S = 1.2  # a page that talks too fast is not heard for a second
NONSENSE: list[str | bytes] = [
    "",
    "null",
    "[]",
    "{",
    '{"action": "open"}',
    '{"action": "start"}',
    '{"action": "stop", "connector": "2"}',
    '{"action": "stop", "connector": -2}',
    '{"action": "stop", "connector": 2e3}',
    '{"action": "stop", "connector": NaN}',
    '{"action": "start", "connector": 1e400}',
    '{"action": "choose", "connector": 1, "card": true}',
    '{"action": "start", "connector": 1, "request": {"a": 1}}',
    json.dumps({"action": "start", "connector": 1, "request": "x" * 5000}),
    "[" * 1500,
    b"\xff\x00\xff",
]


def test_it_answers_nonsense_with_sentences_and_charges_on(car: ChargingCar) -> None:
    page = Screen(car.station.address)
    chance = random.Random(5)
    for _ in range(5):
        page.say(chance.choice(NONSENSE))
    until(lambda: page.errors, 10, "a sentence about the nonsense")
    for text in NONSENSE * 3:
        page.say(text)
    rest(PACE_FORGETS_S)
    answer = page.ask("start", connector=99)
    assert (answer["accepted"], answer["refusal"]) == (False, "unknown_connector")
    page.close()
    assert car.runs_on()
    assert car.station.bench.state(2)["contactor"]
    car.stop()
    assert abs(car.error_wh()) <= 1.0
