"""Steps: what breaks, and what comes back."""

from __future__ import annotations

import signal
from typing import Final

from tests.journeys.patience import rest
from tests.journeys.world import World, step

PARTS: Final = {
    "controllers worker": "controllers",
    "links worker": "links",
    "web server": "web",
    "redis": "redis",
    "simulator": "simulator",
}


@step(r"(?P<what>raise|clear) the fault (?P<name>\w+) at connector (?P<n>\d+)")
def fault(world: World, what: str, name: str, n: int) -> None:
    world.bench.call(f"/faults/{n}", code=name, on=what == "raise")
    (world.raised.add if what == "raise" else world.raised.discard)((n, name))


@step(r"the meter of connector (?P<n>\d+) (?P<what>freezes|moves again|jumps|goes backward)")
def meter(world: World, n: int, what: str) -> None:
    code = {"jumps": "MeterJump", "goes backward": "MeterBackward"}.get(what, "MeterFrozen")
    world.bench.call(f"/faults/{n}", code=code, on=what != "moves again")
    if what == "freezes":
        world.raised.add((n, code))


@step(r"the controller of connector (?P<n>\d+) (?P<what>falls silent|answers again|restarts)")
def controller(world: World, n: int, what: str) -> None:
    if what == "restarts":
        world.bench.call(f"/controllers/{n}", restart=True)
    else:
        world.bench.call(f"/controllers/{n}", stuck=what == "falls silent")


@step(r"(?P<what>pull the card reader out|put the card reader back)")
def reader(world: World, what: str) -> None:
    world.bench.call("/reader", present=what.startswith("put"))


@step(r"kill the (?P<part>controllers worker|links worker|web server|redis|simulator)")
def kill(world: World, part: str) -> None:
    world.let_go()
    gone = world.station.signal(PARTS[part], signal.SIGKILL)
    world.until(lambda: world.station.pid_of(PARTS[part]) not in {None, gone}, f"the {part} is started again")


@step(r"cut the power")
def cut_power(world: World) -> None:
    world.let_go()
    world.station.cut_power()


@step(r"stop the station in order")
def stop_in_order(world: World) -> None:
    world.let_go()
    assert world.station.stop() == 0


@step(r"(?:the power returns|start the station)")
def power_returns(world: World) -> None:
    world.station.start()


@step(r"let (?P<time_s>\d+) s pass")
def pass_time(world: World, time_s: int) -> None:
    assert world.station.lives
    rest(time_s)
