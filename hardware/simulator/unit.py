"""What is physically true of one connector? Contactor, lock, meter, watchdog and the car, driven by a given clock.

Rules of this file:
1. Time comes in as an argument. `advance` walks from deadline to deadline, so that an edge happens at its own
   moment however late it is looked at.
2. `_settle` compares what should be with what is; nothing else commands the contactor or the lock.
3. Energy flows through a closed contactor only, whatever anybody commanded.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from hardware.native_map import FAULT_BITS, BoardState, Enable

from .board_state import STARTABLE, state_of
from .car import FULL_SOC, GREED, Behaviour, Car
from .dc_session import DcPhase, DcSession
from .limits import DERATING, Limit, Wanted, is_enough, limit_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .meter import Register
    from .station_file import UnitSpec
    from .truth import Recorder

CLOSE_S: Final = 0.030
OPEN_S: Final = 0.015  # feedback of the mirror contact; the rule of the board is 50 ms
LOCK_S: Final = 0.3
LOCK_FAILED_S: Final = 1.0
GAP_S: Final = 1.0  # an interval of setpoints worth recording
DC_RAMP_A_PER_S: Final = 100.0
SOCKET_CABLE_A: Final = 32.0
WARMING_S: Final = 120.0
LATCHING: Final = frozenset({"EVSEContactorFault"})


class Unit:
    """One connector of a board. Amperes per phase; every `now_s` is on the same monotonic clock."""

    def __init__(self, spec: UnitSpec, register: Register, record: Recorder, now_s: float) -> None:
        self.spec = spec
        self.register = register
        self._record = record
        self._at_s = now_s
        self._due: dict[str, float] = {}
        self.rivals: list[Unit] = []  # connectors of the same exclusion group
        self.car: Car | None = None
        self.plugged_at_s = now_s
        self.dc = DcSession(spec.cable_check_s, spec.precharge_s)
        self.contactor_commanded = self.contactor_closed = False
        self.lock_wanted = self.lock_closed = False
        self.faults: set[str] = set()
        self.latched: set[str] = set()
        self.defects: set[str] = set()
        self.last_fault = self.fault_counter = 0
        self.emergency_input = self.emergency_latched = False
        self.running, self.updating, self.test_mode = True, False, False
        self.setpoint = Wanted()
        self.setpoint_at_s: float | None = None
        self.intervals_s: deque[float] = deque(maxlen=1000)
        self.tripped = False
        self.offered_at_s: float | None = None
        self.dc_current_a = 0.0
        self.session_wh = self.charging_s = 0.0
        self.heat_c = 0.0
        self.limit = self._limit()

    # --- what is true now -----------------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        """A car is at the connector."""
        return self.car is not None

    @property
    def blocked(self) -> bool:
        """A fault forbids charging."""
        return bool((self.faults | self.latched) - DERATING)

    @property
    def permitted(self) -> bool:
        """The board may close its contactor as soon as the EV asks."""
        alive = self.running and not self.updating and self.setpoint_at_s is not None
        told = self.setpoint.enable & STARTABLE == STARTABLE
        healthy = not (self.blocked or self.emergency_latched) and not any(rival.delivers for rival in self.rivals)
        return alive and told and healthy and is_enough(self.spec, self.limit) and not self._lost_in_dc

    @property
    def delivers(self) -> bool:
        """It occupies the power module of its exclusion group."""
        return self.contactor_commanded or self.contactor_closed or self.dc.under_way

    @property
    def asks(self) -> bool:
        """The EV is ready: pilot state C, or the DC equivalent."""
        return self.car is not None and self.car.asks

    @property
    def pwm(self) -> bool:
        """The pilot carries an offer (state x2)."""
        return self.permitted and self.plugged

    @property
    def current_a(self) -> float:
        """Per phase (AC) or of the output (DC), now."""
        if self.car is None or not self.contactor_closed:
            return 0.0
        return self.dc_current_a if self.spec.direct_current else self.car.draw_a()

    @property
    def phases_in_use(self) -> int:
        """How many phases the car loads."""
        return 0 if self.car is None else min(self.car.phases, self.spec.phases)

    @property
    def power_w(self) -> float:
        """Delivered now."""
        if self.car is None:
            return 0.0
        return self.current_a * self.car.voltage_v * self.phases_in_use

    @property
    def cable_a(self) -> float | None:
        """Rating of the plugged cable (proximity pilot); None where the cable is fixed."""
        socket = self.spec.connector_type.name == "TYPE2_SOCKET"
        return SOCKET_CABLE_A if socket and self.plugged else None

    @property
    def watchdog_left_s(self) -> float:
        """Until the setpoint expires."""
        return max(0.0, self._due["watchdog"] - self._at_s) if "watchdog" in self._due else 0.0

    @property
    def session_s(self) -> float:
        """Since the plug went in."""
        return self._at_s - self.plugged_at_s if self.plugged else 0.0

    @property
    def offered_s(self) -> float:
        """For how long energy has been on offer."""
        return 0.0 if self.offered_at_s is None else self._at_s - self.offered_at_s

    @property
    def state(self) -> BoardState:
        """What the board calls it."""
        return state_of(self)

    # --- what happens to it ---------------------------------------------------------------------------

    def advance(self, now_s: float) -> None:
        """Let everything happen that is due until *now_s*."""
        while self._due:
            name = min(self._due, key=self._due.__getitem__)
            moment_s = self._due[name]
            if moment_s > now_s:
                break
            del self._due[name]
            self._flow(moment_s)
            _WHEN_DUE[name](self, max(moment_s, self._at_s))
            self._settle(self._at_s)
        self._flow(now_s)
        if self.plugged or self._due:
            self._settle(self._at_s)

    def settle(self, now_s: float) -> None:
        """Call after anything was changed from outside at *now_s*."""
        self._flow(now_s)
        self._settle(self._at_s)

    def obey(self, setpoint: Wanted, now_s: float) -> None:
        """A valid setpoint arrived: it feeds the watchdog and ends a trip."""
        self._count_interval(now_s)
        rising = setpoint.enable & Enable.CHARGE and not self.setpoint.enable & Enable.CHARGE
        if rising and self.spec.dc_restart:
            self.dc.rearm()
        if (setpoint.enable ^ self.setpoint.enable) & Enable.LOCK:
            self.lock_wanted = bool(setpoint.enable & Enable.LOCK)
        if not setpoint.enable & Enable.AVAILABLE and self.car is not None:
            self.car.wake()
        self.setpoint, self.setpoint_at_s, self.tripped = setpoint, now_s, False
        self._due.pop("watchdog", None)
        if setpoint.watchdog_s > 0:
            self._due["watchdog"] = now_s + setpoint.watchdog_s
        self.settle(now_s)

    def plug(self, car: Car, now_s: float) -> None:
        """A car plugs in."""
        self._flow(now_s)
        self.car, self.plugged_at_s = car, now_s
        self.session_wh = self.charging_s = 0.0
        self.offered_at_s = None
        self.dc.rearm()
        self._record("plug", self, now_s, plugged=True, car=car.name)
        self._settle(now_s)

    def unplug(self, now_s: float) -> None:
        """The car is gone, whatever flows."""
        self._flow(now_s)
        self._record("plug", self, now_s, plugged=False, locked=self.lock_closed, under_load=self.power_w > 0)
        self.car = None
        self.dc.rearm()
        for name in ("dc", "car"):
            self._due.pop(name, None)
        self._settle(now_s)

    def press_emergency(self, *, pressed: bool, wired: bool, now_s: float) -> None:
        """The mushroom button. Wired, it latches the board's own stop; else only the input bit is set."""
        self._flow(now_s)
        if pressed != self.emergency_input:
            self._record("emergency", self, now_s, pressed=pressed, wired=wired)
        self.emergency_input = pressed
        self.emergency_latched = self.emergency_latched or (pressed and wired)
        self._settle(now_s)

    def raise_fault(self, name: str, now_s: float) -> None:
        """*name* of native_map.FAULT_BITS becomes active."""
        self._flow(now_s)
        if name not in self.faults:
            self.fault_counter = (self.fault_counter + 1) & 0xFFFF
            self.last_fault = FAULT_BITS.index(name) + 1
            self._record("fault", self, now_s, fault=name, active=True)
        self.faults.add(name)
        self.latched |= {name} & LATCHING
        self._settle(now_s)

    def clear_fault(self, name: str, now_s: float) -> None:
        """The reason of *name* is gone; a latched one stays until it is acknowledged."""
        self._flow(now_s)
        if name in self.faults:
            self._record("fault", self, now_s, fault=name, active=False)
        self.faults.discard(name)
        self._settle(now_s)

    def forget(self, now_s: float) -> None:
        """The board's memory is gone (restart, power loss); physical things stay as they are."""
        self._flow(now_s)
        self.setpoint, self.setpoint_at_s, self.tripped = Wanted(), None, False
        self.dc.end_if_under_way()
        self._due.pop("watchdog", None)
        self._settle(now_s)

    # --- inside -----------------------------------------------------------------------------------------

    @property
    def _lost_in_dc(self) -> bool:
        """A DC session that has ended, or a trip of the watchdog: a vehicle cannot be asked to wait."""
        return self.spec.direct_current and (self.tripped or self.dc.phase is DcPhase.ENDED)

    def _limit(self) -> Limit:
        return limit_of(
            self.spec, self.setpoint, tripped=self.tripped, cable_a=self.cable_a, faults=self.faults | self.latched
        )

    def _flow(self, until_s: float) -> None:
        """Energy flows and things warm up until *until_s*; nothing switches in between."""
        elapsed_s = until_s - self._at_s
        if elapsed_s <= 0:
            return
        before_w = self.power_w
        if self.spec.direct_current:
            self._ramp(elapsed_s)
        energy_wh = (before_w + self.power_w) / 2 * elapsed_s / 3600
        self._at_s = until_s
        if self.car is not None and self.contactor_closed:
            self.charging_s += elapsed_s
        if self.car is not None and energy_wh > 0:
            self.register.add(energy_wh)
            self.session_wh += energy_wh
            self.car.fill(energy_wh)
        target_c = 30.0 * (self.current_a / self.spec.maximum_a) ** 2
        self.heat_c += (target_c - self.heat_c) * min(1.0, elapsed_s / WARMING_S)

    def _ramp(self, elapsed_s: float) -> None:
        target_a = self._supply_a()
        self.dc_current_a = min(target_a, self.dc_current_a + DC_RAMP_A_PER_S * elapsed_s)

    def _supply_a(self) -> float:
        if self.car is None or not self.contactor_closed or self.dc.phase is not DcPhase.ENERGY:
            return 0.0
        if 0 < self.setpoint.voltage_cap_v < self.car.voltage_v:
            return 0.0
        wanted_a = self.car.wanted_a() * (GREED if self.car.behaviour is Behaviour.GREEDY else 1.0)
        return min(wanted_a, self.limit.amperes, self.limit.watts / self.car.voltage_v)

    def _settle(self, now_s: float) -> None:
        self._settle_limit(now_s)
        if self.car is not None and self.car.leaving:
            self.unplug(now_s)
            return
        if self.spec.direct_current:
            self._settle_dc(now_s)
        self._settle_contactor(now_s)
        self._settle_lock(now_s)
        self._settle_car(now_s)
        if self.power_w > 0 and "register" not in self._due:
            self._due["register"] = now_s + 1.0

    def _settle_limit(self, now_s: float) -> None:
        limit = self._limit()
        if limit != self.limit:
            self.limit = limit
            self._record("limit", self, now_s, limit_a=limit.amperes, limit_w=limit.watts, source=limit.source.name)
        if not self.permitted:
            self.offered_at_s = None
        elif self.offered_at_s is None:
            self.offered_at_s = now_s

    def _settle_dc(self, now_s: float) -> None:
        wants = self.car is not None and self.car.wants_energy
        due_s = self.dc.settle(permitted=self.permitted, plugged=self.plugged, wants=wants, now_s=now_s)
        if self.car is not None and self.dc.under_way and self.car.soc >= FULL_SOC:
            self.dc.end_if_under_way()
        if due_s is not None:
            self._due["dc"] = due_s
        elif not self.dc.under_way:
            self._due.pop("dc", None)

    def _settle_contactor(self, now_s: float) -> None:
        wanted = self.permitted and (self.dc.phase is DcPhase.ENERGY if self.spec.direct_current else self.asks)
        self.contactor_commanded = wanted
        broken = ("ContactorStuckOpen" if wanted else "ContactorWelded") in self.defects
        if wanted == self.contactor_closed:
            self._due.pop("contactor", None)
        elif "contactor" not in self._due and not broken:
            self._due["contactor"] = now_s + (CLOSE_S if wanted else OPEN_S)

    def _settle_lock(self, now_s: float) -> None:
        if not self.spec.lock or self.lock_wanted == self.lock_closed:
            self._due.pop("lock", None)
            self._due.pop("lock_failed", None)
            return
        held = not self.lock_wanted and (self.contactor_closed or self.contactor_commanded)
        if "LockStuck" in self.defects:
            self._due.pop("lock", None)
            if "ConnectorLockFailure" not in self.faults:
                self._due.setdefault("lock_failed", now_s + LOCK_FAILED_S)
        elif not held:
            self._due.setdefault("lock", now_s + LOCK_S)

    def _settle_car(self, now_s: float) -> None:
        if self.car is None:
            return
        offered_a = self.limit.amperes if self.pwm else 0.0
        self.car.tell(offered_a, self.contactor_closed, now_s)
        due_s = self.car.next_due_s()
        if due_s is not None:
            self._due["car"] = due_s

    def _count_interval(self, now_s: float) -> None:
        if self.setpoint_at_s is None:
            return
        interval_s = now_s - self.setpoint_at_s
        self.intervals_s.append(interval_s)
        if interval_s > GAP_S:
            self._record("heartbeat_gap", self, now_s, gap_s=round(interval_s, 4))

    # --- what is due --------------------------------------------------------------------------------------

    def _trip(self, now_s: float) -> None:
        self.tripped = True
        self._record("watchdog", self, now_s, tripped=True)

    def _move_contactor(self, now_s: float) -> None:
        self.contactor_closed = self.contactor_commanded
        if not self.contactor_closed:
            self.dc_current_a = 0.0
            if self.car is not None:
                self.car.lose_power()
        self._record("contactor", self, now_s, closed=self.contactor_closed)

    def _move_lock(self, now_s: float) -> None:
        self.lock_closed = self.lock_wanted
        self._record("lock", self, now_s, closed=self.lock_closed)

    def _fail_lock(self, now_s: float) -> None:
        self.raise_fault("ConnectorLockFailure", now_s)

    def _react(self, now_s: float) -> None:
        if self.car is not None:
            self.car.react(now_s)

    def _step_dc(self, _now_s: float) -> None:
        self.dc.step()

    def _note_register(self, now_s: float) -> None:
        self._record("register", self, now_s, power_w=round(self.power_w, 1))


_WHEN_DUE: Final[dict[str, Callable[[Unit, float], None]]] = {
    "watchdog": Unit._trip,  # noqa: SLF001
    "contactor": Unit._move_contactor,  # noqa: SLF001
    "lock": Unit._move_lock,  # noqa: SLF001
    "lock_failed": Unit._fail_lock,  # noqa: SLF001
    "car": Unit._react,  # noqa: SLF001
    "dc": Unit._step_dc,  # noqa: SLF001
    "register": Unit._note_register,  # noqa: SLF001
}
