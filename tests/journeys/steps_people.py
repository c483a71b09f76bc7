"""Steps: what EV drivers, cars and technicians do."""

from __future__ import annotations

import time
from typing import Any, Final

from tests.journeys.patience import rest
from tests.journeys.sentences import refusal_that_says
from tests.journeys.world import World, step

BEHAVIOURS: Final[dict[str, dict[str, Any]]] = {
    "pauses": {"paused": True},
    "goes on": {"paused": False},
    "leaves by itself": {"behaviour": "leaves"},
}
SECOND_TAP_AFTER_S: Final = 2.5
TECHNICIAN: Final = "technician"


@step(r"plug an? (?P<model>\w+) into connector (?P<n>\d+)")
def plug_in(world: World, model: str, n: int) -> None:
    world.bench.plug_in(n, "" if model == "car" else model)


@step(r"unplug the car at connector (?P<n>\d+)")
def plug_out(world: World, n: int) -> None:
    world.bench.plug_out(n)


@step(r"the car at connector (?P<n>\d+) (?P<habit>pauses|goes on|leaves by itself)")
def change_habit(world: World, n: int, habit: str) -> None:
    world.bench.call(f"/cars/{n}", **BEHAVIOURS[habit])


@step(r"the car at connector (?P<n>\d+) takes at most (?P<amperes>\d+) A")
def change_appetite(world: World, n: int, amperes: int) -> None:
    world.bench.call(f"/cars/{n}", requested_a=amperes)


@step(r"the car at connector (?P<n>\d+) takes (?P<time_s>\d+) s to follow a limit")
def change_reaction(world: World, n: int, time_s: int) -> None:
    world.bench.call(f"/cars/{n}", reaction_s=time_s)


@step(r"hold card (?P<uid>\w+) to the reader")
def hold_card(world: World, uid: str) -> None:
    """Nobody taps the same card twice within two seconds and means two taps; so the second one waits."""
    taps = [row["mono_s"] for row in world.station.record.journal("CardPresented") if row["body"]["id_tag"] == uid]
    while taps and time.monotonic() - taps[-1] < SECOND_TAP_AFTER_S:
        rest()
    world.bench.hold_card(uid)


@step(r"touch (?P<what>start|stop|release) at connector (?P<n>\d+)")
def touch(world: World, what: str, n: int) -> None:
    answer = world.screen.ask(what, connector=n)
    assert answer["accepted"], f"The screen refused {what}: {answer['refusal']}."


@step(r"choose connector (?P<n>\d+) for the card")
def choose(world: World, n: int) -> None:
    answer = world.screen.ask("choose", connector=n, card=world.screen.card()["id"])
    assert answer["accepted"], f"The screen refused the choice: {answer['refusal']}."


@step(r'touch (?P<what>start|stop|release) at connector (?P<n>\d+), refused with "(?P<says>.+)"')
def touch_refused(world: World, what: str, n: int, says: str) -> None:
    answer = world.screen.ask(what, connector=n)
    assert (answer["accepted"], answer["refusal"]) == (False, refusal_that_says(says))


@step(r"touch emergency stop")
def touch_emergency(world: World) -> None:
    assert world.screen.ask("emergency_stop")["accepted"]


@step(r"press the emergency button")
def press_button(world: World) -> None:
    world.bench.call("/estop", pressed=True, wired=True)


@step(r"press the emergency button whose wire is cut")
def press_unwired(world: World) -> None:
    world.bench.call("/estop", pressed=True, wired=False)


@step(r"pull the emergency button out")
def release_button(world: World) -> None:
    world.bench.call("/estop", pressed=False)


@step(r"a technician puts connector (?P<n>\d+) (?P<where>out of|back into) service")
def set_service(world: World, n: int, where: str) -> None:
    operative = where == "back into"
    answer = world.hand.call("set_availability", connector_number=n, operative=operative, source=TECHNICIAN)
    assert answer["accepted"], answer


@step(r"a technician acknowledges the fault of connector (?P<n>\d+)")
def acknowledge(world: World, n: int) -> None:
    assert world.hand.call("acknowledge_faults", connector_number=n, at_cabinet=True)["accepted"]


@step(r"the owner lets the site draw (?P<watts>\d+) W")
def limit_site(world: World, watts: int) -> None:
    world.hand.call("change_settings", site_limit_w=watts)
