"""What does the car do? Its battery, its charger and its habits; it knows the pilot and the plug, not the station."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAINS_V: Final = 230.0
TAPER_FROM_SOC: Final = 80.0
TAPER_FLOOR: Final = 0.1
GREED: Final = 1.2
TURN_S: Final = 10.0  # how long a pausing car draws and rests, and how long a leaving car stays
FULL_SOC: Final = 100.0


class Behaviour(StrEnum):
    """A habit of the car."""

    NORMAL = "normal"
    PAUSES = "pauses"  # draws and rests in turn
    ASLEEP = "asleep"  # asks for nothing until a plug-in (or its simulation by the board) wakes it
    NEVER = "never"  # never asks for energy
    GREEDY = "greedy"  # draws 20 % more than it is offered
    LEAVES = "leaves"  # unplugs by itself soon after energy has begun to flow


class Inlet(StrEnum):
    """What fits into its inlet."""

    AC = "ac"
    CCS = "ccs"
    CHADEMO = "chademo"
    GBT = "gbt"


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of car. Amperes per phase, volts of the battery at half charge."""

    ac_phases: int
    ac_a: float
    battery_kwh: float
    battery_v: float = 380.0
    dc_a: float = 0.0
    dc_w: float = 0.0
    dc_inlet: Inlet | None = None


MODELS: Final[dict[str, Model]] = {
    "sedan": Model(3, 32.0, 60.0, 380.0, 400.0, 150_000, Inlet.CCS),
    "hatchback": Model(1, 32.0, 40.0, 360.0, 125.0, 46_000, Inlet.CHADEMO),
    "hongqi": Model(1, 32.0, 60.0, 400.0, 250.0, 100_000, Inlet.GBT),
    "zoe": Model(3, 32.0, 52.0, 380.0, 125.0, 46_000, Inlet.CCS),
    "id3": Model(3, 16.0, 58.0, 370.0, 300.0, 120_000, Inlet.CCS),
    "ioniq5": Model(3, 16.0, 77.4, 690.0, 330.0, 230_000, Inlet.CCS),
    "leaf": Model(1, 29.0, 39.0, 360.0, 125.0, 46_000, Inlet.CHADEMO),
    "phev": Model(1, 16.0, 12.0),
    "van": Model(3, 16.0, 79.0, 400.0, 240.0, 80_000, Inlet.CCS),
    "truck": Model(3, 32.0, 300.0, 700.0, 500.0, 350_000, Inlet.CCS),
}
DEFAULT_MODEL: Final = {Inlet.AC: "sedan", Inlet.CCS: "sedan", Inlet.CHADEMO: "hatchback", Inlet.GBT: "hongqi"}


@dataclass(slots=True, kw_only=True)
class Car:
    """One car at one connector. Times are those of the caller's clock, in seconds."""

    name: str
    direct_current: bool
    phases: int
    requested_a: float  # accepted by its charger, per phase
    requested_w: float
    battery_kwh: float
    battery_v: float
    soc: float = 40.0  # percent
    behaviour: Behaviour = Behaviour.NORMAL
    paused: bool = False
    reaction_s: float = 0.5
    speed: float = 1.0  # how much faster than real the battery fills

    sees_a: float = 0.0  # the offer it has understood so far
    powered: bool = False
    leaving: bool = False
    due_at_s: float | None = None
    turn_at_s: float | None = None
    resting: bool = False
    _told: tuple[float, bool] = (0.0, False)

    @property
    def wants_energy(self) -> bool:
        """It would draw if it were offered something."""
        if self.behaviour in {Behaviour.NEVER, Behaviour.ASLEEP}:
            return False
        return not (self.paused or self.resting or self.soc >= FULL_SOC)

    @property
    def asks(self) -> bool:
        """S2 is closed: pilot state C (IEC 61851-1, A.4). An AC car closes it only while the PWM is on."""
        return self.wants_energy and (self.direct_current or self.sees_a > 0)

    @property
    def voltage_v(self) -> float:
        """Of the battery (DC, rising with its charge) or of the mains."""
        return self.battery_v * (0.9 + 0.2 * self.soc / FULL_SOC) if self.direct_current else MAINS_V

    def wanted_a(self) -> float:
        """What it would take if nobody limited it, per phase."""
        if not self.wants_energy:
            return 0.0
        full = 1.0 - TAPER_FLOOR
        above = max(0.0, self.soc - TAPER_FROM_SOC) / (FULL_SOC - TAPER_FROM_SOC)
        taper = 1.0 - full * above
        by_power = self.requested_w / self.voltage_v if self.direct_current else self.requested_a
        return min(self.requested_a, by_power) * taper

    def draw_a(self) -> float:
        """What it takes now, per phase, given what it has understood of the offer."""
        if not (self.powered and self.asks):
            return 0.0
        greedy = self.behaviour is Behaviour.GREEDY
        return self.sees_a * GREED if greedy else min(self.wanted_a(), self.sees_a)

    def tell(self, offered_a: float, powered: bool, now_s: float) -> None:
        """The pilot or the contactor changed; the car follows after its reaction time."""
        if (offered_a, powered) == self._told:
            return
        self._told = (offered_a, powered)
        self.due_at_s = now_s + self.reaction_s

    def lose_power(self) -> None:
        """The contactor opened."""
        self.powered = False

    def wake(self) -> None:
        """A plug-in, or its simulation on the pilot, wakes a sleeping car."""
        if self.behaviour is Behaviour.ASLEEP:
            self.behaviour = Behaviour.NORMAL

    def begin_habit(self, now_s: float) -> None:
        """Its behaviour was changed: a pausing car rests at once, a leaving one stays a little."""
        self.resting = False
        self.turn_at_s = {Behaviour.PAUSES: now_s, Behaviour.LEAVES: now_s + TURN_S}.get(self.behaviour)

    def react(self, now_s: float) -> None:
        """Do what is due by *now_s*."""
        if self.due_at_s is not None and self.due_at_s <= now_s:
            self.due_at_s = None
            self.sees_a, self.powered = self._told
        if self.turn_at_s is not None and self.turn_at_s <= now_s:
            self._take_turn(now_s)
        elif self.turn_at_s is None and self.draw_a() > 0:
            self.turn_at_s = now_s + TURN_S

    def next_due_s(self) -> float | None:
        """When it will do something by itself."""
        moments = [moment for moment in (self.due_at_s, self.turn_at_s) if moment is not None]
        return min(moments, default=None)

    def fill(self, energy_wh: float) -> None:
        """*energy_wh* went into the battery."""
        gained = energy_wh * self.speed / (self.battery_kwh * 10.0)
        self.soc = min(FULL_SOC, self.soc + gained)

    def _take_turn(self, now_s: float) -> None:
        self.turn_at_s = None
        if self.behaviour is Behaviour.LEAVES:
            self.leaving = True
        elif self.behaviour is Behaviour.PAUSES:
            self.resting = not self.resting
            self.turn_at_s = now_s + TURN_S
        else:
            self.resting = False


def build_car(name: str, inlet: Inlet, speed: float) -> Car:
    """A car of the kind *name* for a connector with this *inlet*; "" takes a kind that fits.

    Raises ValueError with one sentence when there is no such kind or its plug does not fit.
    """
    name = name or DEFAULT_MODEL[inlet]
    if name not in MODELS:
        raise ValueError(f"There is no car {name!r}; known cars are {', '.join(sorted(MODELS))}.")
    model = MODELS[name]
    direct_current = inlet is not Inlet.AC
    if direct_current and model.dc_inlet is not inlet:
        fits = ", ".join(sorted(kind for kind, row in MODELS.items() if row.dc_inlet is inlet))
        raise ValueError(f"The car {name!r} has no {inlet} inlet; cars that fit are {fits}.")
    return Car(
        name=name,
        direct_current=direct_current,
        phases=1 if direct_current else model.ac_phases,
        requested_a=model.dc_a if direct_current else model.ac_a,
        requested_w=model.dc_w,
        battery_kwh=model.battery_kwh,
        battery_v=model.battery_v,
        speed=speed,
    )
