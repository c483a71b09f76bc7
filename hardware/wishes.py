"""Wishes to controllers, carried out by the line's own thread after a turn: one exchange or one block at a time."""

from __future__ import annotations

import logging
from typing import Final

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError

from charging import services
from charging.clock import Moment
from charging.domain.lights import LIGHTS
from charging.models import Wish
from hardware.board_updates import BoardUpdates
from hardware.capabilities import (
    ClearsFaults,
    Driver,
    FetchesDump,
    Restarts,
    SetsLight,
    SetsTime,
    Steps,
    TestsItself,
    Unlocks,
)
from hardware.database import healed
from hardware.dump_files import keep_dump
from hardware.errors import HardwareError, Implausible, LineError, Refused
from hardware.line import Job, Line

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
TOLD_EVERY_PERCENT: Final = 10
LIGHT_TEST_S: Final = 3.0
Kind = Wish.Kind
KINDS: Final = (
    Kind.UNLOCK,
    Kind.CLEAR_FAULTS,
    Kind.RESTART_BOARD,
    Kind.SET_TIME,
    Kind.SELF_TEST,
    Kind.TEST_LIGHT,
    Kind.FETCH_DUMP,
    Kind.UPDATE_FIRMWARE,
)
LONG: Final = frozenset({Kind.FETCH_DUMP, Kind.UPDATE_FIRMWARE, Kind.SELF_TEST})


class UnitWishes:
    """The wishes to the units of one line."""

    def __init__(self, line: Line, drivers: dict[int, Driver]) -> None:
        self._line, self._drivers = line, drivers
        self._look_due_s = 0.0
        self._dumps: dict[int, bytes] = {}  # by wish: what has been received
        self._updates = BoardUpdates(line)
        self._tests: dict[int, Job[str]] = {}
        self._open: list[Wish] = []
        self._failed: set[int] = set()  # long wishes whose last step the line did not carry
        self.light_until_s: dict[int, float] = {}  # by connector: a light test is being shown

    def look_now(self) -> None:
        """After a wake-up: somebody may have wished something."""
        self._look_due_s = 0.0

    def turn(self, moment: Moment) -> None:
        """Look for wishes once a second, then advance one by one step: short ones first, then the oldest."""
        try:
            if moment.mono_s >= self._look_due_s:
                self._look_due_s = moment.mono_s + LOOK_EVERY_S
                waiting = services.wishes(KINDS, list(self._drivers))
                self._open = sorted(waiting, key=lambda each: (each.kind in LONG, each.pk in self._failed, each.pk))
            if self._open:
                self._carry_out(self._open[0], moment)
        except DatabaseError as error:
            log.warning("A wish could not be read or answered (%s); it is tried again.", error)
            healed()

    def _carry_out(self, asked: Wish, moment: Moment) -> None:
        try:
            result = self._step(asked, self._drivers[asked.connector_number], moment)
        except LineError as error:
            if moment.mono_s < asked.due_s and asked.kind in {Kind.FETCH_DUMP, Kind.UPDATE_FIRMWARE}:
                self._failed.add(asked.pk)  # resumes where the controller says, after those that do not fail
                if isinstance(error, Implausible):
                    self._dumps.pop(asked.pk, None)  # the board took another snapshot meanwhile: from the beginning
                return
            self._end(asked, done=False, result=str(error))
        except (HardwareError, OSError, ValueError, ObjectDoesNotExist) as error:
            self._end(asked, done=False, result=str(error))
        else:
            if result is not None:
                self._end(asked, done=True, result=result)

    def _end(self, asked: Wish, *, done: bool, result: str) -> None:
        services.wish_ended(asked.pk, done=done, result=result)
        self._failed.discard(asked.pk)
        self._dumps.pop(asked.pk, None)
        self._updates.forget(asked)
        self._tests.pop(asked.pk, None)
        self._open = [each for each in self._open if each.pk != asked.pk]

    def _step(self, asked: Wish, driver: Driver, moment: Moment) -> str | None:
        """One step; the result's sentence when it was the last one."""
        if asked.kind == Kind.FETCH_DUMP and isinstance(driver, FetchesDump):
            return self._fetch(asked, driver, moment)
        if asked.kind == Kind.UPDATE_FIRMWARE:
            return self._update(asked, driver)
        if asked.kind == Kind.SELF_TEST and isinstance(driver, TestsItself):
            return self._test(asked, driver)
        steps = short_steps(asked.kind, driver, moment)
        if steps is None:
            raise Refused(f"The controller of connector {asked.connector_number} cannot do this: {asked.kind}.")
        self._line.run(steps)
        if asked.kind == Kind.TEST_LIGHT:
            self.light_until_s[asked.connector_number] = moment.mono_s + LIGHT_TEST_S
        return "Done."

    def _test(self, asked: Wish, driver: TestsItself) -> str | None:
        """One exchange a turn: the board is busy for seconds, and the other units of the line are not to wait."""
        job = self._tests.setdefault(asked.pk, Job(driver.self_test()))
        return job.result if self._line.advance(job) else None

    def _fetch(self, asked: Wish, driver: FetchesDump, moment: Moment) -> str | None:
        received, whole = self._line.run(driver.fetch_dump(self._dumps.get(asked.pk, b"")))
        self._dumps[asked.pk] = received
        if len(received) < whole:
            _tell(asked, len(received) * 100 // whole)
            return None
        return keep_dump(asked.connector_number, received, moment)

    def _update(self, asked: Wish, driver: Driver) -> str | None:
        percent, result = self._updates.step(asked, driver)
        if result:
            return result
        _tell(asked, percent)
        return None


def _tell(asked: Wish, percent: int) -> None:
    """Every ten percent: a dump of a thousand blocks is not a thousand commits."""
    if asked.state == Wish.State.WAITING or percent // TOLD_EVERY_PERCENT != asked.progress // TOLD_EVERY_PERCENT:
        asked.state, asked.progress = Wish.State.STARTED, percent
        services.wish_moved(asked.pk, progress=percent)


def short_steps(kind: str, driver: Driver, moment: Moment) -> Steps[None] | None:
    """The steps of a wish that takes a few exchanges, or None when this driver cannot do it."""
    match kind:
        case Kind.UNLOCK if isinstance(driver, Unlocks):
            return driver.unlock()
        case Kind.CLEAR_FAULTS if isinstance(driver, ClearsFaults):
            return driver.clear_faults()
        case Kind.RESTART_BOARD if isinstance(driver, Restarts):
            return driver.restart()
        case Kind.SET_TIME if isinstance(driver, SetsTime):
            return driver.set_time(moment.at)
        case Kind.TEST_LIGHT if isinstance(driver, SetsLight):
            return driver.set_light(LIGHTS["emergency"])
    return None
