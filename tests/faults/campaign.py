"""Kills the parts of a charging station one after the other while cars charge, then asks what is true.

`python -m tests.faults.campaign --kills 8 --seed 1` is the short form; `--soak` kills until it is interrupted or
10,000 times. A seed that fails can be played again: every choice comes from it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.faults.invariants import Accepted, violations
from tests.journeys.patience import NeverTrueError, rest, until
from tests.journeys.running import RunningStation

PARTS: Final = ("controllers", "web", "links", "redis", "simulator", "everything")
SETTINGS: Final[dict[str, Any]] = {"station": {"authorization_mode": "none", "sample_interval_s": 5}}
MOST_W: Final = {1: 22_080, 2: 22_080}
HEALTHY_WITHIN_S: Final = 30.0  # I7: without hands
LONGEST_WAIT_BEFORE_KILL_S: Final = 0.6
SOAK_KILLS: Final = 10_000
RESTING: Final = {"charging", "unplug", "authorize"}


@dataclass
class Campaign:
    """One station and what was done to it."""

    station: RunningStation
    chance: random.Random
    say: Callable[[str], None]
    accepted: list[Accepted] = field(default_factory=list)
    recoveries_s: list[float] = field(default_factory=list)

    def run(self, kills: int) -> list[str]:
        """Kill *kills* times; every violation, as sentences."""
        for connector in MOST_W:
            self.station.bench.plug_in(connector)
            self._wait_for(connector, {"authorize"})
            self._ask("start", connector)
        order: list[str] = []
        for number in range(1, kills + 1):
            order = order or self.chance.sample(PARTS, len(PARTS))
            self._kill(number, order.pop())
        return self._ended()

    def _kill(self, number: int, part: str) -> None:
        connector = self.chance.choice(sorted(MOST_W))
        running = self._wait_for(connector, RESTING) == "charging"
        action = self.chance.choice(("stop", "nothing", "nothing")) if running else "start"
        self.say(f"kill {number}: {part}, just after {action} at connector {connector}")
        if action != "nothing":
            self._ask(action, connector)
        rest(self.chance.uniform(0, LONGEST_WAIT_BEFORE_KILL_S))
        begun_s = time.monotonic()
        self._strike(part)
        until(self._recovered, HEALTHY_WITHIN_S, "screen and contactors agree again")
        self.recoveries_s.append(time.monotonic() - begun_s)

    def _strike(self, part: str) -> None:
        if part == "everything":
            self.station.cut_power()
            self.station.start()
            return
        gone = self.station.signal(part, signal.SIGKILL)
        until(lambda: self.station.pid_of(part) not in {None, gone}, HEALTHY_WITHIN_S, f"{part} is started again")

    def _recovered(self) -> bool:
        """I7: every connector is at rest, and what the screen shows is physically so."""
        try:
            physical = {number: self.station.bench.state(number) for number in MOST_W}
        except OSError:
            return False
        shown = {number: self.station.screen.connector(number) for number in MOST_W}
        return all(
            shown[number].get("situation") in RESTING
            and shown[number]["fresh"]
            and (shown[number]["situation"] == "charging") == facts["contactor"]
            for number, facts in physical.items()
        )

    def _ask(self, action: str, connector: int) -> None:
        asked_at = datetime.now(UTC)
        answer = self.station.screen.ask(action, connector=connector)
        if answer["accepted"]:
            self.accepted.append(
                Accepted(action=action, connector=connector, asked_at=asked_at, answered_at=datetime.now(UTC))
            )

    def _wait_for(self, connector: int, wanted: set[str]) -> str:
        def situation() -> str:
            shown = str(self.station.screen.connector(connector).get("situation", ""))
            return shown if shown in wanted else ""

        return until(situation, HEALTHY_WITHIN_S, f"connector {connector} is one of {sorted(wanted)}")

    def _ended(self) -> list[str]:
        for connector in MOST_W:
            if self._wait_for(connector, RESTING) == "charging":
                self._ask("stop", connector)
            self.station.bench.plug_out(connector)
            self._wait_for(connector, {"free"})
        record = self.station.record
        found = violations(record, self.station.bench.truth(), self.accepted, MOST_W)
        reasons = {row["stop_reason"] for row in record.transactions()}
        if reasons != {"Local"}:
            found.append(f"I1: killing programs ended transactions with {sorted(reasons - {'Local'})}.")
        self._report(len(record.transactions()), found)
        return found

    def _report(self, transactions: int, found: list[str]) -> None:
        ordered = sorted(self.recoveries_s)
        middle_s, longest_s = ordered[len(ordered) // 2], ordered[-1]
        self.say(
            f"{len(ordered)} kills, {transactions} transactions, {len(self.accepted)} accepted requests, "
            f"recovery median {middle_s:.1f} s, longest {longest_s:.1f} s, {len(found)} violations"
        )
        for sentence in found:
            self.say(sentence)


def campaign(folder: Path, *, kills: int, seed: int, say: Callable[[str], None]) -> list[str]:
    """Run it on a station of its own in *folder*; the violations. A station that does not recover is one."""
    say(f"seed {seed}")
    with RunningStation(folder / "station", settings=SETTINGS) as station:
        try:
            return Campaign(station, random.Random(seed), say).run(kills)
        except NeverTrueError as problem:
            return [f"I7: {problem}", f"the picture: {station.screen.picture}", *station.lines[-20:]]


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> int:
    """The exit status: 0 without violations."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--soak", action="store_true", help=f"{SOAK_KILLS} kills")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    try:
        found = campaign(folder, kills=SOAK_KILLS if given.soak else given.kills, seed=given.seed, say=_say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for sentence in found:
        _say(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
