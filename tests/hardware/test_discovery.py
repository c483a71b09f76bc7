from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from hardware import discovery
from hardware.capabilities import Driver
from hardware.discovery import KnownAddress, search
from hardware.registry import driver_named, driver_names

from .far_end import Board, far_end, identity_words, read_reply
from .test_pn532 import Chip, ChipEnd


class Bus:
    """Several boards on one line."""

    def __init__(self, **serial_by_unit: str) -> None:
        self.boards = [Board(int(unit.removeprefix("unit")), serial) for unit, serial in serial_by_unit.items()]

    def __call__(self, request: bytes) -> bytes:
        return b"".join(board.answer(request) for board in self.boards)


@pytest.fixture
def bus(tmp_path: Path) -> str:
    return str(tmp_path / "bus1")


def few_units(monkeypatch: pytest.MonkeyPatch, *units: int) -> None:
    monkeypatch.setattr(driver_named("native"), "units", range(units[0], units[-1] + 1))


def found_in(findings: discovery.Findings) -> list[tuple[int, str]]:
    return [(one.unit, one.identity.board_serial) for one in findings.found]


def test_it_finds_every_unit_of_a_line_and_tells_its_progress(bus: str) -> None:
    told: list[tuple[int, bool]] = []

    def progress(line_path: str, baud_rate: int, unit: int, found: bool) -> None:
        assert (line_path, baud_rate) == (bus, 115200)
        told.append((unit, found))

    began = time.monotonic()
    with far_end(Path(bus), Bus(unit1="SN-1", unit31="SN-2")):
        findings = search([bus], progress=progress)
    assert found_in(findings) == [(1, "SN-1"), (31, "SN-2")]
    assert findings.problems == []
    assert [unit for unit, _ in told] == [*range(1, 32), *range(2, 31)]
    assert [unit for unit, found in told if found] == [1, 31]
    assert time.monotonic() - began < 12


def test_a_lost_reply_costs_a_board_neither_its_place_nor_its_number(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few_units(monkeypatch, 1, 2)
    boards, lost = Bus(unit1="SN-1", unit2="SN-2"), list[bytes]()

    def answer(request: bytes) -> bytes:
        if request[:2] == b"\x01\x04" and not lost:
            lost.append(request)
            return b""
        return boards(request)

    with far_end(Path(bus), answer):
        assert found_in(search([bus])) == [(1, "SN-1"), (2, "SN-2")]
    assert lost


def test_known_addresses_are_asked_first_and_nothing_else_when_they_answer(bus: str) -> None:
    known = [KnownAddress(bus, 115200, "native", unit, f"SN-{unit}") for unit in (3, 4)]
    with far_end(Path(bus), Bus(unit3="SN-3", unit4="SN-4", unit5="SN-5")) as far:
        findings = search([bus], known)
        assert found_in(findings) == [(3, "SN-3"), (4, "SN-4")]
        assert {request[0] for request in far.requests} == {3, 4}


def test_a_missing_board_starts_the_search_and_is_named_when_it_is_gone(
    bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_units(monkeypatch, 1, 4)
    known = [KnownAddress(bus, 115200, "native", unit, f"SN-{unit}") for unit in (1, 2, 3)]
    with far_end(Path(bus), Bus(unit1="SN-1", unit4="SN-2")):
        findings = search([bus], known)
    assert found_in(findings) == [(1, "SN-1"), (4, "SN-2")]
    assert [(problem.code, problem.unit) for problem in findings.problems] == [("missing", 3)]
    assert "SN-3" in findings.problems[0].sentence


def test_a_replaced_board_is_named(bus: str) -> None:
    with far_end(Path(bus), Bus(unit1="SN-9")):
        findings = search([bus], [KnownAddress(bus, 115200, "native", 1, "SN-1")])
    assert [problem.code for problem in findings.problems] == ["replaced"]
    assert "SN-9" in findings.problems[0].sentence


def test_one_address_with_two_serial_numbers_is_named(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few_units(monkeypatch, 1, 1)
    board = Board()
    serials = iter(["SN-1", "SN-2"] * 5)

    def answer(request: bytes) -> bytes:
        if request[2:4] == b"\x01\x00":
            return read_reply(request, identity_words(next(serials)))
        return board.answer(request)

    with far_end(Path(bus), answer):
        findings = search([bus])
    assert findings.found == []
    assert [problem.code for problem in findings.problems] == ["two_serials"]
    assert "SN-1 and SN-2" in findings.problems[0].sentence


def test_two_boards_that_talk_at_once_are_named(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few_units(monkeypatch, 1, 1)
    board = Board()

    def collide(request: bytes) -> bytes:
        reply = board.answer(request)
        return bytes(octet & 0x5A for octet in reply)

    with far_end(Path(bus), collide):
        findings = search([bus])
    assert [problem.code for problem in findings.problems] == ["damaged"]


def test_one_board_that_is_found_twice_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_units(monkeypatch, 1, 1)
    with ExitStack() as ends:
        for name in ("bus1", "bus2"):
            ends.enter_context(far_end(tmp_path / name, Bus(unit1="SN-1")))
        findings = search([str(tmp_path / "bus1"), str(tmp_path / "bus2")])
    assert len(findings.found) == 2
    assert [problem.code for problem in findings.problems] == ["twice"]


def test_a_card_reader_is_told_from_a_line_of_controllers(tmp_path: Path) -> None:
    far = ChipEnd(tmp_path / "rfid", Chip().answer)
    findings = search([str(tmp_path / "rfid")])
    far.close()
    assert [(one.reader_name, one.firmware) for one in findings.readers] == [("pn532", "PN532 1.6")]
    assert findings.found == []


def test_a_missing_port_is_a_problem_and_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_units(monkeypatch, 1, 1)
    with far_end(tmp_path / "bus2", Bus(unit1="SN-1")):
        findings = search([str(tmp_path / "bus1"), str(tmp_path / "bus2")])
    assert [(problem.code, problem.unit) for problem in findings.problems] == [("port", 0)]
    assert found_in(findings) == [(1, "SN-1")]


def test_a_search_can_be_cancelled(bus: str) -> None:
    cancelled = threading.Event()

    def progress(_line: str, _baud: int, unit: int, _found: bool) -> None:
        if unit == 2:
            cancelled.set()

    with far_end(Path(bus), Bus(unit9="SN-9")) as far:
        assert search([bus], progress=progress, cancelled=cancelled).found == []
        assert max(request[0] for request in far.requests if request[1] == 4) == 2


def test_silent_units_are_passed_quickly_at_every_speed(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few_units(monkeypatch, 1, 4)
    asked: list[int] = []

    def progress(_line: str, baud_rate: int, _unit: int, _found: bool) -> None:
        asked.append(baud_rate)

    with far_end(Path(bus), lambda _request: b""):
        began = time.monotonic()
        search([bus], progress=progress)
        passed_s = time.monotonic() - began
    assert asked == [baud for baud in (115200, 57600, 19200, 9600) for _ in range(4)]
    # 31 units at four speeds on lines that are searched at the same time: 60 s at most.
    assert passed_s / len(asked) * 31 * 4 < 60


def test_drivers_are_known_by_the_names_of_their_files() -> None:
    assert "native" in driver_names()
    assert all(not name.startswith("_") for name in driver_names())
    driver: Callable[[int], Driver] = driver_named("native")
    assert driver(1).title.startswith("Native")
    with pytest.raises(LookupError, match="choose one of native"):
        driver_named("nonsense")
