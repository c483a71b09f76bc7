from __future__ import annotations

from typing import TypeVar

import pytest

from charging.domain.lights import Light, Pattern
from charging.domain.observation import Pilot
from charging.domain.outputs import Outputs
from hardware.capabilities import Steps
from hardware.drivers._blueprint import BlueprintDriver
from hardware.errors import Implausible
from hardware.modbus_rtu import words_of
from hardware.registry import driver_names

from .far_end import read_reply

T = TypeVar("T")


def answered(steps: Steps[T], words: list[int]) -> T:
    request = next(steps).request
    with pytest.raises(StopIteration) as end:
        steps.send(read_reply(request, words))
    result: T = end.value.value
    return result


def test_the_example_is_no_driver_until_it_is_copied() -> None:
    assert "_blueprint" not in driver_names()
    assert "blueprint" not in driver_names()


@pytest.mark.parametrize(("letter", "known"), [("C", True), ("Z", False)])
def test_it_recognises_its_own_kind(letter: str, known: bool) -> None:
    assert answered(BlueprintDriver(1).probe(), [ord(letter)]) is known


def test_it_reads_a_charging_vehicle() -> None:
    observation = answered(BlueprintDriver(1).read(), [ord("C"), 1, 1, 2])
    assert (observation.pilot, observation.delivering, observation.register_wh) == (Pilot.C, True, 65538)


def test_it_names_what_it_does_not_know() -> None:
    with pytest.raises(Implausible, match="pilot state 90"):
        answered(BlueprintDriver(1).read(), [ord("Z"), 0, 0, 0])
    with pytest.raises(Implausible, match="serial number"):
        answered(BlueprintDriver(1).identify(), [0] * 8)


def test_it_reads_who_it_is() -> None:
    assert answered(BlueprintDriver(1).identify(), [0x4142, *[0] * 7]).board_serial == "AB"


@pytest.mark.parametrize(("enable", "limit_a", "word"), [(True, 13.9, 13), (False, 13.9, 0), (True, 0, 0)])
def test_it_writes_whole_amperes_and_says_whether_energy_may_flow(enable: bool, limit_a: float, word: int) -> None:
    dark = Light(red=0, green=0, blue=0, pattern=Pattern.OFF)
    outputs = Outputs(
        enable=enable, available=True, authorized=True, limit_a=limit_a, limit_w=0, lock=False, light=dark
    )
    exchange = next(BlueprintDriver(1).write(outputs))
    assert words_of(exchange.request[7:-2]) == (word,)
    assert exchange.energizes is (word > 0)
