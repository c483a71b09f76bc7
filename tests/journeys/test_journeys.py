"""Plays every journey of this folder. Journeys of one station follow each other; stations run side by side."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from tests.journeys import steps_parts, steps_people, steps_record, steps_seen  # noqa: F401 - they make the steps known
from tests.journeys.grounds import GROUNDS
from tests.journeys.running import RunningStation
from tests.journeys.story import Story, stories
from tests.journeys.world import STEPS, World, play

STATIONS_AT_ONCE: Final = 3
LAST_LINES: Final = 12
BODY_CHARACTERS: Final = 100
STORIES: Final = stories()


class Theatre:
    """Plays the chosen journeys; `outcome` waits for one of them."""

    def __init__(self, chosen: Sequence[Story], folder: Path) -> None:
        self._folder = folder
        self._outcomes: dict[str, Future[None]] = {story.name: Future() for story in chosen}
        self._pool = ThreadPoolExecutor(STATIONS_AT_ONCE)
        by_station: dict[str, list[Story]] = {}
        for story in chosen:
            by_station.setdefault(story.station, []).append(story)
        # The longest programme first, so that all end at about the same time.
        for name in sorted(by_station, key=lambda name: -sum(len(story.steps) for story in by_station[name])):
            self._pool.submit(self._play_all, by_station[name])

    def outcome(self, story: Story) -> None:
        """Return when the journey has ended well; raises what it ended with."""
        self._outcomes[story.name].result(timeout=600)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _play_all(self, programme: Sequence[Story]) -> None:
        station: RunningStation | None = None
        for story in programme:
            try:
                station = station or self._started(story)
                played(story, station)
                self._outcomes[story.name].set_result(None)
            except BaseException as problem:  # noqa: BLE001 - it is the test's outcome, whatever it is
                self._outcomes[story.name].set_exception(problem)
                if station is not None:
                    station.cut_power()
                station = None  # the next journey gets a fresh one
        if station is not None:
            station.cut_power()

    def _started(self, story: Story) -> RunningStation:
        ground = GROUNDS[story.station]
        station = RunningStation(self._folder / story.name, simulate=ground.simulate, settings=ground.settings)
        try:
            station.start()
        except AssertionError:
            station.cut_power()
            raise
        return station


def played(story: Story, station: RunningStation) -> None:
    """Play one journey and tidy up. AssertionError with the line, the step and the station's last words."""
    world = World(station)
    world.begin()
    try:
        for one in story.steps:
            try:
                play(world, one)
            except (AssertionError, LookupError, OSError, ValueError) as problem:
                told = f"{story.name}.txt:{one.line}: {one.text}\n{problem}\n\n{last_words(station)}"
                raise AssertionError(told) from problem
        world.tidy()
    finally:
        world.let_go()


def last_words(station: RunningStation) -> str:
    """The end of the station's log and of its journal."""
    journal = [
        f"{row['at'][11:23]} {row['kind']} {row['connector_number']} {str(row['body'])[:BODY_CHARACTERS]}"
        for row in station.record.journal()[-LAST_LINES:]
    ]
    return "\n".join([*station.lines[-LAST_LINES:], *journal])


@pytest.fixture(scope="session")
def theatre(request: pytest.FixtureRequest) -> Iterator[Theatre]:
    chosen: list[Any] = [
        item.callspec.params["story"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_it_goes_as_the_journey_says.__name__
    ]
    folder = Path(tempfile.mkdtemp(prefix="journeys-"))
    playing = Theatre(chosen, folder)
    yield playing
    playing.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.journey
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_it_goes_as_the_journey_says(story: Story, theatre: Theatre) -> None:
    theatre.outcome(story)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_it_understands_every_step(story: Story) -> None:
    assert story.station in GROUNDS
    unknown = [one.text for one in story.steps if not any(pattern.fullmatch(one.text) for pattern in STEPS)]
    assert unknown == []
