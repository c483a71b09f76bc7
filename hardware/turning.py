"""One polling thread a serial line: read, observe, write, every 200 ms and at once after a wake-up.

One turn holds all work of a line in order; nobody else touches the port. The heartbeat to a controller is its
setpoint, written after a healthy frame was read and decided on, never by a separate timer.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import DatabaseError

from charging.clock import Moment, now
from charging.domain.lights import LIGHTS, Light, light_after
from charging.domain.observation import Observation
from charging.domain.outputs import Outputs, restricted
from charging.sampling import Samples
from charging.turns import SWITCH_OFF_AFTER_S, Turns
from hardware.capabilities import AcknowledgesReboot, Driver, SetsLight, SetsTime, StopsEverything
from hardware.database import healed
from hardware.emergency import Emergency
from hardware.errors import HardwareError, StoppedByEmergency
from hardware.line import Line
from hardware.newcomers import Newcomers
from hardware.reading import reading_of
from hardware.replacement import answers_as, confirmed_serial
from hardware.wishes import UnitWishes

log = logging.getLogger(__name__)

PERIOD_S: Final = 0.2
LEAST_PERIOD_S: Final = 0.02  # between two turns that were woken
LOCK_PERIOD_S: Final = 0.005  # while a lock moves: it takes a third of a second, and a driver waits for it
LOCK_MOVES_S: Final = 1.0  # one that takes longer is no reason to hurry any more
SILENT_AFTER_S: Final = 3.0
CLOCK_EVERY_S: Final = 24 * 3600.0


@dataclass(slots=True)
class Unit:
    """One controller as its line's thread knows it."""

    number: int
    driver: Driver
    answered_s: float  # monotonic, of the last healthy frame
    asked_s: float = -math.inf  # when it was last read, or tried
    answered: Moment | None = None  # the same instant on both clocks
    board_serial: str = ""  # who must answer here; "" = whoever does
    verified: bool = False  # it has said who it is since it was last silent
    silent: bool = False
    foreign: bool = False  # another board answers at its address
    light: Light | None = None  # that the board was told
    wanted: tuple[Light, float] | None = None  # what it is to show, and since when
    clock_set_s: float | None = None
    outputs: Outputs | None = None
    lock_moves_s: float | None = None  # since when the lock is wanted otherwise than it was felt

    def light_now(self, wanted: Light, now_s: float) -> Light:
        """What of *wanted* is due after it was wanted for so long; boards do not count how often they blink."""
        if self.wanted is None or self.wanted[0] != wanted:
            self.wanted = (wanted, now_s)
        return light_after(wanted, now_s - self.wanted[1])


@dataclass(slots=True)
class LineState:
    """What others may look at: plain values, each written by the line's thread only."""

    begun_s: float = field(default_factory=time.monotonic)
    turned_s: float = 0.0
    turns: int = 0
    readings: dict[int, dict[str, Any]] = field(default_factory=dict)
    told_s: float = 0.0
    registers: dict[int, int] = field(default_factory=dict)
    frames: dict[int, tuple[Observation, float]] = field(default_factory=dict)  # the latest, and when it was read


class LineTurns:
    """The turns of one line. `turn()` is one of them, so that a test can call it."""

    def __init__(self, line: Line, units: list[Unit], emergency: Emergency) -> None:
        self.line, self.units, self.state = line, units, LineState()
        self._emergency = emergency
        self._turns = Turns([unit.number for unit in units])
        self._samples = Samples()
        self._wishes = UnitWishes(line, {unit.number: unit.driver for unit in units})
        self.newcomers = Newcomers(line, [unit.driver.unit for unit in units])
        self._unread_s: float | None = None  # since when the rows cannot be read

    @property
    def numbers(self) -> list[int]:
        """The connectors of this line."""
        return [unit.number for unit in self.units]

    @property
    def period_s(self) -> float:
        """From the last turn to the next one."""
        return LOCK_PERIOD_S if any(map(self._locks, self.units)) else PERIOD_S

    def _locks(self, unit: Unit) -> bool:
        """Whether its lock is on its way."""
        return unit.lock_moves_s is not None and self.state.turned_s - unit.lock_moves_s < LOCK_MOVES_S

    @property
    def idle(self) -> bool:
        """Whether nobody uses any connector of this line."""
        return all((connector := self._turns.connector(number)) and connector.idle for number in self.numbers)

    def turn(self) -> None:
        """Each unit: read, take the frame through the rules, write its outputs; then the rest.

        A unit is written before the next one is read, and who waits for something comes first: nobody is held up by
        its neighbours.
        """
        frames = {}
        for unit in self._in_order():
            frame = self._read(unit)
            moment = now()
            self._refresh(moment)
            if frame is not None:
                frames[unit.number] = frame
                self._turn_of(unit, frame, unit.answered or moment)
            elif moment.mono_s - unit.answered_s >= SILENT_AFTER_S:
                self._silent(unit, moment)
        moment = now()
        self.state.turned_s = time.monotonic()
        self.state.turns += 1
        self._keep(frames, moment)
        self._wishes.turn(moment)
        if self.idle:
            self.newcomers.turn()

    def _in_order(self) -> list[Unit]:
        """The units of this turn: those whose lock moves or whose row has moved, then the others.

        Of the short turns while a lock moves the others need no more than they have without them.
        """
        moment = now()
        moved = self._refresh(moment)
        waiting = {unit.number for unit in self.units if unit.number in moved or self._locks(unit)}
        first = [unit for unit in self.units if unit.number in waiting]
        recently_s = moment.mono_s - (PERIOD_S - LOCK_PERIOD_S) if any(map(self._locks, first)) else math.inf
        return first + [unit for unit in self.units if unit.number not in waiting and unit.asked_s < recently_s]

    def _read(self, unit: Unit) -> Observation | None:
        unit.asked_s = time.monotonic()
        try:
            if not (unit.verified or self._verified(unit)):
                return None
            frame = self.line.run(unit.driver.read())
        except HardwareError as error:
            if not unit.silent and time.monotonic() - unit.answered_s >= SILENT_AFTER_S:
                log.warning("Connector %s: %s.", unit.number, str(error).rstrip("."))
            return None
        except DatabaseError as error:  # whether the board that answers was confirmed is a question to the record
            log.warning("Connector %s: who belongs here cannot be read (%s).", unit.number, error)
            healed()
            return None
        if frame.emergency_stop and self._emergency.raise_now(f"button or board of connector {unit.number}"):
            self._stop_at_once(unit)
        if unit.silent:
            log.warning("Connector %s: its controller answers again.", unit.number)
        unit.answered = now()
        unit.answered_s, unit.silent = unit.answered.mono_s, False
        return frame

    def _verified(self, unit: Unit) -> bool:
        """Ask who answers. Another board at this address is a fault, and gets no setpoint until it was confirmed."""
        identity = self.line.run(unit.driver.identify())
        if unit.board_serial and identity.board_serial != unit.board_serial:
            unit.board_serial = confirmed_serial(unit.number) or unit.board_serial
        unit.verified = identity.board_serial == (unit.board_serial or identity.board_serial)
        if not unit.verified and not unit.foreign:
            sentence = f"{identity.board_serial} answers where {unit.board_serial} was: confirm it in the console."
            log.warning("Connector %s: %s", unit.number, sentence)
            answers_as(unit.number, identity.board_serial, sentence)
        unit.foreign = not unit.verified
        return unit.verified

    def _stop_at_once(self, unit: Unit) -> None:
        """This thread has just left the port: its own line need not wait until another thread takes it."""
        if isinstance(unit.driver, StopsEverything):
            try:
                self.line.stop_everything(unit.driver.broadcast_stop().request)
            except HardwareError as error:
                log.warning("Zero could not be broadcast: %s.", error)

    def _refresh(self, moment: Moment) -> set[int]:
        """Whose rows have moved since the last look."""
        try:
            moved = self._turns.refresh()
        except DatabaseError as error:
            if self._unread_s is None:
                log.warning("The rows of %s cannot be read (%s).", self.line.path, error)
                self._unread_s = moment.mono_s
            healed()
            return set()
        self._unread_s = None
        return moved

    def _turn_of(self, unit: Unit, frame: Observation, moment: Moment) -> None:
        outputs = self._turns.observe(unit.number, frame, moment)
        if outputs is None:
            return
        if self._not_read(moment):
            outputs = restricted(outputs, LIGHTS["fault"])
        self._write(unit, outputs)
        if frame.locked is None or frame.locked == outputs.lock:
            unit.lock_moves_s = None
        elif unit.lock_moves_s is None:
            unit.lock_moves_s = moment.mono_s
        self.state.frames[unit.number] = (frame, unit.answered_s)
        self._tend(unit, frame, outputs, moment)
        register_wh = self._turns.register_wh(unit.number)
        if register_wh is not None:
            self.state.registers[unit.number] = register_wh

    def _not_read(self, moment: Moment) -> bool:
        """Whether the rows could not be read for so long that everything is switched off."""
        return self._unread_s is not None and moment.mono_s - self._unread_s >= SWITCH_OFF_AFTER_S

    def _write(self, unit: Unit, outputs: Outputs) -> None:
        unit.outputs = outputs
        try:
            try:
                self.line.run(unit.driver.write(outputs))
            except StoppedByEmergency:  # decided before the stop; what follows it is zero
                off = replace(restricted(outputs, LIGHTS["emergency"]), lock=False)  # as the broadcast says
                self.line.run(unit.driver.write(off))
        except HardwareError as error:
            log.info("Connector %s did not take its setpoint: %s.", unit.number, error)

    def _tend(self, unit: Unit, frame: Observation, outputs: Outputs, moment: Moment) -> None:
        """Level-triggered: the light, the clock and the reboot flag are compared each turn and put right."""
        driver = unit.driver
        try:
            if frame.rebooted:
                unit.light = unit.clock_set_s = None
                if isinstance(driver, AcknowledgesReboot):
                    self.line.run(driver.acknowledge_reboot())
            light = unit.light_now(outputs.light, moment.mono_s)
            if self._shows_light(unit, moment) and unit.light != light and isinstance(driver, SetsLight):
                self.line.run(driver.set_light(light))
                unit.light = light
            if self._clock_is_due(unit, moment) and isinstance(driver, SetsTime):
                self.line.run(driver.set_time(moment.at))
                unit.clock_set_s = moment.mono_s
        except HardwareError as error:
            log.info("Connector %s: %s.", unit.number, error)

    def _shows_light(self, unit: Unit, moment: Moment) -> bool:
        """False while a technician's light test is being shown; the turn after it puts the light right again."""
        until_s = self._wishes.light_until_s.get(unit.number)
        if until_s is None:
            return True
        if moment.mono_s < until_s:
            return False
        del self._wishes.light_until_s[unit.number]
        unit.light = None
        return True

    @staticmethod
    def _clock_is_due(unit: Unit, moment: Moment) -> bool:
        due = unit.clock_set_s is None or moment.mono_s - unit.clock_set_s >= CLOCK_EVERY_S
        return due and moment.clock_known

    def _silent(self, unit: Unit, moment: Moment) -> None:
        if not unit.silent:
            unit.silent = True
            unit.verified = False
            unit.light = None
        self._turns.silent(unit.number, moment)

    def _keep(self, frames: dict[int, Observation], moment: Moment) -> None:
        """Readings for who looks, samples and checkpoints for who asks later: with registers that are plausible.

        One lost frame is no silence: the reading before it is told again, with its age.
        """
        frames = {number: self._trusted(number, frame) for number, frame in frames.items()}
        answering = {unit.number: unit for unit in self.units if not unit.silent}
        before = {number: reading for number, reading in self.state.readings.items() if number in answering}
        self.state.readings = before | {
            number: reading_of(frame)
            | {
                "at_s": answering[number].answered_s,
                "not_recorded": self._not_read(moment) or self._turns.not_recorded(number, moment),
            }
            for number, frame in frames.items()
        }
        self.state.told_s = moment.mono_s
        connectors = [c for unit in self.units if (c := self._turns.connector(unit.number))]
        try:
            self._samples.take(frames, connectors, moment)
        except DatabaseError as error:
            log.warning("A sample was not kept (%s); the next one is.", error)
            healed()

    def _trusted(self, number: int, frame: Observation) -> Observation:
        register_wh = self._turns.register_wh(number)
        return frame if register_wh is None else replace(frame, register_wh=register_wh)

    def look_for_wishes(self) -> None:
        """After a wake-up."""
        self._wishes.look_now()

    def zero(self) -> None:
        """Limit 0 for each unit at an orderly end. Not the broadcast: that opens the lock of a session that goes on."""
        for unit in self.units:
            if unit.outputs is None or unit.foreign:
                continue
            try:
                self.line.run(unit.driver.write(restricted(unit.outputs, unit.outputs.light)))
            except HardwareError as error:  # its watchdog says the same within three seconds
                log.warning("Connector %s was not told limit 0: %s.", unit.number, error)
