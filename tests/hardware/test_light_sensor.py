"""The light sensor as the kernel tells it in files: processed or raw, scaled, absent, broken, falling silent."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import pytest

from charging import live
from hardware import light_sensor
from hardware.light_sensor import lux_of, watch_light
from tests.conftest import wait_until

INPUT: Final = "in_illuminance_input"


def device(root: Path, files: dict[str, str], number: int = 0) -> Path:
    folder = root / light_sensor.DEVICES / f"iio:device{number}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("files", "lux"),
    [
        ({"in_illuminance_input": "412.5\n"}, 412.5),
        ({"in_illuminance0_input": "412\n"}, 412.0),
        ({"in_illuminance_raw": "250\n"}, 250.0),
        ({"in_illuminance_raw": "250\n", "in_illuminance_scale": "0.064\n"}, 16.0),
        ({"in_illuminance0_raw": "250\n", "in_illuminance0_scale": "0.5\n"}, 125.0),
        ({"in_illuminance0_raw": "250\n", "in_illuminance_scale": "0.5\n"}, 125.0),
        ({"in_illuminance_raw": "250\n", "in_illuminance_offset": "10\n", "in_illuminance_scale": "2\n"}, 520.0),
        ({"in_illuminance_input": "77\n", "in_illuminance_raw": "250\n"}, 77.0),
        ({"in_illuminance_input": "", "in_illuminance_raw": "250\n"}, 250.0),
        ({"in_illuminance_input": "nan"}, None),
        ({"in_illuminance_input": "-3"}, None),
        ({"in_illuminance_input": "1e400"}, None),
        ({"in_illuminance_raw": "x" * 5_000}, None),
        ({"in_illuminance_raw": "\u00b5"}, None),
        ({"in_temp_input": "21000"}, None),
        ({}, None),
    ],
)
def test_it_reads_lux(tmp_path: Path, files: dict[str, str], lux: float | None) -> None:
    device(tmp_path, files)
    assert lux_of(tmp_path) == lux


def test_it_reads_the_first_sensor_that_answers(tmp_path: Path) -> None:
    assert lux_of(tmp_path) is None
    device(tmp_path, {INPUT: "broken"})
    device(tmp_path, {INPUT: "300"}, 1)
    assert lux_of(tmp_path) == 300.0


@pytest.mark.usefixtures("redis_server")
def test_it_tells_how_bright_it_is_and_stops_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light_sensor, "PERIOD_S", 0.02)
    stopping = threading.Event()
    watching = threading.Thread(target=watch_light, args=(tmp_path, stopping))
    watching.start()
    try:
        assert live.brightness() == ""
        folder = device(tmp_path, {INPUT: "3"})
        wait_until(lambda: live.brightness() == "dark")
        (folder / INPUT).write_text("400", "ascii")
        wait_until(lambda: live.brightness() == "light")
    finally:
        stopping.set()
        watching.join(5)
    assert not watching.is_alive()
