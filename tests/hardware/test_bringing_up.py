"""From serial ports to numbered connectors: numbers in order, known boards first, foreign boards never in silence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from charging import record
from charging.domain.status import Status, status_of
from charging.models import Connector as Row
from charging.models import JournalEntry
from hardware import bringing_up
from hardware.bringing_up import bring_up, known_addresses, line_paths, missing_lines
from hardware.discovery import KnownAddress
from hardware.models import Controller
from hardware.registry import driver_named
from hardware.replacement import confirm
from tests.charging.rows import connector
from tests.conftest import wait_until

from .far_end import FarEnd, far_end
from .test_discovery import Bus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_named("native"), "units", range(1, 4))


@contextmanager
def lines(folder: Path, **buses: Bus) -> Iterator[dict[str, FarEnd]]:
    """`bus1=Bus(unit1="SN-1")` and so on, each a line."""
    with ExitStack() as ends:
        yield {name: ends.enter_context(far_end(folder / name, bus)) for name, bus in buses.items()}


def brought_up(folder: Path, *names: str, full: bool = True) -> list[tuple[int, str, int]]:
    """(connector, serial, unit) of the controllers of these lines."""
    paths = [str(folder / name) for name in names]
    found = bring_up(paths, known_addresses(), full=full, stop=threading.Event()).controllers
    return [(row.connector_number, row.board_serial, row.unit) for row in found]


def test_a_first_search_numbers_lines_and_units_in_order(tmp_path: Path) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-B", unit3="SN-A"), bus2=Bus(unit2="SN-0")):
        assert brought_up(tmp_path, "bus1", "bus2") == [(1, "SN-B", 1), (2, "SN-A", 3), (3, "SN-0", 2)]
    assert list(Row.objects.values_list("letter", flat=True)) == ["A", "B", "C"]
    assert Controller.objects.get(connector_number=1).identity["board_serial"] == "SN-B"


def test_known_boards_are_asked_and_nobody_else(tmp_path: Path) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-1", unit2="SN-2")):
        brought_up(tmp_path, "bus1")
    with lines(tmp_path, bus1=Bus(unit1="SN-1", unit2="SN-2", unit3="SN-3")) as ends:
        assert brought_up(tmp_path, "bus1", full=False) == [(1, "SN-1", 1), (2, "SN-2", 2)]
        assert {request[0] for request in ends["bus1"].requests} == {1, 2}


def test_a_missing_board_keeps_its_number_and_is_polled_anyway(tmp_path: Path) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-1", unit2="SN-2")):
        brought_up(tmp_path, "bus1")
    with lines(tmp_path, bus1=Bus(unit2="SN-2", unit3="SN-3")):
        assert brought_up(tmp_path, "bus1", full=False) == [(1, "SN-1", 1), (2, "SN-2", 2), (3, "SN-3", 3)]
    assert "does not answer" in Controller.objects.get(connector_number=1).problem


def test_a_board_that_is_back_has_no_problem_any_more(tmp_path: Path) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-1", unit2="SN-2")):
        brought_up(tmp_path, "bus1")
        Controller.objects.update(problem="It was away.")
        brought_up(tmp_path, "bus1", full=False)
    assert set(Controller.objects.values_list("problem", flat=True)) == {""}


def test_an_unknown_board_at_a_known_address_is_a_question_and_a_fault(tmp_path: Path) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-OLD")):
        brought_up(tmp_path, "bus1")
    with lines(tmp_path, bus1=Bus(unit1="SN-FRESH")):
        assert brought_up(tmp_path, "bus1", full=False) == [(1, "SN-OLD", 1)]
        assert "ControllerMismatch" in record.connectors()[0].faults
        assert Controller.objects.get().answers_as == "SN-FRESH"
        assert confirm(1, who="technician")
        assert brought_up(tmp_path, "bus1", full=False) == [(1, "SN-FRESH", 1)]
    assert Row.objects.get().board_serial == "SN-FRESH"
    assert record.connectors()[0].faults == set()
    assert JournalEntry.objects.filter(kind="ReplacementConfirmed").count() == 1


def test_a_known_board_takes_its_number_with_it_to_another_line_or_unit(tmp_path: Path) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-1"), bus2=Bus(unit1="SN-2")):
        brought_up(tmp_path, "bus1", "bus2")
    with lines(tmp_path, bus1=Bus(unit1="SN-2"), bus2=Bus(unit1="SN-1")):
        brought_up(tmp_path, "bus1", "bus2", full=False)
    places = Controller.objects.order_by("connector_number").values_list("board_serial", "line_path")
    assert [(serial, Path(path).name) for serial, path in places] == [("SN-1", "bus2"), ("SN-2", "bus1")]
    assert {name for c in record.connectors() for name in c.faults} <= {"ControllerLost"}  # until its first frame
    assert Row.objects.count() == 2


def test_a_port_that_is_missing_is_no_end(tmp_path: Path) -> None:
    with lines(tmp_path, bus2=Bus(unit1="SN-2")):
        assert brought_up(tmp_path, "bus1", "bus2") == [(1, "SN-2", 1)]


def test_lines_of_known_boards_whose_port_is_not_there_are_polled_anyway() -> None:
    known = [KnownAddress(f"/dev/{name}", 115200, "native", 1, name) for name in ("b", "a", "c")]
    assert missing_lines(["/dev/c"], known) == ["/dev/a", "/dev/b"]


def test_the_lines_are_those_that_the_station_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LINES", ("/dev/b", "/dev/a"))
    assert line_paths(threading.Event()) == ["/dev/b", "/dev/a"]


def test_a_pattern_is_waited_for_and_sorted_as_people_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "LINES", (f"glob:{tmp_path}/bus*",))
    found: list[str] = []
    waiting = threading.Thread(target=lambda: found.extend(line_paths(threading.Event())))
    waiting.start()
    (tmp_path / "bus10").touch()
    wait_until(lambda: not waiting.is_alive())
    assert [Path(path).name for path in found] == ["bus10"]
    (tmp_path / "bus2").touch()
    assert [Path(path).name for path in line_paths(threading.Event())] == ["bus2", "bus10"]


def test_a_pattern_that_matches_nothing_gives_up_and_an_end_is_obeyed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "LINES", (f"glob:{tmp_path}/bus*",))
    monkeypatch.setattr(bringing_up, "LINES_WITHIN_S", 0.1)
    assert line_paths(threading.Event()) == []
    ended = threading.Event()
    ended.set()
    assert line_paths(ended) == []


def test_a_line_takes_no_more_controllers_than_it_can_reach_in_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with lines(tmp_path, bus1=Bus(unit1="SN-1", unit2="SN-2", unit3="SN-3")):
        assert len(brought_up(tmp_path, "bus1")) == 3  # at 115200 baud
        Controller.objects.update(baud_rate=9600)
        assert brought_up(tmp_path, "bus1", full=False) == [(1, "SN-1", 1), (2, "SN-2", 2)]
    refused = Controller.objects.get(connector_number=3)
    assert refused.problem.startswith("Connector 3 is not used: 3 controllers on")
    assert "need 0.59 s a turn. 0.50 s are allowed, enough for 2: raise the line's speed" in refused.problem
    assert refused.problem in caplog.messages
    assert status_of(connector(3)) is Status.FAULTED
    assert not Controller.objects.exclude(pk=refused.pk).exclude(problem="").exists()
