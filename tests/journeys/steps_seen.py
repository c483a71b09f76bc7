"""Steps: what the screen shows and what is physically true."""

from __future__ import annotations

from tests.journeys.patience import throughout
from tests.journeys.sentences import reason_that_says, refusal_that_says, situations_that_say
from tests.journeys.world import World, step


def situation(world: World, n: int) -> str:
    return str(world.shown(n).get("situation", ""))


@step(r"wait until connector (?P<n>\d+) is (?P<word>[a-z ]+)")
def wait_for(world: World, n: int, word: str) -> None:
    wanted = word.replace(" ", "_")
    world.until(lambda: situation(world, n) == wanted, f"the screen shows connector {n} as {wanted} ({world.shown(n)})")


@step(r"connector (?P<n>\d+) stays (?P<word>[a-z ]+) for (?P<time_s>\d+) s")
def stays(world: World, n: int, word: str, time_s: int) -> None:
    wanted = word.replace(" ", "_")
    throughout(lambda: situation(world, n) in {wanted, ""}, time_s, f"connector {n} is {wanted}")
    assert situation(world, n) == wanted


@step(r'the screen says "(?P<says>.+)" at connector (?P<n>\d+)')
def says_at(world: World, says: str, n: int) -> None:
    wanted = situations_that_say(says)
    world.until(lambda: situation(world, n) in wanted, f"connector {n} says {says!r}")


@step(r'the screen explains connector (?P<n>\d+): "(?P<says>.+)"')
def explains(world: World, n: int, says: str) -> None:
    wanted = reason_that_says(says)
    world.until(lambda: world.shown(n).get("why") == wanted, f"connector {n} explains {wanted}")


@step(r'the screen refuses the card: "(?P<says>.+)"')
def refuses_card(world: World, says: str) -> None:
    wanted = ("refused", refusal_that_says(says))
    world.until(lambda: (world.screen.card().get("state"), world.screen.card().get("why")) == wanted, f"card {wanted}")


@step(r"the screen shows the card as (?P<state>accepted|expired|used|choose)")
def shows_card(world: World, state: str) -> None:
    world.until(lambda: world.screen.card().get("state") == state, f"the card is {state}: {world.screen.card()}")


@step(r"the screen shows the emergency stop")
def shows_emergency(world: World) -> None:
    world.until(lambda: world.screen.station().get("emergency"), "the screen shows the emergency stop")


@step(r"the screen shows no emergency stop")
def shows_no_emergency(world: World) -> None:
    world.until(lambda: world.screen.station().get("emergency") is False, "the emergency stop is over")


@step(r"the screen shows the card reader as (?P<word>present|absent)")
def shows_reader(world: World, word: str) -> None:
    present = word == "present"
    world.until(lambda: world.screen.station().get("reader_present") is present, f"the reader is {word}")


@step(r"the screen shows the fault (?P<name>\w+) at connector (?P<n>\d+)")
def shows_fault(world: World, name: str, n: int) -> None:
    world.until(lambda: name in world.shown(n).get("faults", []), f"connector {n} shows {name}: {world.shown(n)}")


@step(r"wait until (?P<wanted_wh>\d+) Wh are shown at connector (?P<n>\d+)")
def wait_for_energy(world: World, wanted_wh: int, n: int) -> None:
    def enough() -> bool:
        shown = world.shown(n).get("transaction") or {}
        return (shown.get("energy_wh") or 0) >= wanted_wh

    world.until(enough, f"{wanted_wh} Wh at connector {n}: {world.shown(n).get('transaction')}")


@step(r"wait until connector (?P<n>\d+) delivers (?P<bound>at least|at most) (?P<watts>\d+) W")
def wait_for_power(world: World, n: int, bound: str, watts: int) -> None:
    def right() -> bool:
        power_w = world.bench.state(n)["power_w"]
        return bool(power_w >= watts if bound == "at least" else power_w <= watts)

    world.until(right, f"connector {n} delivers {bound} {watts} W ({world.bench.state(n)['power_w']} W now)")


def below(world: World, one: int, two: int, watts: int) -> bool:
    return bool(world.bench.state(one)["power_w"] + world.bench.state(two)["power_w"] <= watts)


@step(r"connectors (?P<one>\d+) and (?P<two>\d+) together stay below (?P<watts>\d+) W for (?P<time_s>\d+) s")
def stay_below(world: World, one: int, two: int, watts: int, time_s: int) -> None:
    said = f"connectors {one} and {two} together take at most {watts} W"
    throughout(lambda: below(world, one, two, watts), time_s, said)


@step(
    r"connectors (?P<one>\d+) and (?P<two>\d+) together stay below (?P<watts>\d+) W "
    r"until connector (?P<n>\d+) delivers at least (?P<count>\d+) W"
)
def stay_below_until(world: World, one: int, two: int, watts: int, n: int, count: int) -> None:
    def there() -> bool:
        assert below(world, one, two, watts), f"connectors {one} and {two} together take more than {watts} W"
        return bool(world.bench.state(n)["power_w"] >= count)

    world.until(there, f"connector {n} delivers at least {count} W")


@step(r"the (?P<part>contactor|lock) of connector (?P<n>\d+) is (?P<word>open|closed)")
def part_is(world: World, part: str, n: int, word: str) -> None:
    closed = word == "closed"
    world.until(lambda: world.bench.state(n)[part] is closed, f"the {part} of connector {n} is {word}")


@step(r"the contactor of connector (?P<n>\d+) stays (?P<word>open|closed) for (?P<time_s>\d+) s")
def contactor_stays(world: World, n: int, word: str, time_s: int) -> None:
    closed = word == "closed"
    throughout(lambda: world.bench.state(n)["contactor"] is closed, time_s, f"contactor {n} is {word}")
