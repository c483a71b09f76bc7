"""What can a tester do to the station? Every call of the bench; refusals are one sentence with an HTTP status."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from .board import ResetReason
from .car import FULL_SOC, Behaviour, build_car
from .fault_names import DEFECTS, METER_FAULTS, fault_bit_of, known_codes
from .meter import BACKWARD_WH, JUMP_WH
from .snapshot import connector_facts, station_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .pn532 import Reader
    from .station import Station
    from .unit import Unit

Facts = dict[str, Any]
DEFAULT_HOLD_MS: Final = 300
LONGEST_NUMBER: Final = 10
_CAR_BOUNDS: Final = {
    "requested_a": (0.0, 1000.0),
    "soc": (0.0, FULL_SOC),
    "battery_kwh": (0.1, 5000.0),
    "reaction_s": (0.0, 60.0),
    "speed": (0.01, 100_000.0),
}
_LINE_BOUNDS: Final = {
    "bit_error_rate": (0.0, 0.5),
    "late_ms": (0.0, 10_000.0),
    "late_share": (0.0, 1.0),
    "drop_share": (0.0, 1.0),
    "truncate_share": (0.0, 1.0),
    "double_share": (0.0, 1.0),
}
CAR_FIELDS: Final = frozenset({*_CAR_BOUNDS, "phases", "behaviour", "paused"})
CONTROLLER_FIELDS: Final = frozenset({"powered", "stuck", "frozen", "restart", "clock_offset_s"})
LINE_FIELDS: Final = frozenset({*_LINE_BOUNDS, "seed"})


class BenchError(Exception):
    """A call that cannot be done; `status` is the HTTP status, the text one sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Bench:
    """The tester's hands. Each method takes the fields of a call as they came and answers JSON-ready facts."""

    def __init__(self, station: Station, reader: Reader | None) -> None:
        self._station = station
        self._reader = reader

    # --- looking ------------------------------------------------------------------------------------------

    def state(self, fields: Mapping[str, Any]) -> Facts:
        """What is physically true now, of the station or of one connector."""
        with self._station.lock:
            if "connector_id" in fields:
                unit = self._unit(fields)
                unit.advance(time.monotonic())
                return connector_facts(self._station, unit)
            return station_facts(self._station, self._reader)

    def truth(self, fields: Mapping[str, Any]) -> Facts:
        """The record of facts with a number above `since`."""
        since = _whole(fields, "since", 0)
        # Without the lock: the record only grows, and a long answer must not keep a board waiting.
        records = self._station.truth.facts_after(since)
        return {"records": records, "last_n": self._station.truth.last_n}

    # --- cars ---------------------------------------------------------------------------------------------

    def plug_in(self, fields: Mapping[str, Any]) -> Facts:
        """A car plugs in; without `car`, one that fits the connector."""
        with self._station.lock:
            unit = self._unit(fields)
            if unit.plugged:
                raise BenchError(HTTPStatus.CONFLICT, f"Connector {unit.spec.connector_id} already has a car.")
            try:
                car = build_car(str(fields.get("car", "")), unit.spec.inlet, self._station.speed)
            except ValueError as error:
                raise BenchError(HTTPStatus.BAD_REQUEST, str(error)) from error
            unit.plug(car, time.monotonic())
            return self._facts(unit)

    def plug_out(self, fields: Mapping[str, Any]) -> Facts:
        """The car leaves, pulled at its own end: a locked station side does not hold it."""
        with self._station.lock:
            unit = self._unit(fields)
            self._car_of(unit)
            unit.unplug(time.monotonic())
            return self._facts(unit)

    def change_car(self, fields: Mapping[str, Any]) -> Facts:
        """Check every field first, then change the car."""
        with self._station.lock:
            unit = self._unit(fields)
            car = self._car_of(unit)
            changes = _changes(fields, CAR_FIELDS)
            values: Facts = {name: _number(changes, name, *_CAR_BOUNDS[name]) for name in changes.keys() & _CAR_BOUNDS}
            if "phases" in changes:
                values["phases"] = _phases(changes)
            if "behaviour" in changes:
                values["behaviour"] = _behaviour(changes["behaviour"])
            if "paused" in changes:
                values["paused"] = _flag(changes, "paused")
            unit.advance(time.monotonic())
            for name, value in values.items():
                setattr(car, name, value)
            if "behaviour" in values:
                car.begin_habit(time.monotonic())
            unit.settle(time.monotonic())
            return self._facts(unit)

    # --- cards, faults, button ----------------------------------------------------------------------------

    def authorize(self, fields: Mapping[str, Any]) -> Facts:
        """Hold a card to the reader."""
        if str(fields.get("type", "ISO14443")) != "ISO14443":
            raise BenchError(HTTPStatus.BAD_REQUEST, "The reader knows cards of type ISO14443 only.")
        try:
            uid = bytes.fromhex(str(fields.get("id", "")))
        except ValueError:
            uid = b""
        if len(uid) not in {4, 7, 10}:
            raise BenchError(HTTPStatus.BAD_REQUEST, "`id` must be a UID of 4, 7 or 10 bytes in hexadecimal digits.")
        if self._reader is None or not self._reader.present:
            raise BenchError(HTTPStatus.CONFLICT, "This station has no card reader connected.")
        hold_s = _number(fields, "hold_ms", 1, 600_000, DEFAULT_HOLD_MS) / 1000
        self._reader.hold(uid, hold_s)
        return {"id": uid.hex().upper(), "hold_ms": round(hold_s * 1000)}

    def fault(self, fields: Mapping[str, Any]) -> Facts:
        """Raise or clear a fault bit, or break something that no board reports by itself."""
        with self._station.lock:
            unit = self._unit(fields)
            code, on = str(fields.get("code", "")), _flag(fields, "on", default=True)
            bit = fault_bit_of(code)
            now_s = time.monotonic()
            if code in DEFECTS:
                _break(unit, code, on=on, now_s=now_s)
            elif code in METER_FAULTS:
                _spoil_meter(unit, code, on=on)
            elif bit is None:
                known = ", ".join(known_codes())
                raise BenchError(HTTPStatus.BAD_REQUEST, f"There is no fault {code[:40]!r}; known are {known}.")
            elif on:
                unit.raise_fault(bit, now_s)
            else:
                unit.clear_fault(bit, now_s)
            return self._facts(unit)

    def emergency_stop(self, fields: Mapping[str, Any]) -> Facts:
        """Press or release the mushroom button; unless `wired`, boards see it and do not act."""
        pressed, wired = _flag(fields, "pressed", default=True), _flag(fields, "wired", default=True)
        with self._station.lock:
            self._station.emergency = {"pressed": pressed, "wired": wired}
            for unit in self._station.units.values():
                unit.press_emergency(pressed=pressed, wired=wired, now_s=time.monotonic())
            self._station.keep()
            return {**self._station.emergency, "monotonic_s": time.monotonic()}

    # --- boards, lines, reader ----------------------------------------------------------------------------

    def controller(self, fields: Mapping[str, Any]) -> Facts:
        """Switch, hang, freeze or restart the board, or set its clock off."""
        with self._station.lock:
            unit = self._unit(fields)
            board = self._station.board_of(unit)
            changes = _changes(fields, CONTROLLER_FIELDS)
            flags = {name: _flag(changes, name) for name in changes if name != "clock_offset_s"}
            offset_s = _number(changes, "clock_offset_s", -4e9, 4e9, 0.0)
            now_s = time.monotonic()
            board.advance(now_s)
            board.stuck = flags.get("stuck", board.stuck)
            board.frozen = flags.get("frozen", board.frozen)
            board.shift_clock(offset_s)
            if "powered" in flags:
                board.switch(powered=flags["powered"], now_s=now_s)
            if flags.get("restart"):
                board.stuck = board.frozen = False
                board.restart(now_s, ResetReason.EXTERNAL)
            return self._facts(unit)

    def line(self, fields: Mapping[str, Any]) -> Facts:
        """Spoil the cable of one line."""
        number = _whole(fields, "connector_id", 0)
        if not 1 <= number <= len(self._station.buses):
            last = len(self._station.buses)
            raise BenchError(HTTPStatus.NOT_FOUND, f"There is no line {number}; lines are 1..{last}.")
        changes = _changes(fields, LINE_FIELDS)
        values = {name: _number(changes, name, *_LINE_BOUNDS[name]) for name in changes.keys() & _LINE_BOUNDS}
        faults = self._station.buses[number - 1].faults
        with self._station.lock:
            if "seed" in changes:
                faults.chance.seed(_whole(changes, "seed", 1))
            for name, value in values.items():
                setattr(faults, name, value)
            return {"line": number, **{name: getattr(faults, name) for name in _LINE_BOUNDS}}

    def reader(self, fields: Mapping[str, Any]) -> Facts:
        """Pull the card reader out or put it back."""
        if self._reader is None:
            raise BenchError(HTTPStatus.CONFLICT, "This station was built without a card reader.")
        self._reader.plug(present=_flag(fields, "present"))
        return {"present": self._reader.present}

    def heartbeats(self, fields: Mapping[str, Any]) -> Facts:
        """Begin the statistics of setpoints anew, so that a measurement counts none of its own start."""
        if not _flag(fields, "forget"):
            raise BenchError(HTTPStatus.BAD_REQUEST, "There is only one wish here: forget=true.")
        for unit in self._station.units.values():
            unit.intervals_s.clear()
        return {"forgotten": len(self._station.units)}

    # --- inside -------------------------------------------------------------------------------------------

    def _unit(self, fields: Mapping[str, Any]) -> Unit:
        number = _whole(fields, "connector_id", None)
        unit = self._station.units.get(number)
        if unit is None:
            last = len(self._station.units)
            raise BenchError(HTTPStatus.NOT_FOUND, f"There is no connector {number}; connectors are 1..{last}.")
        return unit

    def _car_of(self, unit: Unit) -> Any:
        if unit.car is None:
            raise BenchError(HTTPStatus.CONFLICT, f"No car is plugged in at connector {unit.spec.connector_id}.")
        return unit.car

    def _facts(self, unit: Unit) -> Facts:
        unit.advance(time.monotonic())
        self._station.keep()
        return connector_facts(self._station, unit)


def _break(unit: Unit, defect: str, *, on: bool, now_s: float) -> None:
    if on:
        unit.defects.add(defect)
    else:
        unit.defects.discard(defect)
        if defect == "LockStuck":
            unit.clear_fault("ConnectorLockFailure", now_s)
    unit.settle(now_s)


def _spoil_meter(unit: Unit, code: str, *, on: bool) -> None:
    if code == "MeterFrozen":
        unit.register.frozen = on
    elif on and code == "MeterReset":
        unit.register.reset_display()
    elif on:
        unit.register.shift(JUMP_WH if code == "MeterJump" else BACKWARD_WH)


def _changes(fields: Mapping[str, Any], known: frozenset[str]) -> Facts:
    changes = {name: value for name, value in fields.items() if name in known}
    if not changes:
        raise BenchError(HTTPStatus.BAD_REQUEST, f"Nothing is asked for; use {', '.join(sorted(known))}.")
    return changes


def _phases(changes: Mapping[str, Any]) -> int:
    phases = _whole(changes, "phases", None)
    if phases not in {1, 2, 3}:
        raise BenchError(HTTPStatus.BAD_REQUEST, "`phases` must be 1, 2 or 3.")
    return phases


def _behaviour(value: object) -> Behaviour:
    try:
        return Behaviour(str(value))
    except ValueError as error:
        sentence = f"`behaviour` must be one of {', '.join(Behaviour)}."
        raise BenchError(HTTPStatus.BAD_REQUEST, sentence) from error


def _whole(fields: Mapping[str, Any], name: str, default: int | None) -> int:
    value = fields.get(name, default)
    text = str(value)
    # str.isdigit accepts digits that int does not; ten digits are more than any number here has.
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise BenchError(HTTPStatus.BAD_REQUEST, f"`{name}` must be a whole number.")
    return int(text)


def _number(fields: Mapping[str, Any], name: str, low: float, high: float, default: float | None = None) -> float:
    value = fields.get(name, default)
    try:
        number = float("nan" if isinstance(value, bool) or value is None else value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise BenchError(HTTPStatus.BAD_REQUEST, f"`{name}` must be a number from {low:g} to {high:g}.")
    return number


def _flag(fields: Mapping[str, Any], name: str, default: bool | None = None) -> bool:
    value = fields.get(name, default)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    raise BenchError(HTTPStatus.BAD_REQUEST, f"`{name}` must be true or false.")
