"""One serial line: runs the exchanges of drivers over a port that nobody else touches.

After any error the line reads until it has been silent, because a late reply of the right length would
otherwise be believed by the next exchange, and every exchange after it would be one reply behind.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from .capabilities import Exchange, Steps
from .errors import Corrupted, HardwareError, LineError, NoReply, PortError, StoppedByEmergency, Truncated
from .frame_trace import RECEIVED, SENT, STRAY, FrameTrace, TracedFrame
from .line_counters import UnitCounters
from .port_lock import PortLock
from .serial_port import BITS_PER_BYTE, SerialPort

T = TypeVar("T")

_SILENT_BYTES: Final = 3.5  # MODBUS over Serial Line 2.5.1.1; not less than 1.75 ms
_LEAST_SILENCE_S: Final = 0.00175
_SLACK_S: Final = 0.02  # an adapter's buffering and the scheduler
_STRAY_QUIET_S: Final = 0.01
_LATE_QUIET_S: Final = 0.15  # after this nothing that was asked before can still come
_DRAIN_AT_MOST_S: Final = 0.3
_LOOK_EVERY_S: Final = 0.005  # how soon a drain notices an emergency
_HEADER_BYTES: Final = 3  # once these were accepted, the length of the frame is known
_REOPEN_FIRST_S: Final = 0.1
_REOPEN_AT_MOST_S: Final = 2.0


def silence_s(baud_rate: int) -> float:
    """The silence between two frames."""
    return max(_SILENT_BYTES * BITS_PER_BYTE / baud_rate, _LEAST_SILENCE_S)


class _NeverSilent(Corrupted):
    """The line could not be drained; draining it once more would only cost the next turn."""


class Job(Generic[T]):
    """The steps of a driver under way, so that a line can advance them one exchange per turn."""

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self._result: T
        self.exchange: Exchange | None = None
        self.done = False

    @property
    def result(self) -> T:
        """What the driver returned; only once it is done."""
        return self._result

    def start(self) -> None:
        """Run to the first exchange."""
        try:
            self.exchange = next(self._steps)
        except StopIteration as end:
            self._end(end.value)

    def answer(self, reply: bytes) -> None:
        """Hand *reply* over and run to the next exchange."""
        try:
            self.exchange = self._steps.send(reply)
        except StopIteration as end:
            self._end(end.value)

    def fail(self, error: HardwareError) -> None:
        """Throw *error* in; it comes out again unless the driver knows better."""
        try:
            self.exchange = self._steps.throw(error)
        except StopIteration as end:
            self._end(end.value)

    def _end(self, result: T) -> None:
        self._result = result
        self.exchange = None
        self.done = True


class Line:
    """Owns one port. Any thread may call; the port is held for one exchange at a time.

    While `emergency` (usually one event of the whole program) is set, requests that let energy flow are
    refused with StoppedByEmergency before anything is written; reading goes on.
    """

    def __init__(
        self,
        path: str,
        baud_rate: int,
        emergency: threading.Event | None = None,
        *,
        searching: bool = False,
    ) -> None:
        """Name the port; nothing is opened yet. *searching*: no second attempts, no back-off, short drains."""
        self.path = path
        self.baud_rate = baud_rate
        self.emergency = emergency or threading.Event()
        self.counters: defaultdict[int, UnitCounters] = defaultdict(UnitCounters)
        self.trace = FrameTrace()
        self._judged: TracedFrame | None = None  # the frame that the present exchange's failure is noted on
        self.strays = 0  # bytes that belonged to no exchange
        self.reopenings = 0
        self._searching = searching
        self._silence_s = silence_s(baud_rate)
        self._lock = PortLock()
        self._port: SerialPort | None = None
        self._echoes = False
        self._whole = False  # the last reply came at its full length
        self._busy_until = 0.0  # monotonic, end of the last byte on the wire in either direction
        self._drain_owed_s = 0.0
        self._reopen_due_at = 0.0
        self._reopen_pause_s = _REOPEN_FIRST_S

    # --- the port -----------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the port now. Raises PortError."""
        with self._lock.turn():
            self._reopen_due_at = 0.0
            self._opened()

    def close(self) -> None:
        """Give the port back; the next exchange would open it again."""
        with self._lock.turn():
            self._shut()

    def _opened(self) -> SerialPort:
        if self._port is not None:
            return self._port
        now = time.monotonic()
        if now < self._reopen_due_at:
            raise PortError(f"{self.path} is missing: plug the adapter in again")
        try:
            self._port = SerialPort(self.path, self.baud_rate)
        except PortError:
            self._reopen_due_at = now + self._reopen_pause_s
            self._reopen_pause_s = min(2 * self._reopen_pause_s, _REOPEN_AT_MOST_S)
            raise
        self.reopenings += 1
        self._reopen_pause_s = _REOPEN_FIRST_S
        return self._port

    def _shut(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Exchanges as those of a search: once each, drained shortly. For the line's own thread."""
        before, self._searching = self._searching, True
        try:
            yield
        finally:
            self._searching = before

    # --- running a driver ---------------------------------------------------------------------------

    def run(self, steps: Steps[T]) -> T:
        """Run *steps* to their end. Raises what they raise: LineError, Refused, PortError, StoppedByEmergency."""
        job = Job(steps)
        while not self.advance(job):
            pass
        return job.result

    def advance(self, job: Job[T]) -> bool:
        """Do the next exchange of *job*; True when it is done. Raises like `run`."""
        if job.exchange is None and not job.done:
            job.start()
        exchange = job.exchange
        if exchange is None:
            return True
        try:
            reply = self._exchanged(exchange)
        except HardwareError as error:
            job.fail(error)
            return job.done
        try:
            job.answer(reply)
        except LineError as error:  # intact bytes that the driver does not believe
            self.counters[exchange.unit].disbelieved(error)
            self._note(error)
            raise
        return job.done

    def _exchanged(self, exchange: Exchange) -> bytes:
        """One request and its reply, asked twice at most."""
        counters = self.counters[exchange.unit]
        if counters.offline and time.monotonic() < counters.probe_due_at_s:
            raise NoReply(f"{self.path}: unit {exchange.unit} does not answer: check its power and its cable")
        if exchange.repeatable and not counters.offline and not self._searching:
            try:
                return self._attempted(exchange, counters)
            except _NeverSilent as error:
                raise Corrupted(f"{self.path}: {error}") from error
            except LineError:
                counters.retries += 1
        try:
            return self._attempted(exchange, counters)
        except LineError as error:
            if not self._searching:
                counters.gave_up(error, time.monotonic())
            raise type(error)(f"{self.path}: {error}") from error

    def _attempted(self, exchange: Exchange, counters: UnitCounters) -> bytes:
        with self._lock.turn():
            if exchange.energizes and self.emergency.is_set():
                raise StoppedByEmergency(f"{self.path}: the emergency stop is active: release it first")
            try:
                return self._once(self._opened(), exchange, counters)
            except PortError:
                self._shut()
                raise

    def _once(self, port: SerialPort, exchange: Exchange, counters: UnitCounters) -> bytes:
        try:
            self._settle(port)
            asked_at = time.monotonic()
            self._judged = self._send(port, exchange.request)
            frame = self._receive(port, exchange)
        except _NeverSilent as error:
            counters.failed(error)
            raise
        except LineError as error:
            counters.failed(error)
            self._note(error)
            counters.drains += 1
            self._drain(port, self._quiet_after(error, exchange))
            raise
        counters.succeeded(self._busy_until - asked_at, self._busy_until)
        return frame

    def _note(self, error: LineError) -> None:
        if self._judged is not None:
            self._judged.failure = type(error).__name__

    def _send(self, port: SerialPort, request: bytes) -> TracedFrame:
        sent_at = time.monotonic()
        port.write(request)
        self._busy_until = sent_at + len(request) * port.byte_s
        return self.trace.add(SENT, request)

    def _receive(self, port: SerialPort, exchange: Exchange) -> bytes:
        """The complete reply. Its deadline moves with the length that the bytes so far announce."""
        answer_due_at = self._busy_until + exchange.wait_s + _SLACK_S
        received, heard_itself, self._whole = b"", False, False
        missing = _missing(exchange, received)
        while missing:
            chunk = port.read(missing, answer_due_at + (len(received) + missing) * port.byte_s)
            if not chunk:
                raise self._cut_short(exchange, received)
            self._whole = len(chunk) == missing and len(received) >= _HEADER_BYTES
            received += chunk
            if not heard_itself and self._is_echo(exchange, received):
                received, heard_itself = received[len(exchange.request) :], True
            self._busy_until = time.monotonic()
            try:
                missing = _missing(exchange, received)
            except LineError:
                self._judged = self.trace.add(RECEIVED, received)
                raise
        if received:
            self._judged = self.trace.add(RECEIVED, received)
        return received

    def _cut_short(self, exchange: Exchange, received: bytes) -> LineError:
        if not received:
            return NoReply(f"unit {exchange.unit} does not answer: check its power and its cable")
        self._judged = self.trace.add(RECEIVED, received)
        return Truncated(f"the reply of unit {exchange.unit} stopped after {len(received)} bytes")

    # --- echoes: some two-wire adapters hear themselves ---------------------------------------------

    def _is_echo(self, exchange: Exchange, received: bytes) -> bool:
        if not received.startswith(exchange.request):
            return False
        # A confirmed write may repeat its request: then it is an echo only on a line that is known to echo.
        self._echoes = self._echoes or not _is_whole(exchange, received)
        return self._echoes

    # --- silence ------------------------------------------------------------------------------------

    def _settle(self, port: SerialPort) -> None:
        """Wait for the silence before a request; throw away what came in between."""
        if self._drain_owed_s:
            self._drain_or_give_up(port, self._drain_owed_s)
        self._keep_silence()
        if self._threw_away(port.waiting()):
            self._drain_or_give_up(port, _STRAY_QUIET_S)
            self._keep_silence()

    def _drain_or_give_up(self, port: SerialPort, quiet_s: float) -> None:
        if self._drain(port, quiet_s):
            return
        if self._lock.wanted_urgently or self.emergency.is_set():
            raise StoppedByEmergency(f"{self.path}: the emergency stop goes first")
        raise _NeverSilent("somebody talks without being asked: look for a second master or noise")

    def _keep_silence(self) -> None:
        rest_s = self._busy_until + self._silence_s - time.monotonic()
        if rest_s > 0:
            time.sleep(rest_s)

    def _quiet_after(self, error: LineError, exchange: Exchange) -> float:
        """How long nothing may come before the line counts as drained."""
        if self._searching:
            return _STRAY_QUIET_S
        if isinstance(error, NoReply | Truncated):
            return max(_LATE_QUIET_S, exchange.wait_s)
        # Our own reply, complete and damaged: nothing more is owed. Anything else may be a late one before ours.
        return _STRAY_QUIET_S if self._whole else exchange.wait_s

    def _drain(self, port: SerialPort, quiet_s: float) -> bool:
        """Read until *quiet_s* of silence; an emergency that begins ends it. False: still owed.

        Whoever talks on is given up after 0.3 s, or after *quiet_s* where that is longer: a silence always counts.
        """
        self._drain_owed_s = quiet_s
        calm = not self.emergency.is_set()
        now = time.monotonic()
        quiet_at, give_up_at = now + quiet_s, now + max(_DRAIN_AT_MOST_S, quiet_s)
        while now < quiet_at:
            if now >= give_up_at or self._lock.wanted_urgently or (calm and self.emergency.is_set()):
                return False
            stray = port.read(1, min(quiet_at, now + _LOOK_EVERY_S))
            now = time.monotonic()
            if self._threw_away(stray + port.waiting() if stray else stray):
                quiet_at = now + quiet_s
        self._drain_owed_s = 0.0
        return True

    def _threw_away(self, stray: bytes) -> bool:
        if not stray:
            return False
        self.trace.add(STRAY, stray)
        self.strays += len(stray)
        self._busy_until = time.monotonic()
        return True

    # --- emergency ----------------------------------------------------------------------------------

    def stop_everything(self, frame: bytes) -> float:
        """Write *frame* (a broadcast of zero) next, ahead of every other exchange; from any thread.

        The wait is one exchange at most: a drain ends early. Returns the monotonic time at which its last
        byte was on the wire. Raises PortError. The caller sets `emergency` first, so that nothing that was
        decided before lets energy flow again.
        """
        with self._lock.urgent():
            self._reopen_due_at = 0.0
            try:
                port = self._opened()
                self._keep_silence()
                self._send(port, frame)
                port.wait_sent()
            except PortError:
                self._shut()
                raise
            self._busy_until = max(self._busy_until, time.monotonic())
            return self._busy_until


def _missing(exchange: Exchange, received: bytes) -> int:
    """How many bytes are to come; what may still turn out to be our own echo is not judged yet."""
    if exchange.missing is None:
        return 0
    rest = len(exchange.request) - len(received)
    if received and rest > 0 and exchange.request.startswith(received) and not _is_whole(exchange, received):
        return min(rest, exchange.missing(b""))
    return exchange.missing(received)


def _is_whole(exchange: Exchange, received: bytes) -> bool:
    try:
        return exchange.missing is not None and exchange.missing(received) == 0
    except LineError:
        return False
