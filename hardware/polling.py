"""The polling of a cabinet: brings the lines up, then one thread a line, one for the reader, one for the station.

Runs inside the Celery worker `controllers` as a worker-level bootstep (docs/decisions/0001). A thread that
raises ends the process, because a loop that is silently gone is worse than a restart.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import DatabaseError, connections

from charging import live, services
from charging.clock import now
from charging.models import Wish
from hardware.bringing_up import BroughtUp, bring_up, known_addresses, line_paths, missing_lines
from hardware.capabilities import StopsEverything
from hardware.control_socket import ControlSocket
from hardware.database import healed
from hardware.discovery import KnownAddress
from hardware.emergency import Emergency, EmergencyThread, scheduled_early
from hardware.hung_lines import HungLines
from hardware.light_sensor import watch_light
from hardware.line import Line
from hardware.models import Controller
from hardware.reader_loop import ReaderLoop, run_reader
from hardware.reader_place import ReaderPlace
from hardware.registry import driver_named
from hardware.surroundings import has_screen
from hardware.telling import lines_told, readings_told, trace_told
from hardware.turning import LEAST_PERIOD_S, SILENT_AFTER_S, LineTurns, Unit

log = logging.getLogger(__name__)

T = TypeVar("T")

STATION_PERIOD_S: Final = 1.0
LEAST_STATION_PERIOD_S: Final = 0.1
AFTER_THE_WIRE_S: Final = 0.05  # the record of a stop does not take the interpreter from its broadcasts
RETRY_S: Final = 1.0
TURN_TOLD_EVERY_S: Final = 1.0
STOP_WITHIN_S: Final = 5.0
SEARCH_AGAIN_S: Final = 10.0


class LineThread:
    """One line: its turns in one thread, its emergency broadcasts in another."""

    def __init__(self, path: str, controllers: Sequence[Controller], polling: Polling) -> None:
        self.path = path
        self._polling = polling
        self.wake = threading.Event()
        self._turn_told_s = 0.0
        line = Line(path, controllers[0].baud_rate, polling.emergency.event)
        units = [
            Unit(
                row.connector_number,
                driver_named(row.driver_name)(row.unit),
                answered_s=time.monotonic(),
                board_serial=row.board_serial,
            )
            for row in controllers
        ]
        self.turns = LineTurns(line, units, polling.emergency)
        driver = units[0].driver
        self._stop_frame = driver.broadcast_stop().request if isinstance(driver, StopsEverything) else b""
        self._emergency_thread = EmergencyThread(line, self._stop_frame, polling.emergency)

    def run(self) -> None:
        """Absolute deadlines; a wake-up, cleared before rows are read, makes the next turn begin at once."""
        if self._stop_frame:
            self._emergency_thread.start()
        due_s = time.monotonic()
        while not (self._polling.stopping.is_set() or self.turns.newcomers.met):
            begun_s = time.monotonic()
            woken = self.wake.is_set()
            self.wake.clear()
            if woken:
                self.turns.look_for_wishes()
            self.turns.turn()
            self._tell()
            period_s = self.turns.period_s
            due_s = max(due_s + period_s, time.monotonic() + min(period_s, LEAST_PERIOD_S))
            if self.wake.wait(max(due_s - time.monotonic(), 0.0)):
                self._polling.stopping.wait(max(begun_s + LEAST_PERIOD_S - time.monotonic(), 0.0))
                due_s = time.monotonic()
        self.turns.zero()
        self.turns.line.close()
        if self.turns.newcomers.met:
            self.stop()
            self._polling.search_line(self.path)

    def _tell(self) -> None:
        state = self.turns.state
        live.put_readings(self.path, state.readings)
        if state.turned_s - self._turn_told_s >= TURN_TOLD_EVERY_S:
            self._turn_told_s = state.turned_s
            live.turned(self.path, self.turns.numbers, state.turned_s)

    def stop(self) -> None:
        """Write the last zero and end."""
        self.wake.set()
        self._emergency_thread.stop()


class Polling:
    """Everything that runs in the controllers process beside Celery's own threads."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._station_wake = threading.Event()
        self.emergency = Emergency(self._station_wake.set)
        self._lines: dict[str, LineThread] = {}
        self._reader = ReaderPlace(settings.READER, self._poll_reader)
        self._searched = threading.Lock()  # held by whoever brings lines up: two searches would fight for the ports
        self._hung = HungLines()
        self._threads: list[threading.Thread] = []
        self._site = services.SitePower()
        self._heard = threading.Event()
        self._listener = live.Listener(live.WAKE, self._heard)
        self._control = ControlSocket(
            self.emergency,
            {live.ASK: self._tell_readings, live.LINES: self._tell_lines, live.FRAMES: self._tell_trace},
        )

    # --- begin and end ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin every thread."""
        scheduled_early()
        self._control.bind()
        self._control.start()
        self._listener.start()
        self._spawn("wake-ups", self._pass_wakes_on)
        self._spawn("bringing up", self._bring_up)
        self._spawn("station", self._station)

    def stop(self) -> None:
        """Limit 0 first, then the end of every thread."""
        self.stopping.set()
        for line in list(self._lines.values()):
            line.stop()
        self._station_wake.set()
        self._heard.set()
        self._listener.stop()
        deadline_s = time.monotonic() + STOP_WITHIN_S
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(max(deadline_s - time.monotonic(), 0.0))
        self._control.stop()

    def wake(self) -> None:
        """Every loop takes its next turn at once."""
        for line in list(self._lines.values()):
            line.wake.set()
        self._station_wake.set()

    def _spawn(self, name: str, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=_to_its_end, args=(name, loop), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pass_wakes_on(self) -> None:
        while not self.stopping.is_set():
            if self._heard.wait(STATION_PERIOD_S):
                self._heard.clear()
                self.wake()

    # --- lines ---------------------------------------------------------------------------------------

    def _bring_up(self) -> None:
        """Known boards come into use line by line; a first search numbers all lines together, in order."""
        _patiently(self.stopping, lambda: services.power_returned(now()))
        paths = line_paths(self.stopping)
        _patiently(self.stopping, partial(services.surroundings_found, screen=has_screen(settings.SYSTEM_ROOT)))
        self._spawn("light", partial(watch_light, settings.SYSTEM_ROOT, self.stopping))
        self._reader.begin(paths)
        paths = self._reader.free(paths)
        known: list[KnownAddress] = _patiently(self.stopping, known_addresses) or []
        if not known:
            self._first_search(paths)
            return
        for path in [*paths, *missing_lines(paths, known)]:
            here = [address for address in known if address.line_path == path]
            self._spawn(f"search {path}", partial(self._line_up, [path], here, full=not here))

    def _poll_reader(self, loop: ReaderLoop) -> None:
        self._spawn("reader", partial(run_reader, loop, self.stopping))

    def _first_search(self, paths: Sequence[str]) -> None:
        """Boards and adapters may come up later than we do: where nothing is known, search until something answers."""
        while not self.stopping.is_set():
            with self._searched:
                self._line_up(paths, [], full=True)
            if self._lines:
                return
            self.stopping.wait(SEARCH_AGAIN_S)
            paths = self._reader.free(line_paths(self.stopping))

    def search_line(self, path: str) -> None:
        """Search a line that has just ended, whole, and take it into use again with whoever is new."""

        def search() -> None:
            with self._searched:
                self._lines.pop(path, None)
                known = _patiently(self.stopping, known_addresses) or []
                self._line_up([path], [each for each in known if each.line_path == path], full=True)

        self._spawn(f"search {path}", search)

    def _line_up(self, paths: Sequence[str], known: Sequence[KnownAddress], *, full: bool) -> None:
        bring = partial(bring_up, paths, known, full=full, stop=self.stopping)
        found = _patiently(self.stopping, bring) or BroughtUp()
        for path in paths:
            here = [controller for controller in found.controllers if controller.line_path == path]
            if here and path not in self._lines and not self.stopping.is_set():
                line = LineThread(path, here, self)
                line.turns.newcomers.leave_out(each.unit for each in found.refused if each.line_path == path)
                if not full:
                    line.turns.newcomers.begin()
                self._lines[path] = line
                self._spawn(f"line {Path(path).name}", line.run)
        if not (found.controllers or found.refused or found.readers):
            log.warning("%s", nobody_on(paths, self._reader.loop))
        if self._reader.searched(paths, found.readers) and not self.stopping.is_set():
            _patiently(self.stopping, partial(services.surroundings_found, reader=False))

    # --- the station's turn ----------------------------------------------------------------------------

    def _station(self) -> None:
        while not self.stopping.is_set():
            self._station_wake.clear()
            begun_s = time.monotonic()
            due_s = self._station_turn()
            self._beat()
            left_s = STATION_PERIOD_S if due_s is None else max(due_s - time.monotonic(), 0.0)
            self._station_wake.wait(min(left_s, STATION_PERIOD_S))
            self.stopping.wait(max(begun_s + LEAST_STATION_PERIOD_S - time.monotonic(), 0.0))
            if self.emergency.heard:
                self.stopping.wait(AFTER_THE_WIRE_S)

    def _station_turn(self) -> float | None:
        """One turn; when the next one is wanted, where that may be before its period is over."""
        moment = now()
        try:
            while self.emergency.heard:
                who, _at_s = self.emergency.heard[0]
                services.latch_emergency(who, moment)
                self.emergency.heard.popleft()
            for line in list(self._lines.values()):
                self._site.saw(dict(line.turns.state.frames))
            turn = services.station_turn(moment, self._registers(), self._site)
            self._search_wished()
        except DatabaseError as error:
            log.warning("The station's turn could not be recorded (%s); it is tried again.", error)
            healed()
            return None
        if turn.emergency:
            self.emergency.event.set()
        else:
            self.emergency.clear()
        return turn.due_s

    def _registers(self) -> dict[int, int]:
        return {number: wh for line in list(self._lines.values()) for number, wh in line.turns.state.registers.items()}

    def _search_wished(self) -> None:
        """A search takes seconds a line, and the station's turn does not wait for it."""
        asked = services.wishes((Wish.Kind.DISCOVER,), [0])
        if asked and self._searched.acquire(blocking=False):
            self._spawn("search", partial(self._search_again, asked))

    def _search_again(self, asked: Sequence[Wish]) -> None:
        """A wish to search: lines without controllers are searched whole; a line in use between its turns."""
        try:
            for each in asked:
                _patiently(self.stopping, partial(services.wish_moved, each.pk, progress=1))
            free = self._reader.free(line_paths(self.stopping))
            for path in [path for path in free if path not in self._lines]:
                self._line_up([path], [], full=True)
            for line in list(self._lines.values()):
                line.turns.newcomers.begin()
            result = f"{len(self._lines)} lines are in use; their free addresses are asked while nobody charges there."
            for each in asked:
                _patiently(self.stopping, partial(services.wish_ended, each.pk, done=True, result=result))
        finally:
            self._searched.release()

    def _beat(self) -> None:
        """`polling` is alive while any line does turns; each line tells its own turns beside that (live.turned)."""
        if self.age_s() < SILENT_AFTER_S:
            live.beat("polling")
        hung = self._hung.worth_a_restart(
            {line.path: line.turns for line in list(self._lines.values())}, time.monotonic()
        )
        if hung:
            log.error("%s hangs, and nobody charges elsewhere: the process ends and is started again.", hung)
            os.kill(os.getpid(), signal.SIGTERM)

    def age_s(self) -> float:
        """Age of the youngest turn of any line; infinite without lines."""
        turned_s = [line.turns.state.turned_s for line in list(self._lines.values())]
        return time.monotonic() - max(turned_s, default=float("-inf"))

    # --- what is told over the control socket ------------------------------------------------------------

    def _tell_readings(self, _about: str) -> dict[str, Any]:
        return readings_told(self._turns(), self.age_s(), self._reader.loop)

    def _tell_lines(self, _about: str) -> dict[str, Any]:
        return lines_told(self._turns(), self._reader.loop)

    def _tell_trace(self, about: str) -> dict[str, Any]:
        return trace_told(self._turns(), self._reader.loop, path=about)

    def _turns(self) -> list[LineTurns]:
        return [line.turns for line in list(self._lines.values())]


def nobody_on(paths: Sequence[str], reader: ReaderLoop | None = None) -> str:
    """What a technician does when a search found no controller."""
    if not paths and reader:
        return f"{reader.line.path} carries the card reader: name the line of the controllers with --line."
    if not paths:
        return "There is no serial line: name one with --line, or start with --simulate default."
    return f"No controller answers on {', '.join(paths)}: check the adapter, the cable and the controllers' power."


def _patiently(stopping: threading.Event, act: Callable[[], T]) -> T | None:
    """*act*, again every second while the database refuses."""
    while not stopping.is_set():
        try:
            return act()
        except DatabaseError as error:
            log.warning("The database refuses (%s); tried again in a second.", error)
            healed()
            stopping.wait(RETRY_S)
    return None


def _to_its_end(name: str, loop: Callable[[], None]) -> None:
    try:
        loop()
    except Exception:
        log.exception("The thread %s ended by an error; the process ends with it and is started again.", name)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        connections.close_all()
