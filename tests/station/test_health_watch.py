"""The parent restarts what lives but works no more, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from station.parent import output, run
from station.parent.children import Child
from station.parent.health_watch import Health
from station.parent.options import Options
from tests.conftest import wait_until


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[run.Station]:
    monkeypatch.setattr(run, "OLDEST_SIGN_S", {"links": 0.0, "controllers": 0.0})
    options = Options(
        data_dir=tmp_path,
        http_host="127.0.0.1",
        http_port=0,
        simulate="",
        simulator_port=0,
        lines=(),
        reader="",
        config=None,
        central_system="",
        browser="",
    )
    station = run.Station(options)
    for name in ("links", "controllers"):
        station.supervision.start(Child(name, ["/bin/sleep", "60"]))
    yield station
    station.supervision.stop_all()
    station.server.close()


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """The lines that the parent has printed."""
    file = tmp_path / "said"
    with file.open("wb") as opened:
        monkeypatch.setattr(output, "_output", output.Output(opened.fileno()))
        yield lambda: file.read_text().splitlines()


@pytest.mark.parametrize(
    ("ages_s", "killed"),
    [
        ({"polling": 5.0, "canary.links": -1.0}, {"controllers"}),
        ({"polling": -1.0, "canary.links": 5.0}, {"links"}),
        ({"polling": -1.0, "canary.links": -1.0}, set()),
        ({"canary.controllers": 5.0, "canary.links": -1.0}, set()),  # the controllers' canary judges nothing
        ({}, set()),  # Redis is away: a restart would not bring it back
    ],
)
def test_it_restarts_only_what_does_no_work(parent: run.Station, ages_s: dict[str, float], killed: set[str]) -> None:
    children = dict(parent.supervision.children)
    parent.judge(Health(healthy=False, heartbeats=ages_s))
    for name in killed:
        wait_until(lambda name=name: not children[name].lives)  # type: ignore[misc] # bound early
    assert {name for name, child in children.items() if not child.lives} == killed


def test_a_sign_that_is_gone_with_redis_is_as_old_as_it_was_last_told(
    parent: run.Station, monkeypatch: pytest.MonkeyPatch, said: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(run, "OLDEST_SIGN_S", {"links": 60.0, "controllers": 60.0})
    links = parent.supervision.children["links"]
    links.started_at_s -= 3600
    parent.judge(Health(healthy=True, heartbeats={"polling": 0.1, "canary.links": 3.0}))
    parent.judge(Health(healthy=True, heartbeats={"polling": 0.1}))
    assert not any("started again" in line for line in said())
    parent.signs_at_s["canary.links"] -= 60
    parent.judge(Health(healthy=True, heartbeats={"polling": 0.1}))
    wait_until(lambda: not links.lives)


def test_it_is_ready_when_connectors_can_charge_and_says_what_is_missing_all_the_same(
    parent: run.Station, said: Callable[[], list[str]]
) -> None:
    ready = []
    for healthy, problem in ((False, "The database cannot be read."), (True, "Redis does not answer.")):
        parent.judge(Health(healthy=healthy, problems=(problem,)))
        ready.append(parent.ready)
    assert ready == [False, True]
    told = ("Redis does not answer.", "station ready")
    assert tuple(line for line in said() if line in told) == told
    assert all(child.lives for child in parent.supervision.children.values())
