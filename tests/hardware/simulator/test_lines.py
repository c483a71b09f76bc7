"""The simulator as a process: real pseudo-terminals, an independent Modbus client, noise, and its end."""

from __future__ import annotations

import json
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient

from hardware.native_map import Flag, Status
from hardware.simulator.modbus import is_intact, sealed

from .rig import Port, call, setpoint_frame, status_frame

REPLY = 133  # bytes of a status reply
WIRE_S = (8 + REPLY) * 10 / 115200 + 0.00175
ZERO = setpoint_frame(0, 2, 0, 0)


class Running(Protocol):
    data_dir: Path
    url: str


WaitFor = Callable[[Callable[[], object], float], None]


@pytest.fixture
def station(station_simulator: Callable[[str], Running]) -> Running:
    return station_simulator("default")


@pytest.fixture
def port(station: Running) -> Iterator[Port]:
    opened = Port(station.data_dir / "dev" / "bus1")
    yield opened
    opened.close()


def identity_of(client: Any) -> dict[int, bytes]:
    return dict(client.read_device_information(read_code=3, object_id=0, device_id=1).information)


def client_of(station: Running, baud_rate: int) -> Any:
    client = ModbusSerialClient(
        str(station.data_dir / "dev" / "bus1"), framer=FramerType.RTU, baudrate=baud_rate, timeout=0.1, retries=0
    )
    assert client.connect()
    return client


def status_of(port: Port, unit: int = 1) -> tuple[int, ...]:
    reply = port.ask(status_frame(unit), REPLY)
    assert is_intact(reply), reply.hex()
    return struct.unpack(">64H", reply[3:-2])


def records(station: Running, kind: str) -> list[dict[str, Any]]:
    facts = call(station.url, "GET", "/truth?since=0")[1]["records"]
    return [fact for fact in facts if fact["kind"] == kind]


def test_it_is_understood_by_an_independent_client(station: Running) -> None:
    client = client_of(station, 115200)
    read = client.read_input_registers(0, count=64, device_id=1)
    assert read.registers[0] == 0x5301
    written = client.write_registers(0x0200, [0xC0DE, 2, 0, 0, 0, 0, 30, 0], device_id=2)
    assert not written.isError()
    assert client.read_holding_registers(0x0200, count=8, device_id=2).registers[6] == 30
    assert client.write_register(0x0200, 1, device_id=2).exception_code == 3
    assert identity_of(client)[0x80] == b"SIM-AC-0001"
    client.close()


def test_it_takes_at_least_the_time_of_the_wire(port: Port) -> None:
    took_s = []
    for _ in range(10):
        started_s = time.monotonic()
        status_of(port)
        took_s.append(time.monotonic() - started_s)
    assert min(took_s) >= WIRE_S
    assert min(took_s) < WIRE_S + 0.01


def test_it_answers_only_at_its_own_speed(station: Running) -> None:
    for baud_rate, answers in ((19200, False), (115200, True)):
        client = client_of(station, baud_rate)
        client.socket.reset_input_buffer()
        client.socket.write(status_frame(1))
        assert bool(client.socket.read(REPLY)) is answers
        client.close()


def test_it_opens_after_the_watchdog_of_a_silent_master(station: Running, port: Port, wait_for: WaitFor) -> None:
    call(station.url, "POST", "/plugin?connector_id=1&car=zoe")
    port.ask(setpoint_frame(1, 7, 16, 22_000, watchdog_s=1.0), 8)
    wait_for(lambda: status_of(port)[Status.FLAGS] & Flag.CONTACTOR_CLOSED, 10)
    asked_s = time.monotonic()
    port.ask(setpoint_frame(1, 7, 16, 22_000, watchdog_s=1.0), 8)
    fed_s = time.monotonic()
    wait_for(lambda: len(records(station, "contactor")) == 2, 10)
    closed, opened = records(station, "contactor")
    assert (closed["closed"], opened["closed"]) == (True, False)
    assert asked_s + 1.0 <= opened["monotonic_s"] <= fed_s + 1.5  # its bar, W + 0.2 s, is that of the benchmark
    assert opened["register_wh"] > closed["register_wh"]


def test_it_notes_the_first_stop_bit_and_the_broadcast_that_answers_it(
    station: Running, port: Port, wait_for: WaitFor
) -> None:
    assert call(station.url, "POST", "/estop", {"pressed": True, "wired": False})[0] == 200
    asked_s = time.monotonic()
    assert status_of(port)[Status.FLAGS] & Flag.EMERGENCY_INPUT
    told_s = time.monotonic()
    status_of(port)
    writing_s = time.monotonic()  # it may be received before the writer runs again
    port.write(ZERO)
    wait_for(lambda: records(station, "broadcast_zero"), 10)
    assert [asked_s < fact["monotonic_s"] <= told_s for fact in records(station, "stop_bit_sent")] == [True]
    assert records(station, "broadcast_zero")[0]["monotonic_s"] >= writing_s + 0.002
    assert port.read(1, 0.05) == b""


@pytest.mark.parametrize(
    "garbage",
    [b"\0", b"\xff" * 300, sealed(b"\x01\x04\0\0\0\x40")[:-1], b"\x01\x10\x02\0\0\x08\xff", bytes(range(256)) * 20],
    ids=["one byte", "noise", "cut", "a length that lies", "a flood"],
)
def test_it_recovers_from_hostile_bytes(port: Port, wait_for: WaitFor, garbage: bytes) -> None:
    port.write(garbage)
    wait_for(lambda: len(port.ask(status_frame(1), REPLY)) == REPLY, 10)
    assert status_of(port)[0] == 0x5301


@pytest.mark.parametrize(
    ("faults", "length"),
    [({"drop_share": 1}, 0), ({"double_share": 1}, 2 * REPLY), ({"late_ms": 80, "late_share": 1}, REPLY)],
)
def test_it_spoils_replies_as_told(station: Running, port: Port, faults: dict[str, float], length: int) -> None:
    assert call(station.url, "POST", "/lines/1", {**faults, "seed": 7})[0] == 200
    started_s = time.monotonic()
    port.write(status_frame(1))
    assert len(port.read(length or 1, 0.3)) == length
    assert "late_ms" not in faults or time.monotonic() - started_s >= 0.08


def test_it_cuts_and_flips_replies_the_same_way_for_the_same_seed(station: Running, port: Port) -> None:
    def replies() -> list[bytes]:
        call(station.url, "POST", "/lines/1", {"truncate_share": 0.5, "bit_error_rate": 0.001, "seed": 3})
        received = [port.ask(sealed(b"\x01\x04\x01\x00\x00\x40"), REPLY) for _ in range(3)]
        call(station.url, "POST", "/lines/1", {"truncate_share": 0, "bit_error_rate": 0})
        return received

    first = replies()
    assert first == replies()
    assert not all(is_intact(reply) for reply in first)


def test_it_is_silent_when_hung_and_repeats_itself_when_frozen(station: Running, port: Port) -> None:
    call(station.url, "POST", "/controllers/1", {"stuck": True})
    assert port.ask(status_frame(1), 1) == b""
    call(station.url, "POST", "/controllers/1", {"stuck": False, "frozen": True})
    assert status_of(port) == status_of(port)
    call(station.url, "POST", "/controllers/1", {"frozen": False})
    assert status_of(port) != status_of(port)


def test_it_survives_a_master_that_goes_away(station: Running) -> None:
    for _ in range(3):
        port = Port(station.data_dir / "dev" / "bus1")
        port.write(status_frame(1))
        port.close()
    port = Port(station.data_dir / "dev" / "bus1")
    assert len(port.read(3 * REPLY, 0.2)) % REPLY == 0
    assert status_of(port)[0] == 0x5301
    port.close()


# --- its beginning and its end ------------------------------------------------------------------------------


def start(data_dir: Path, file: str = "ac1") -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, "-m", "hardware.simulator", file, "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    return child, child.stdout.readline().rpartition(" ")[2].strip()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def end(child: subprocess.Popen[str], number: int) -> int:
    child.send_signal(number)
    child.communicate(timeout=5)
    return child.returncode


def test_it_takes_its_links_away_at_the_end(tmp_path: Path) -> None:
    child, _ = start(tmp_path)
    assert names_in(tmp_path / "dev") == ["bus1", "rfid"]
    assert end(child, signal.SIGTERM) == 0
    assert names_in(tmp_path / "dev") == []


def test_it_has_the_same_register_and_car_after_a_power_cut(tmp_path: Path, wait_for: WaitFor) -> None:
    child, url = start(tmp_path)
    call(url, "POST", "/plugin?connector_id=1&car=zoe")
    port = Port(tmp_path / "dev" / "bus1")
    port.ask(setpoint_frame(1, 7, 32, 22_000), 8)
    wait_for(lambda: call(url, "GET", "/state?connector_id=1")[1]["session_wh"] > 3, 15)
    reported_wh = status_of(port)[Status.REGISTER_WH + 3]
    port.close()
    end(child, signal.SIGKILL)
    child, url = start(tmp_path)
    state = call(url, "GET", "/state?connector_id=1")[1]
    facts = call(url, "GET", "/truth?since=0")[1]["records"]
    end(child, signal.SIGTERM)
    assert state["register_reported_wh"] & 0xFFFF >= reported_wh
    assert state["car"]["name"] == "zoe"
    assert [fact["n"] for fact in facts] == list(range(1, len(facts) + 1))


def test_it_writes_what_the_operating_system_has(tmp_path: Path) -> None:
    child, _ = start(tmp_path, "noscreen")
    end(child, signal.SIGTERM)
    assert (tmp_path / "root/sys/class/drm/card0-HDMI-A-1/status").read_text() == "disconnected\n"
    assert int((tmp_path / "root/sys/class/thermal/thermal_zone0/temp").read_text()) > 20_000
    assert names_in(tmp_path / "root/sys/class/input") == []


def test_it_says_in_one_sentence_why_it_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text(json.dumps({"lines": []}))
    for file in ("nosuch", str(tmp_path / "wrong.json")):
        command = [sys.executable, "-m", "hardware.simulator", file, "--data-dir", str(tmp_path)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        assert ended.returncode == 1
        assert ended.stderr.startswith("The simulator cannot start: ")
        assert ended.stderr.count("\n") == 1
