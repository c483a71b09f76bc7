"""What a line can carry, against the bytes that the drivers really exchange and the stations that are shipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charging.domain.connector import Connector
from charging.domain.outputs import outputs_of
from hardware.capabilities import Driver, Exchange
from hardware.drivers._blueprint import BlueprintDriver
from hardware.drivers.native import NativeDriver
from hardware.line_load import TURN_AT_MOST_S, carried, exchanges_s
from hardware.native_map import BAUD_RATES
from tests.conftest import PROJECT_DIR

from .far_end import Board, read_reply

STATIONS = sorted((PROJECT_DIR / "hardware/simulator/stations").glob("*.json"))


def exchanged(driver: Driver) -> Iterator[int]:
    """The bytes of each exchange of one turn, as a board answers them."""
    board = Board(1)
    for steps in (driver.read(), driver.write(outputs_of(Connector()))):
        exchange: Exchange = next(steps)
        yield len(exchange.request) + len(board.answer(exchange.request))
        steps.close()


def test_the_native_driver_says_how_much_it_exchanges_in_a_turn() -> None:
    assert tuple(exchanged(NativeDriver(1))) == NativeDriver.turn_bytes


def test_the_blueprint_says_how_much_it_exchanges_in_a_turn() -> None:
    read = next(BlueprintDriver(1).read()).request
    write = next(BlueprintDriver(1).write(outputs_of(Connector()))).request
    assert BlueprintDriver.turn_bytes == (len(read) + len(read_reply(read, [0] * 4)), len(write) + 8)


@pytest.mark.parametrize(("baud_rate", "most"), list(zip(BAUD_RATES, (22, 13, 5, 2), strict=True)))
def test_a_turn_is_never_longer_than_a_sixth_of_the_watchdog(baud_rate: int, most: int) -> None:
    assert carried([NativeDriver] * 31, baud_rate)[0] == most
    one_s = exchanges_s(NativeDriver, baud_rate)
    assert most * one_s <= TURN_AT_MOST_S < (most + 1) * one_s


@pytest.mark.parametrize("path", STATIONS, ids=lambda path: path.stem)
def test_every_shipped_station_can_be_polled_in_time(path: Path) -> None:
    lines: list[dict[str, Any]] = json.loads(path.read_text())["lines"]
    for line in lines:
        count, _turn_s = carried([NativeDriver] * len(line["units"]), line["baud_rate"])
        assert count == len(line["units"])
