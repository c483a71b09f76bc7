"""F2 and F16: one session for every point at which the `links` worker can be killed or its link be cut.

kill -9 before and after every send, every receive and every commit, and a cut at every frame in both directions, before
it gets through and right behind it; each with a start by card and one from afar. I1-I4 and I6 of reliability.md hold.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from ocpp_client.models import CentralSystem as Row
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.faults.links_runner import Links
from tests.faults.links_session import HERE, PATIENCE_S, Session, broken
from tests.faults.links_station import IDENTITY, links_at
from tests.ocpp_client.clients import Served, link_is_up_now


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens during one session: the point at which the process ends, or the frame at which the link is cut."""

    kill: int = 0
    cut: int = 0
    gets_through: bool = False

    def __str__(self) -> str:
        if self.cut:
            return f"cut {'behind' if self.gets_through else 'before'} frame {self.cut}"
        return f"kill at point {self.kill}" if self.kill else "nothing"


@dataclass
class Campaign:
    """The station, its central system and its worker; what was found."""

    session: Session
    links: Links
    say: Callable[[str], None]
    played: int = 0
    struck: int = 0
    found: list[str] = field(default_factory=list)

    def one(self, fault: Fault, *, remotely: bool) -> tuple[int, int]:
        """One session with one fault; how many frames and points it had."""
        central, record = self.session.central, self.session.central.record
        known, frames, links = len(central.ledger().transactions), len(record.frames), len(record.links)
        breaches = len(central.violations)
        Row.objects.update(registration="", registered_boot_id="")  # it boots, too
        central.mark()
        if fault.cut:
            central.cut_at(frames + fault.cut, gets_through=fault.gets_through)
        self.links.start(fault.kill)
        try:
            played = self.session.play(remotely=remotely)
        finally:
            central.behave()
            points = self.links.points()
            deaths = self.links.deaths
            self.links.stop()
        central.wait_disconnected()
        found = [*map(str, central.violations[breaches:]), *broken(played, central.ledger().transactions[known:])]
        self._keep(fault, "remotely" if remotely else "by card", points, found)
        self.played += 1
        self.struck += bool(deaths) or len(record.links) > links + 1
        return len(record.frames) - frames, len(points)

    def _keep(self, fault: Fault, how: str, points: list[str], found: list[str]) -> None:
        what = next((line for line in points if line.startswith(f"{fault.kill} ")), "")
        for sentence in found:
            self.found.append(f"{fault} {what} {how}: {sentence}")
            self.say(self.found[-1])


@contextmanager
def campaign(say: Callable[[str], None]) -> Iterator[Campaign]:
    """A station that has had its central system once: what is before the first time is not the latter's business."""
    with CentralSystem(IDENTITY, give_up_s=2.0) as central, links_at(central.url) as links:
        links.start()
        wait_until(link_is_up_now, PATIENCE_S)
        links.stop()
        central.wait_disconnected()
        yield Campaign(Session(Served(central, HERE), central), links, say)
        central.record.violations.clear()  # they are among what was found


def faults_of(frames: int, points: int) -> tuple[list[Fault], list[Fault]]:
    """Every kill and every cut of a session with so many frames and points."""
    kills = [Fault(kill=number) for number in range(1, points + 1)]
    cuts = [Fault(cut=number, gets_through=through) for number in range(1, frames + 1) for through in (False, True)]
    return kills, cuts


def run(most: int | None, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All, or *most* of each kind; what was played and what was found."""
    begun_s = time.monotonic()
    chance = random.Random(seed)
    with campaign(say) as at_work:
        sizes = [at_work.one(Fault(), remotely=remotely) for remotely in (False, True)]
        kills, cuts = faults_of(max(frames for frames, _points in sizes), max(points for _frames, points in sizes))
        chosen = [fault for kind in (kills, cuts) for fault in (kind if most is None else chance.sample(kind, most))]
        for number, fault in enumerate(chosen):
            for remotely in (False, True) if most is None else (bool(number % 2),):
                at_work.one(fault, remotely=remotely)
        connections.close_all()
    return {
        "ok": not at_work.found,
        "seed": seed,
        "kill_points": len(kills),
        "cuts": len(cuts),
        "sessions": at_work.played,
        "struck": at_work.struck,
        "violations": len(at_work.found),
        "first": at_work.found[:10],
        "took_s": round(time.monotonic() - begun_s, 1),
    }
