"""How long from a word of the central system to what physically follows? By the truth log, not by what is answered."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from tests.central_system import CentralSystem, Shut

from .machine import put_outside, surroundings
from .measurement import Effort, Measurement, share_of, spread_ms
from .stations import ENOUGH_W, RunningStation, station_of
from .technician import technician_of
from .waiting import wait_for

SEED: Final = 1971
PERIOD_S: Final = 0.2
WITHIN_S: Final = 30.0
START_P50_BAR_S: Final = 0.4
START_P99_BAR_S: Final = 0.9
CURRENT_BAR_S: Final = PERIOD_S + 1.0  # one polling cycle plus 1 s
RECONNECT_BAR_S: Final = 10.0
AC: Final = ("TYPE2_SOCKET", "TYPE2_CABLE", "GBT_AC")
VOLTAGE_V: Final = 230.0
AWAY_S: Final = (0.5, 5.0, 20.0)  # for a moment, for a while, and until the waits between attempts have grown


@contextmanager
def linked(**settings: Any) -> Iterator[tuple[RunningStation, CentralSystem]]:
    """A station that charges by order of a central system only, and is accepted there."""
    chosen = {"authorization_mode": "central_system", "has_screen": True, "site_limit_w": ENOUGH_W, **settings}
    with station_of(**chosen) as station, CentralSystem() as central:
        put_outside(station.pids()["simulator"])
        with technician_of(station) as technician:
            technician.ask(f"central_system {central.url}")
            central.wait("StatusNotification", connectorId=1, timeout_s=WITHIN_S)
            yield station, central


# --- a remote start ----------------------------------------------------------------------------------


def started_once(station: RunningStation, central: CentralSystem, number: int, after_s: float) -> float:
    """Plug in at *number*, start so long after it is known; seconds until its contactor is closed. Ends the session.

    The car asks for energy at once: how long a vehicle takes to answer the pilot is not the station's.
    """
    central.mark()
    station.simulator.post(f"/plugin/{number}")
    station.simulator.post(f"/cars/{number}", reaction_s=0.0)
    central.wait("StatusNotification", connectorId=number, status="Preparing", timeout_s=WITHIN_S)
    time.sleep(after_s)
    station.truth.forget()
    asked_s = time.monotonic()
    answer = central.call("RemoteStartTransaction", {"idTag": "BENCH", "connectorId": number})
    if answer != {"status": "Accepted"}:
        raise RuntimeError(f"the remote start of connector {number} was refused: {answer}")
    [closed] = station.truth.wait("contactor", WITHIN_S, connector_id=number, closed=True)
    _ended(station, central, number)
    return float(closed["monotonic_s"]) - asked_s


def _ended(station: RunningStation, central: CentralSystem, number: int) -> None:
    """Once the transaction has its number it is stopped, and the car goes."""
    wait_for("the central system knows that it charges", lambda: central.ledger().open, WITHIN_S)
    [running] = central.ledger().open
    central.call("RemoteStopTransaction", {"transactionId": running.transaction_id})
    central.wait("StopTransaction", transactionId=running.transaction_id, timeout_s=WITHIN_S)
    station.simulator.post(f"/plugout/{number}")
    central.wait("StatusNotification", connectorId=number, status="Available", timeout_s=WITHIN_S)


def remote_start(effort: Effort) -> Measurement:
    """RemoteStartTransaction until the contactor closes, AC connectors in turn; a socket locks the plug before that.

    A DC session begins with its cable check and precharge, whose seconds are the standard's.
    """
    count, chance = effort.of(4, 100, 400), random.Random(SEED)
    found: dict[str, list[float]] = {}
    with linked() as (station, central):
        every_one = [(each["connector_id"], each["connector_type"]) for each in station.simulator.connectors()]
        for number, kind in islice(cycle(each for each in every_one if each[1] in AC), count):
            taken_s = started_once(station, central, number, chance.uniform(0, PERIOD_S))
            found.setdefault(kind, []).append(taken_s)
    every = [taken_s for taken in found.values() for taken_s in taken]
    p50_s, p99_s = share_of(every, 0.5), share_of(every, 0.99)
    details = {"all": spread_ms(every), **{kind: spread_ms(taken) for kind, taken in found.items()}}
    return Measurement(
        name="remote_start",
        value=round(p99_s * 1000, 1),
        unit="ms p99",
        bar=f"p50 <= {START_P50_BAR_S * 1000:g} ms, p99 <= {START_P99_BAR_S * 1000:g} ms; "
        "half of them with a socket, whose lock takes 300 ms",
        ok=p50_s <= START_P50_BAR_S and p99_s <= START_P99_BAR_S,
        details={**details, "seed": SEED, **surroundings()},
    )


# --- a charging profile ------------------------------------------------------------------------------


def limited_once(station: RunningStation, central: CentralSystem, number: int, limit_a: float) -> float:
    """Another limit for connector *number*; seconds until its board lets no more flow. Its car has to follow."""
    station.truth.forget()
    asked_s = time.monotonic()
    answer = central.call("SetChargingProfile", {"connectorId": number, "csChargingProfiles": _profile(limit_a)})
    if answer != {"status": "Accepted"}:
        raise RuntimeError(f"the charging profile of connector {number} was refused: {answer}")
    [told] = station.truth.wait("limit", WITHIN_S, connector_id=number, limit_a=limit_a)
    wait_for(f"the car at connector {number} takes {limit_a:g} A", partial(_taken, station, number, limit_a), WITHIN_S)
    return float(told["monotonic_s"]) - asked_s


def _taken(station: RunningStation, number: int, limit_a: float) -> bool:
    """Whether the newest reading of its meter is what *limit_a* lets through, and not more."""
    facts = station.truth.facts("register", connector_id=number)
    phases = station.simulator.state(number)["phases"]
    most_w = limit_a * VOLTAGE_V * phases
    return bool(facts) and most_w * 0.99 <= facts[-1]["power_w"] <= most_w * 1.01


def _profile(limit_a: float) -> dict[str, Any]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
        },
    }


def profile_to_current(effort: Effort) -> Measurement:
    """SetChargingProfile, down and up in turn, until the current in the truth log is limited by it."""
    count, chance, found = effort.of(2, 60, 300), random.Random(SEED), []
    with linked() as (station, central):
        number = next(each["connector_id"] for each in station.simulator.connectors() if each["connector_type"] in AC)
        station.simulator.post(f"/plugin/{number}")
        central.wait("StatusNotification", connectorId=number, status="Preparing", timeout_s=WITHIN_S)
        central.call("RemoteStartTransaction", {"idTag": "BENCH", "connectorId": number})
        station.truth.wait("contactor", WITHIN_S, connector_id=number, closed=True)
        for limit_a in islice(cycle((8.0, 16.0, 10.0)), count):
            time.sleep(chance.uniform(0, PERIOD_S))
            found.append(limited_once(station, central, number, limit_a))
    return Measurement(
        name="profile_to_current",
        value=round(max(found) * 1000, 1),
        unit="ms, the longest",
        bar=f"<= one polling cycle plus 1 s ({CURRENT_BAR_S * 1000:g} ms), every time",
        ok=max(found) <= CURRENT_BAR_S,
        details={**spread_ms(found), "seed": SEED, **surroundings()},
    )


# --- the link comes back -----------------------------------------------------------------------------


def back_once(station: RunningStation, central: CentralSystem, away_s: float) -> float:
    """The central system is away for so long; seconds from its return until the station has told its statuses again."""
    central.shut(Shut.REFUSED)
    central.cut()
    central.wait_disconnected(WITHIN_S)
    time.sleep(away_s)
    central.mark()
    central.open()
    open_s = time.monotonic()
    central.wait("StatusNotification", connectorId=1, timeout_s=WITHIN_S * 4)
    back_s = time.monotonic() - open_s
    central.wait("StatusNotification", connectorId=len(station.simulator.connectors()), timeout_s=WITHIN_S)
    return back_s


def reconnect(effort: Effort) -> Measurement:
    """The central system is back after a moment, a while and longer. It would tell of two sockets at once."""
    rounds = effort.of(AWAY_S[:1], AWAY_S * 2, AWAY_S * 10)
    with linked() as (station, central):
        found = [(away_s, back_once(station, central, away_s)) for away_s in rounds]
        breaches = [str(breach) for breach in central.violations]
    longest_s = max(back_s for _away_s, back_s in found)
    return Measurement(
        name="reconnect",
        value=round(longest_s, 2),
        unit="s, the longest",
        bar=f"<= {RECONNECT_BAR_S:g} s after the central system is back; never two sockets",
        ok=longest_s <= RECONNECT_BAR_S and not breaches,
        details={
            "by_absence_s": [[away_s, round(back_s, 2)] for away_s, back_s in found],
            "breaches": breaches,
            **surroundings(),
        },
    )
