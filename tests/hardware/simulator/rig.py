"""A board on the table: one unit with a clock that the test turns, and a master that knows only bytes."""

from __future__ import annotations

import json
import os
import select
import struct
import time
import tty
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from hardware import native_map
from hardware.simulator.board import Board
from hardware.simulator.car import Car, build_car
from hardware.simulator.limits import Wanted
from hardware.simulator.meter import Register
from hardware.simulator.modbus import answer, is_intact, sealed
from hardware.simulator.registers import UnitRegisters
from hardware.simulator.station_file import parse_station
from hardware.simulator.unit import Unit

START_S: Final = 1000.0
UNIX_S: Final = 1_800_000_000.0
CHARGE: Final = native_map.Enable.CHARGE | native_map.Enable.AVAILABLE | native_map.Enable.AUTHORIZED


def setpoint_frame(unit: int, enable: int, limit_a: float, limit_w: int, watchdog_s: float = 3.0) -> bytes:
    words = (0xC0DE, enable, round(limit_a * 10), limit_w >> 16, limit_w & 0xFFFF, 0, round(watchdog_s * 10), 0)
    return sealed(struct.pack(">BBHHB8H", unit, 0x10, 0x0200, 8, 16, *words))


def status_frame(unit: int) -> bytes:
    return sealed(struct.pack(">BBHH", unit, 4, 0, 64))


class Rig:
    """One unit of the given connector type; `facts` is what it recorded."""

    def __init__(self, folder: Path, connector_type: str = "TYPE2_SOCKET", **row: object) -> None:
        unit_row = {"unit": 1, "serial": "SIM-TEST-1", "connector_type": connector_type, **row}
        spec = parse_station({"lines": [{"units": [unit_row]}]}, "test").lines[0].units[0]
        self.now_s = START_S
        self.facts: list[tuple[str, float, dict[str, Any]]] = []
        self.board = Board(spec.serial, START_S, UNIX_S)
        self.unit = Unit(spec, Register(folder / "cell", spec.register_wh), self._record, START_S)
        self.board.units.append(self.unit)
        self.registers = UnitRegisters(self.unit, self.board)
        self.command_id = 0

    def _record(self, kind: str, unit: Unit, at_s: float, **details: Any) -> None:
        assert unit.spec.connector_id == 1
        self.facts.append((kind, at_s, details))

    def run(self, seconds: float, *, step_s: float = 0.05, fed: bool = True) -> None:
        """Let time pass in ticks; `fed` repeats the last setpoint five times a second."""
        end_s = self.now_s + seconds
        while self.now_s < end_s - 1e-9:
            self.now_s = min(self.now_s + step_s, end_s)
            self.board.advance(self.now_s)
            if fed and self.unit.setpoint_at_s is not None and self.now_s - self.unit.setpoint_at_s >= 0.2 - 1e-9:
                self.unit.obey(self.unit.setpoint, self.now_s)

    def obey(self, enable: int = CHARGE, limit_a: float = 16.0, **more: Any) -> None:
        wanted = {"limit_w": self.unit.spec.maximum_w, "watchdog_s": 3.0, **more}
        self.unit.obey(Wanted(enable=enable, limit_a=limit_a, **wanted), self.now_s)

    def plug(self, name: str = "", **changes: Any) -> Car:
        car = build_car(name, self.unit.spec.inlet, 1.0)
        for key, value in changes.items():
            setattr(car, key, value)
        self.unit.plug(car, self.now_s)
        return car

    def closed(self) -> bool:
        return self.unit.contactor_closed

    def locked(self) -> bool:
        return self.unit.lock_closed

    def state(self) -> native_map.BoardState:
        return self.unit.state

    def edges(self, kind: str) -> list[float]:
        return [round(at_s, 6) for found, at_s, _ in self.facts if found == kind]

    def ask(self, request: bytes) -> bytes:
        """The reply's body without unit, function and CRC; AssertionError when it is damaged or missing."""
        self.board.advance(self.now_s)
        reply = answer(request, {1: self.registers}, self.now_s)
        assert reply is not None
        assert is_intact(reply)
        return reply[1:-2]

    def status(self) -> tuple[int, ...]:
        return struct.unpack(">64H", self.ask(status_frame(1))[2:])

    def command(self, opcode: int, *arguments: int) -> int:
        """Send a command with the next id; the result that the status block shows."""
        self.command_id += 1
        assert self.ask(self.command_frame(self.command_id, opcode, *arguments))[0] == 0x10
        return self.status()[native_map.Status.COMMAND_RESULT]

    @staticmethod
    def command_frame(command_id: int, opcode: int, *arguments: int) -> bytes:
        padded = (*arguments, 0, 0, 0, 0)[:4]
        body = struct.pack(">6H", command_id, opcode, *padded)
        crc = int.from_bytes(sealed(body)[-2:], "little")
        return sealed(struct.pack(">BBHHB", 1, 0x10, 0x0210, 8, 16) + body + struct.pack(">HH", crc, 0))


class Port:
    """A master's end of a line, opened like any serial port."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._fd)

    def write(self, content: bytes) -> None:
        os.write(self._fd, content)

    def read(self, count: int, timeout_s: float = 0.25) -> bytes:
        """Up to *count* bytes, fewer when *timeout_s* is over."""
        received, deadline_s = b"", time.monotonic() + timeout_s
        while len(received) < count:
            ready, _, _ = select.select([self._fd], [], [], max(0.0, deadline_s - time.monotonic()))
            if not ready:
                break
            received += os.read(self._fd, count - len(received))
        return received

    def ask(self, request: bytes, count: int) -> bytes:
        self.write(request)
        return self.read(count)

    def close(self) -> None:
        os.close(self._fd)


def call(url: str, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    """One call of the bench: (HTTP status, answer)."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=content if method == "POST" else None, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
