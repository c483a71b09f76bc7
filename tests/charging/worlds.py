"""Every connector that can be reached, by enumeration: the ground that the rules are tested on.

What is walked: each world of COMPLETE to its end, which is a selection of events; beside them, for AC, AC with a
lock and DC, every event in every order, as far as BUDGET goes (`make fuzz`: further, and for DC to the end). A walk
that a budget ends goes on at random; WALK_SEED repeats it.
"""

from __future__ import annotations

import functools
import math
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import hypothesis
import pytest

from charging.domain import events as e
from charging.domain.advance import advance
from charging.domain.capability import Capability
from charging.domain.connector import Connector, Policy
from charging.domain.limits import Lease
from charging.domain.observation import Observation, Phase, Pilot

LATER_S = 1e6  # after every deadline


@dataclass(frozen=True, slots=True)
class Edge:
    before: Connector
    event: e.Event
    after: Connector
    facts: tuple[e.Fact, ...]


def frame(pilot: Pilot | None, **kwargs: object) -> Observation:
    known = {"plugged": pilot in (Pilot.B, Pilot.C), "ev_ready": pilot is Pilot.C, "delivering": False}
    return Observation(**{"phase": Phase.IDLE, "pilot": pilot, "register_wh": 1000} | known | kwargs)  # type: ignore[arg-type]


def seen(pilot: Pilot | None, **kwargs: object) -> e.Observed:
    return e.Observed(frame=frame(pilot, **kwargs))


FRAMES_AC = (
    seen(Pilot.A),
    seen(Pilot.B),
    seen(Pilot.C, delivering=False),
    seen(Pilot.C, delivering=True),
    seen(Pilot.E),
    seen(Pilot.F),
    seen(Pilot.B, faults=frozenset({"GroundFailure"})),
    seen(Pilot.C, delivering=True, faults=frozenset({"EmergencyStop"})),
)
FRAMES_LOCK = (
    seen(Pilot.A, locked=False),
    seen(Pilot.B, locked=False),
    seen(Pilot.B, locked=True),
    seen(Pilot.C, locked=True, delivering=True),
    seen(Pilot.C, locked=True, delivering=False),
)
FRAMES_DC = (
    seen(None, plugged=False),
    seen(None, plugged=True),
    seen(None, plugged=True, ev_ready=True, delivering=False),
    seen(None, plugged=True, ev_ready=True, delivering=True),
    seen(None, plugged=True, watchdog_tripped=True),
    seen(None, plugged=True, delivering=True, faults=frozenset({"CableCheckFailure"})),
)
VEHICLE_HAS_ENDED = seen(None, plugged=True, phase=Phase.FINISHED)
REQUESTS: tuple[e.Event, ...] = (
    e.Authorized(id_tag="T"),
    e.StopRequested(reason="Local"),
    e.TimePassed(now_s=0.0),
    e.TimePassed(now_s=LATER_S, register_wh=1001),
    e.AvailabilityRequested(operative=False, source="technician"),
    e.AvailabilityRequested(operative=True, source="technician"),
)
FAULTS: tuple[e.Event, ...] = (
    e.FaultRaised(name="OverDraw"),
    e.FaultsAcknowledged(),
)
ABSENCE: tuple[e.Event, ...] = (
    e.ContactLost(),
    e.PowerReturned(away_s=30.0, same_board=True),
    e.PowerReturned(away_s=None, same_board=True),
    e.PowerReturned(away_s=30.0, same_board=False),
    e.BoardReplaced(),
)
LIMITS: tuple[e.Event, ...] = (
    e.Leased(lease=Lease(source="site", limit_w=0)),
    e.LeaseEnded(source="site"),
)
RESERVATIONS: tuple[e.Event, ...] = (
    e.ReservationRequested(reservation_id=1, id_tag="T", expires_s=60.0),
    e.ReservationCancelled(reservation_id=1),
)
JUDGEMENTS: tuple[e.Event, ...] = (e.IdTagJudged(valid=True, parent_id_tag="P"), e.IdTagJudged(valid=False))
CLAIMS: tuple[e.Event, ...] = (e.ClaimChanged(holder=2), e.ClaimChanged(holder=None))

AC = Connector()
SOCKET = Connector(capability=Capability(has_lock=True))
DC = Connector(capability=Capability(direct_current=True, can_resume=False, minimum_w=1000, maximum_w=50000))
PATIENT = Connector(policy=Policy(stop_on_ev_side_disconnect=False))
KEEPER = replace(SOCKET, policy=Policy(unlock_on_ev_side_disconnect=False))
GRANTING = Connector(policy=Policy(stop_on_invalid_id=False, max_energy_on_invalid_id_wh=500))
OPEN_TO_ALL = Connector(policy=Policy(plug_starts_as="FREE"))

WORLDS: dict[str, tuple[Connector, tuple[e.Event, ...]]] = {
    "AC with faults": (AC, (*FRAMES_AC, *REQUESTS[:4], *FAULTS)),
    "AC with silence and power cuts": (AC, (*FRAMES_AC[:5], *REQUESTS[:4], *ABSENCE)),
    "AC with limits, reservations and claims": (AC, (*FRAMES_AC[:4], *REQUESTS, *LIMITS, *RESERVATIONS, *CLAIMS)),
    "AC socket with a lock": (SOCKET, (*FRAMES_LOCK, *REQUESTS, *LIMITS, e.ContactLost())),
    "DC with faults": (DC, (*FRAMES_DC, *REQUESTS, *FAULTS)),
    "DC with silence and power cuts": (DC, (*FRAMES_DC[:5], VEHICLE_HAS_ENDED, *REQUESTS[:4], *ABSENCE)),
    "DC with limits and claims": (DC, (*FRAMES_DC[:4], *REQUESTS, *LIMITS, *CLAIMS)),
    "AC that goes on after it was unplugged": (PATIENT, (*FRAMES_AC[:5], *REQUESTS, *LIMITS)),
    "AC socket that keeps the cable": (KEEPER, (*FRAMES_LOCK, seen(Pilot.A, locked=True), *REQUESTS, *JUDGEMENTS)),
    "AC that gives a little energy to a refused idTag": (
        GRANTING,
        (*FRAMES_AC[:4], seen(Pilot.C, delivering=True, register_wh=1500), *REQUESTS[:4], *JUDGEMENTS),
    ),
    "AC that starts by plugging in": (OPEN_TO_ALL, (*FRAMES_AC[:5], *REQUESTS, *RESERVATIONS, *FAULTS)),
}


# The worlds above are walked to their end. Together their events make too many connectors: of these a part is walked.
COMPLETE: Final = dict(WORLDS)
IN_PASSING: Final = 2_000  # connectors of each in an ordinary run
THOROUGHLY: Final = 30_000  # with the profile `fuzz`: of DC that is every one
IS_THOROUGH: Final = hypothesis.settings().max_examples > hypothesis.settings.get_profile("default").max_examples
BUDGET: Final = THOROUGHLY if IS_THOROUGH else IN_PASSING
SEED: Final = int(os.environ.get("WALK_SEED") or (random.SystemRandom().randrange(10**6) if IS_THOROUGH else 0))


def every_event(start: Connector) -> tuple[Connector, tuple[e.Event, ...]]:
    """*start* and all events that happen to any connector of its kind of current."""
    kind = start.capability.direct_current
    alphabets = (alphabet for other, alphabet in COMPLETE.values() if other.capability.direct_current == kind)
    return start, tuple(dict.fromkeys(event for alphabet in alphabets for event in alphabet))


WHOLE: Final = {
    f"{name} with every event, seed {SEED}": every_event(start)
    for name, start in {"AC": AC, "AC socket": SOCKET, "DC": DC}.items()
}
WORLDS |= WHOLE


def walk(
    start: Connector, alphabet: Iterable[e.Event], budget: float = math.inf, seed: int = 0
) -> tuple[set[Connector], list[Edge]]:
    """All reachable connectors and every step between them. Requests that are refused do not happen.

    With a *budget* the walk ends when it has met so many, going on at a connector that *seed* chooses.
    """
    from charging.domain.requests import refusal_of  # noqa: PLC0415 - the door is tested with the room

    chance = random.Random(seed)
    reached, todo, edges = {start}, [start], list[Edge]()
    events = tuple(alphabet)
    while todo and len(reached) < budget:
        chosen = chance.randrange(len(todo))
        todo[chosen], todo[-1] = todo[-1], todo[chosen]
        connector = todo.pop()
        for event in events:
            if refusal_of(connector, event):
                continue
            at = connector
            for after, facts in advance(connector, event):
                edges.append(Edge(at, event, after, facts))
                at = after
            if at not in reached:
                reached.add(at)
                todo.append(at)
    return reached, edges


every_world = pytest.mark.parametrize(
    "world", [*COMPLETE, *(pytest.param(world, marks=pytest.mark.fuzz) for world in WHOLE)]
)


@functools.cache
def reached(world: str) -> tuple[set[Connector], list[Edge]]:
    """The walk of one world, once for all tests."""
    return walk(*WORLDS[world], BUDGET if world in WHOLE else math.inf, SEED)
