"""Who answers on this serial line? One thread that receives requests and lets the addressed unit answer in time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from hardware.native_map import BROADCAST_UNIT, SETPOINT_ADDRESS, SETPOINT_COUNT, Function

from .line_faults import LineFaults
from .modbus import LONGEST_FRAME, answer, is_intact, request_length
from .serial_end import TURNAROUND_S, SerialEnd, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .registers import UnitRegisters
    from .truth import Truth

SILENCE_CHARACTERS: Final = 3.5
# A pseudo-terminal hands over whole writes; a pause inside a request is one of the operating system, not of the wire.
LEAST_SILENCE_S: Final = 0.005
_SETPOINT_FRAME: Final = 9 + 2 * SETPOINT_COUNT
_LIMIT_BYTES: Final = slice(11, 17)  # limit in 0.1 A and in W within a setpoint frame


class Bus(threading.Thread):
    """Serves one line. `lock` guards everything physical of the station."""

    def __init__(
        self, link: Path, baud_rate: int, units: dict[int, UnitRegisters], lock: threading.RLock, truth: Truth
    ) -> None:
        super().__init__(name=link.name, daemon=True)
        self.faults = LineFaults()
        self.baud_rate = baud_rate
        self._units = units
        self._lock = lock
        self._truth = truth
        self._end = SerialEnd(link, baud_rate)
        self._silence_s = max(LEAST_SILENCE_S, SILENCE_CHARACTERS * self._end.character_s)
        self._turnaround_s = max(TURNAROUND_S, SILENCE_CHARACTERS * self._end.character_s)
        self._received = b""
        self.requests = 0

    def run(self) -> None:
        """Serve until stopped."""
        try:
            while not self._end.closed:
                frame = self._next_frame()
                if frame:
                    self._exchange(frame, self._end.received_until_s)
        finally:
            self._end.release()

    def stop(self) -> None:
        """Pull the cable out."""
        self._end.close()
        self.join(timeout=2)

    def _next_frame(self) -> bytes:
        """The next intact request; what is damaged is thrown away at the next silence."""
        chunk = self.faults.damaged(self._end.receive(self._silence_s if self._received else None))
        self._received += chunk
        length = request_length(self._received)
        if length is not None and len(self._received) >= length and is_intact(self._received[:length]):
            frame, self._received = self._received[:length], self._received[length:]
            return frame
        if chunk:
            self._received = self._received[-LONGEST_FRAME:] if length is None else self._received
            return b""
        # Silence ends a frame: a function that nobody knows still deserves its exception.
        whole, self._received = self._received, b""
        return whole if length is None and is_intact(whole) else b""

    def _exchange(self, frame: bytes, received_s: float) -> None:
        wait_until(received_s)
        self.requests += 1
        with self._lock:
            for registers in self._addressed(frame[0]):
                registers.board.advance(received_s)
            reply = answer(frame, self._units, received_s)
            if frame[0] == BROADCAST_UNIT:
                self._note_broadcast(frame, received_s)
        if reply is None:
            return
        start_s = received_s + self._turnaround_s + self.faults.delay_s()
        reply = self.faults.altered(reply)
        sent_s = self._end.send(reply, max(start_s, time.monotonic()))
        registers = self._units[frame[0]]
        if reply and registers.take_stop_news():
            with self._lock:
                self._truth.append("stop_bit_sent", registers.unit, sent_s)

    def _addressed(self, number: int) -> list[UnitRegisters]:
        if number == BROADCAST_UNIT:
            return list(self._units.values())
        return [self._units[number]] if number in self._units else []

    def _note_broadcast(self, frame: bytes, received_s: float) -> None:
        written = frame[1] == Function.WRITE_MANY and int.from_bytes(frame[2:4], "big") == SETPOINT_ADDRESS
        if written and len(frame) == _SETPOINT_FRAME and not any(frame[_LIMIT_BYTES]):
            self._truth.append("broadcast_zero", None, received_s, line=self.name)
