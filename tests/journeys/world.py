"""What a step may touch: the station, its bench, its screen, its record, and what the journey remembers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tests.journeys.bench_calls import Bench, RefusedByBenchError
from tests.journeys.console_hand import Hand, environ_of
from tests.journeys.patience import until
from tests.journeys.running import RunningStation
from tests.journeys.screen import Screen
from tests.journeys.story import PATIENCE_S, Step

T = TypeVar("T")
TIDY_WITHIN_S: Final = 30.0
NUMBERS: Final = {"n", "one", "two", "count", "watts", "amperes", "time_s", "wanted_wh"}  # groups of a step's sentence
HEALTHY_LINE: Final = {
    "bit_error_rate": 0,
    "late_share": 0,
    "drop_share": 0,
    "truncate_share": 0,
    "double_share": 0,
}


@dataclass
class World:
    """One journey on one station. `patience_s` is that of the present step."""

    station: RunningStation
    patience_s: float = PATIENCE_S
    remembered: dict[int, int] = field(default_factory=dict)  # connector -> transaction
    raised: set[tuple[int, str]] = field(default_factory=set)  # faults to take back
    transactions_before: set[int] = field(default_factory=set)
    journal_before: int = 0
    _hand: Hand | None = None

    def begin(self) -> None:
        """Whatever is recorded from here on belongs to this journey."""
        self.transactions_before = {row["id"] for row in self.station.record.transactions()}
        self.journal_before = max((row["id"] for row in self.station.record.journal()), default=0)

    @property
    def bench(self) -> Bench:
        return self.station.bench

    @property
    def screen(self) -> Screen:
        return self.station.screen

    @property
    def hand(self) -> Hand:
        """The technician's child, of the present start of the station."""
        if self._hand is None:
            pid = self.until(lambda: self.station.pid_of("web"), "the web part runs")
            self._hand = Hand(environ_of(pid))
        return self._hand

    def let_go(self) -> None:
        """End the technician's child: the station it belongs to ends or is over."""
        if self._hand is not None:
            self._hand.close()
            self._hand = None

    def until(self, look: Callable[[], T | None], what: str) -> T:
        return until(look, self.patience_s, what)

    def shown(self, connector: int) -> dict[str, Any]:
        return self.screen.connector(connector)

    def transactions(self, connector: int) -> list[dict[str, Any]]:
        """Those of this journey, oldest first."""
        rows = self.station.record.transactions(connector)
        return [row for row in rows if row["id"] not in self.transactions_before]

    def last(self, connector: int) -> dict[str, Any]:
        """The last transaction of this journey at *connector*."""
        rows = self.transactions(connector)
        assert rows, f"Connector {connector} has had no transaction in this journey."
        return rows[-1]

    def tidy(self) -> None:
        """Leave the station healthy, empty and with nothing asked for. AssertionError when it does not get so."""
        self.let_go()
        self.bench.call("/estop", pressed=False)
        for connector, name in self.raised:
            self.bench.call(f"/faults/{connector}", code=name, on=False)
        numbers = [each["connector_id"] for each in self._physical()]
        for number in numbers:
            self.bench.call(f"/controllers/{number}", stuck=False, frozen=False, powered=True)
            self._empty(number)
        self.screen.errors.clear()
        for number in numbers:
            until(
                lambda number=number: self.shown(number).get("situation") == "free",  # type: ignore[misc] # bound early
                TIDY_WITHIN_S,
                f"connector {number} is free again after the journey",
            )

    def _physical(self) -> list[dict[str, Any]]:
        number, found = 1, []
        while True:
            try:
                found.append(self.bench.state(number))
            except RefusedByBenchError:
                return found
            number += 1

    def _empty(self, number: int) -> None:
        if self.bench.state(number)["plugged"]:
            self.bench.plug_out(number)
        if self.shown(number).get("can_stop"):
            self.screen.ask("stop", connector=number)


Action = Callable[..., None]
STEPS: dict[re.Pattern[str], Action] = {}


def step(pattern: str) -> Callable[[Action], Action]:
    """Say which sentences an action understands; named groups become its arguments, digits as numbers."""

    def known(action: Action) -> Action:
        STEPS[re.compile(pattern)] = action
        return action

    return known


def play(world: World, one: Step) -> None:
    """Do one step. Raises LookupError for a sentence that no action understands."""
    for pattern, action in STEPS.items():
        found = pattern.fullmatch(one.text)
        if found:
            world.patience_s = one.patience_s
            told = found.groupdict().items()
            given = {name: int(text) if name in NUMBERS else text for name, text in told if text is not None}
            action(world, **given)
            return
    raise LookupError(f"No step is called {one.text!r}; see the steps_*.py files for those that exist.")
