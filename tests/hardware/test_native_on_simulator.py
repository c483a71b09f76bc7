"""The driver and the simulator share the register map and nothing else: what one misread, the other shows."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from charging.domain.lights import Light, Pattern
from charging.domain.observation import Observation
from charging.domain.outputs import Outputs
from hardware.discovery import KnownAddress, search
from hardware.drivers.native import NativeDriver
from hardware.errors import LineError
from hardware.line import Line
from hardware.readers.pn532 import BAUD_RATE, Pn532, id_tag_of
from tests.hardware.firmware_images import SOCKET, firmware_image

LIGHT = Light(red=0, green=80, blue=255, pattern=Pattern.BREATHE, period_ms=4000)
ON = Outputs(enable=True, available=True, authorized=True, limit_a=10, limit_w=6900, lock=True, light=LIGHT)

WaitFor = Callable[[Callable[[], object], float], None]


class Simulated(Protocol):
    @property
    def data_dir(self) -> Path: ...
    @property
    def url(self) -> str: ...


@pytest.fixture
def simulated(station_simulator: Callable[[str], Simulated]) -> Simulated:
    return station_simulator("default")


@pytest.fixture
def line(simulated: Simulated) -> Iterator[Line]:
    line = Line(str(simulated.data_dir / "dev" / "bus1"), 115200)
    yield line
    line.close()


def post(simulated: Simulated, call: str, body: dict[str, object] | None = None) -> None:
    octets = json.dumps(body or {}).encode()
    address = urllib.parse.urlsplit(simulated.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    connection.request("POST", call, octets, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


def test_a_search_finds_the_station_and_the_next_one_is_fast(simulated: Simulated) -> None:
    paths = [str(simulated.data_dir / "dev" / name) for name in ("bus1", "bus2", "rfid")]
    findings = search(paths)
    assert [(one.unit, one.identity.connector_type) for one in findings.found] == [
        (1, "TYPE2_SOCKET"),
        (2, "TYPE2_CABLE"),
        (1, "CCS2"),
        (2, "CHADEMO"),
    ]
    assert [reader.line_path for reader in findings.readers] == [paths[2]]
    known = [
        KnownAddress(one.line_path, one.baud_rate, one.driver_name, one.unit, one.identity.board_serial)
        for one in findings.found
    ]
    told: list[int] = []
    again = search(paths[:2], known, progress=lambda _line, _baud, unit, _found: told.append(unit))
    assert (again.found, again.problems) == (findings.found, [])
    assert sorted(told) == [1, 1, 2, 2]


def test_a_vehicle_charges_at_the_limit_and_stops_at_the_broadcast(
    simulated: Simulated, line: Line, wait_for: WaitFor
) -> None:
    driver = NativeDriver(1)
    line.run(driver.identify())
    post(simulated, "/plugin?connector_id=1")

    def observed() -> Observation:
        line.run(driver.write(ON))
        return line.run(driver.read())

    wait_for(lambda: observed().power_w > 6000, 20.0)
    seen = observed()
    assert (seen.delivering, seen.locked, seen.limited_by) == (True, True, "setpoint")
    assert 9.9 <= seen.limit_a <= 10.0
    line.emergency.set()
    line.stop_everything(driver.broadcast_stop().request)
    wait_for(lambda: not line.run(driver.read()).delivering, 10.0)
    assert line.run(driver.read()).enabled is False


def test_the_light_the_clock_the_lock_and_the_faults_obey(simulated: Simulated, line: Line) -> None:
    driver = NativeDriver(1)
    assert line.run(driver.read()).rebooted
    line.run(driver.set_light(LIGHT))
    line.run(driver.set_time(datetime.now(UTC)))
    line.run(driver.unlock())
    line.run(driver.clear_faults())
    assert not line.run(driver.read()).rebooted
    post(simulated, "/faults/1", {"code": "GroundFailure", "on": True})
    assert line.run(driver.read()).faults == {"GroundFailure"}


def test_a_dump_comes_whole(line: Line) -> None:
    driver, received, whole = NativeDriver(1), b"", -1
    while len(received) != whole:
        received, whole = line.run(driver.fetch_dump(received))
    assert received.startswith(b"DMP1")
    assert (whole - 20) % 16 == 0


def test_firmware_is_written_confirmed_and_runs(line: Line, wait_for: WaitFor) -> None:
    driver = NativeDriver(1)
    image = firmware_image(SOCKET)
    before = line.run(driver.identify())

    def finished() -> bool:
        try:
            done, whole = line.run(driver.update_firmware(image))
        except LineError:  # it restarts
            return False
        return done == whole

    wait_for(finished, 30.0)
    assert (before.firmware, line.run(driver.identify()).firmware) == ("1.4.2", "2.0.1")


def test_a_card_is_read_once(simulated: Simulated, wait_for: WaitFor) -> None:
    line = Line(str(simulated.data_dir / "dev" / "rfid"), BAUD_RATE)
    reader = Pn532(line)
    assert reader.alive()
    assert reader.poll() is None
    post(simulated, "/authorize?id=04A2B3C4D5E6F7&type=ISO14443&hold_ms=2000")
    seen: list[str] = []

    def looked() -> bool:
        card = reader.poll()
        seen.extend([id_tag_of(card.uid)] if card else [])
        return line.counters[0].ok > 40

    wait_for(looked, 10.0)
    assert seen == ["04A2B3C4D5E6F7"]
    line.close()


def test_a_noisy_cable_costs_time_and_never_a_wrong_value(simulated: Simulated, line: Line) -> None:
    driver = NativeDriver(1)
    register_wh = line.run(driver.read()).register_wh
    post(simulated, "/lines/1", {"bit_error_rate": 3e-4, "drop_share": 0.05, "double_share": 0.05})
    right = 0
    for _ in range(30):
        try:
            observation = line.run(driver.read())
        except LineError:
            continue
        assert (observation.register_wh, observation.plugged) == (register_wh, False)
        right += 1
    assert right >= 20
