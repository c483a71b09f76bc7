"""The bench over HTTP, the station files and the card reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from hardware.native_map import FAULT_BITS
from hardware.simulator.fault_names import fault_bit_of
from hardware.simulator.pn532 import ACK, ERROR_FRAME, Chip, framed, next_frame
from hardware.simulator.station_file import STATIONS, StationFileError, parse_station, read_station

from .rig import Port, call, setpoint_frame

SENTENCE = re.compile(r"^[^\n]{10,}\.$")
UID = "04A2B3C4D5E6F7"


class Running(Protocol):
    data_dir: Path
    url: str


@pytest.fixture
def station(station_simulator: Callable[[str], Running]) -> Running:
    return station_simulator("default")


REFUSED: list[tuple[str, str, object, int]] = [
    ("POST", "/plugin", None, 400),
    ("POST", "/plugin?connector_id=x", None, 400),
    ("POST", "/plugin?connector_id=9", None, 404),
    ("POST", "/plugin?connector_id=99999999999999999999", None, 400),
    ("POST", "/plugin?connector_id=1&car=tank", None, 400),
    ("POST", "/plugin?connector_id=4&car=zoe", None, 400),
    ("POST", "/plugout?connector_id=1", None, 409),
    ("POST", "/authorize?id=zz", None, 400),
    ("POST", "/authorize?id=0102", None, 400),
    ("POST", f"/authorize?id={UID}&type=EM4100", None, 400),
    ("POST", f"/authorize?id={UID}&hold_ms=-1", None, 400),
    ("POST", "/cars/1", {"soc": 5}, 409),
    ("POST", "/faults/1", {"code": "Gremlins"}, 400),
    ("POST", "/faults/1", {"code": "GroundFailure", "on": "perhaps"}, 400),
    ("POST", "/estop", {"pressed": 3}, 400),
    ("POST", "/estop", {"presed": False}, 400),
    ("POST", "/estop?pressed", None, 400),
    ("POST", "/estop?pressed=true&pressed=false", None, 400),
    ("POST", "/estop/1", None, 400),
    ("POST", "/plugin?connector_id=1&cars=zoe", None, 400),
    ("POST", "/plugin/1", {"colour": "red"}, 400),
    ("POST", "/faults/1", {"code": "GroundFailure", "of": True}, 400),
    ("POST", f"/authorize?id={UID}&hold=300", None, 400),
    ("GET", "/state?connector=1", None, 400),
    ("GET", "/truth?sinc=5", None, 400),
    ("POST", "/controllers/1", {}, 400),
    ("POST", "/heartbeats", {"forget": False}, 400),
    ("POST", "/controllers/1", {"explode": True}, 400),
    ("POST", "/lines/3", {"drop_share": 1}, 404),
    ("POST", "/lines/1", {"drop_share": 2}, 400),
    ("POST", "/lines/1", {"late_ms": [1]}, 400),
    ("POST", "/reader", {}, 400),
    ("POST", "/reader", b"[1]", 400),
    ("POST", "/reader", b"\xff\xfe{", 400),
    ("POST", "/reader", b"[" * 50_000, 400),
    ("GET", "/plugin", None, 405),
    ("DELETE", "/plugin", None, 405),
    ("GET", "/truth?since=-1", None, 400),
    ("GET", "/nowhere", None, 404),
]


def test_it_refuses_with_a_sentence_and_changes_nothing(station: Running) -> None:
    before = call(station.url, "GET", "/state")[1]["connectors"]
    for method, path, body, status in REFUSED:
        found, answer = call(station.url, method, path, body)
        assert (path, found) == (path, status), answer
        assert SENTENCE.match(answer["error"]), answer
    after = call(station.url, "GET", "/state")[1]["connectors"]
    assert [row["state"] for row in after] == [row["state"] for row in before]
    assert call(station.url, "GET", "/truth")[1]["records"] == []


def test_it_refuses_wrong_wishes_to_a_car_whole(station: Running) -> None:
    call(station.url, "POST", "/plugin?connector_id=1")
    wishes: list[dict[str, Any]] = [{"soc": 101}, {"soc": 50, "phases": 4}, {"behaviour": "flies"}, {"wings": 2}]
    for wish in wishes:
        assert call(station.url, "POST", "/cars/1", wish)[0] == 400
    assert call(station.url, "GET", "/state?connector_id=1")[1]["car"]["soc"] == 40


def test_it_begins_the_statistics_of_setpoints_anew(station: Running) -> None:
    port = Port(station.data_dir / "dev" / "bus1")
    for _ in range(3):
        assert len(port.ask(setpoint_frame(1, 0, 0, 0), 8)) == 8
    port.close()
    assert call(station.url, "GET", "/state?connector_id=1")[1]["heartbeats"]["count"] == 2
    assert call(station.url, "POST", "/heartbeats", {"forget": True})[1] == {"forgotten": 4}
    assert call(station.url, "GET", "/state?connector_id=1")[1]["heartbeats"]["count"] == 0


def test_it_changes_the_plugged_car(station: Running) -> None:
    call(station.url, "POST", "/plugin", {"connector_id": 1, "car": "zoe"})
    wish = {"requested_a": 16, "phases": 1, "soc": 55, "battery_kwh": 41, "behaviour": "never"}
    assert call(station.url, "POST", "/cars/1", wish)[0] == 200
    car = call(station.url, "GET", "/state?connector_id=1")[1]["car"]
    assert {name: car[name] for name in wish} == wish
    assert call(station.url, "POST", "/plugout?connector_id=1")[1]["pilot"] == "A1"


def test_it_lets_a_charging_car_pause_at_once(
    station: Running, wait_for: Callable[[Callable[[], object], float], None]
) -> None:
    def pilot() -> str:
        return str(call(station.url, "GET", "/state?connector_id=1")[1]["pilot"])

    call(station.url, "POST", "/plugin?connector_id=1&car=zoe")
    port = Port(station.data_dir / "dev" / "bus1")
    port.ask(setpoint_frame(1, 7, 16, 22_000, watchdog_s=30), 8)
    wait_for(lambda: pilot() == "C2", 10)
    for wish, expected in (({"behaviour": "pauses"}, "B2"), ({"behaviour": "normal"}, "C2"), ({"paused": True}, "B2")):
        call(station.url, "POST", "/cars/1", wish)
        wait_for(lambda expected=expected: pilot() == expected, 10)  # type: ignore[misc]
    assert call(station.url, "GET", "/state?connector_id=1")[1]["contactor"] is False
    port.close()


def test_it_raises_and_clears_faults_by_every_name(station: Running) -> None:
    for code, bit in (
        ("GroundFailure", "GroundFailure"),
        ("CX014", "PilotFault"),
        ("EVCommunicationError", "DiodeFault"),
    ):
        assert call(station.url, "POST", "/faults/2", {"code": code, "on": True})[1]["faults"] == [bit]
        assert call(station.url, "POST", "/faults/2", {"code": code, "on": False})[1]["faults"] == []


def test_it_lets_the_meter_lie(station: Running) -> None:
    truth = call(station.url, "GET", "/state?connector_id=2")[1]
    for code, by_wh in (("MeterJump", 50_000), ("MeterBackward", 49_000), ("MeterReset", -truth["register_wh"])):
        state = call(station.url, "POST", "/faults/2", {"code": code})[1]
        assert state["register_wh"] == truth["register_wh"]
        assert state["register_reported_wh"] == pytest.approx(truth["register_wh"] + by_wh, abs=1)


def test_it_shows_the_page(station: Running) -> None:
    import urllib.request  # noqa: PLC0415

    with urllib.request.urlopen(station.url + "/", timeout=5) as response:  # noqa: S310
        page = response.read().decode()
    assert "<title>" in page
    assert "http://" not in page.replace("http://www.w3.org", "")  # nothing comes from anywhere else


@pytest.mark.parametrize("code", FAULT_BITS)
def test_it_knows_every_fault_bit_by_its_name(code: str) -> None:
    assert fault_bit_of(code) == code


# --- station files ----------------------------------------------------------------------------------------


def test_it_ships_stations_whose_boards_are_all_different() -> None:
    stations = [read_station(file.stem) for file in sorted(STATIONS.glob("*.json"))]
    assert [station.name for station in stations] == ["ac1", "ac2", "default", "gbt", "many", "mixed8", "noscreen"]
    boards = [(unit.serial, unit.index) for station in stations for line in station.lines for unit in line.units]
    assert len(set(boards)) == len(boards)
    counts = {station.name: sum(len(line.units) for line in station.lines) for station in stations}
    assert counts == {"ac1": 1, "ac2": 2, "default": 4, "gbt": 2, "many": 64, "mixed8": 8, "noscreen": 2}


UNIT = {"unit": 1, "serial": "S1", "connector_type": "CCS2"}
WRONG: list[object] = [
    [],
    {},
    {"lines": [{"units": []}]},
    {"lines": [{"units": [UNIT], "baud_rate": 300}]},
    {"lines": [{"units": [UNIT, {**UNIT, "serial": "S2"}]}]},
    {"lines": [{"units": [UNIT, {**UNIT, "unit": 2}]}]},
    {"lines": [{"units": [{**UNIT, "unit": 0}]}]},
    {"lines": [{"units": [{**UNIT, "unit": True}]}]},
    {"lines": [{"units": [{**UNIT, "serial": "x" * 25}]}]},
    {"lines": [{"units": [{**UNIT, "serial": "../../etc"}]}]},
    {"lines": [{"units": [{**UNIT, "connector_type": "SCHUKO"}]}]},
    {"lines": [{"units": [{**UNIT, "wheels": 4}]}]},
    {"lines": [{"units": [{"unit": 1, "connector_type": "CCS2"}]}]},
    {"lines": [{"units": [UNIT]}], "screen": "yes"},
]


@pytest.mark.parametrize("content", WRONG, ids=lambda content: json.dumps(content)[:60])
def test_it_names_the_place_of_an_error_in_a_station_file(content: object) -> None:
    with pytest.raises(StationFileError, match=SENTENCE):
        parse_station(content, "wrong")


# --- the reader -------------------------------------------------------------------------------------------

WAKE = b"\x55\x55" + b"\0" * 14
SAM = bytes.fromhex("d414011401")
VERSION = bytes.fromhex("d402")
RETRIES = bytes.fromhex("d43205ff0102")
LIST = bytes.fromhex("d44a0100")


def converse(port: Port, command: bytes, timeout_s: float = 0.5) -> bytes:
    """The body of the answer, after its ACK."""
    port.write(framed(command))
    assert port.read(len(ACK)) == ACK
    head = port.read(5, timeout_s)
    return port.read(head[3] + 2)[: head[3]] if head else b""


@pytest.mark.parametrize("uid", ["04A2B3C4", UID, "04A2B3C4D5E6F7A8B9C0"])
def test_it_reads_a_card_that_is_held_to_the_reader(station: Running, uid: str) -> None:
    port = Port(station.data_dir / "dev" / "rfid")
    port.write(framed(VERSION))
    assert port.read(1, 0.05) == b""  # asleep
    port.write(WAKE)
    assert converse(port, SAM) == bytes.fromhex("d515")
    assert converse(port, VERSION) == bytes.fromhex("d50332010607")
    assert converse(port, RETRIES) == bytes.fromhex("d533")
    assert converse(port, LIST) == bytes.fromhex("d54b00")
    assert call(station.url, "POST", f"/authorize?id={uid}&type=ISO14443")[0] == 200
    card = converse(port, LIST)
    assert card[:4] == bytes.fromhex("d54b0101")
    assert card[7:] == bytes([len(uid) // 2]) + bytes.fromhex(uid)
    port.close()


def test_it_pulls_the_reader_and_puts_it_back(station: Running) -> None:
    link = station.data_dir / "dev" / "rfid"
    assert call(station.url, "POST", "/reader", {"present": False})[0] == 200
    assert not link.is_symlink()
    assert call(station.url, "POST", f"/authorize?id={UID}")[0] == 409
    assert call(station.url, "POST", "/reader", {"present": True})[0] == 200
    assert link.resolve().is_char_device()


def test_it_waits_for_a_card_until_it_is_cancelled() -> None:
    chip = Chip()
    assert chip.answer(LIST[1:], 0.0) is None
    assert chip.look(3600.0) is None
    chip.cancel()
    chip.hold(bytes(4), 9999.0)
    assert chip.look(3601.0) is None


def test_it_finds_two_cards_in_the_field_in_turn() -> None:
    chip = Chip()
    for uid in (b"one.", b"two."):
        chip.hold(uid, 10.0)
    found = [chip.answer(LIST[1:], now_s) or b"" for now_s in (0.0, 1.0, 2.0)]
    assert [b"one." in each for each in found] == [True, False, True]
    assert b"two." in found[1]
    assert chip.uid(10.0) == b""


@pytest.mark.parametrize(
    ("received", "command"),
    [
        (framed(VERSION), b"\x02"),
        (b"\xaa\x55" + framed(VERSION), b"\x02"),
        (bytes.fromhex("0000ffffff0002fe") + VERSION + bytes([-sum(VERSION) & 0xFF, 0]), b"\x02"),
        (framed(VERSION)[:-2] + b"\x99\x00", b""),
        (bytes.fromhex("0000ff0304d40200"), None),
        (ACK, None),
    ],
)
def test_it_finds_frames_of_the_host(received: bytes, command: bytes | None) -> None:
    frame = next_frame(received)
    assert frame is not None
    assert frame.command == command


def test_it_answers_an_unknown_command_with_the_error_frame() -> None:
    assert Chip().answer(b"\x99", 0.0) == ERROR_FRAME
