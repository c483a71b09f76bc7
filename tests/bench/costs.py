"""What does a station cost? CPU, memory, and both with many connectors; the simulator is never counted."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Final

from .cars import Cars
from .machine import cpu_shares, pss_mb, surroundings
from .measurement import Effort, Measurement
from .page import page_of
from .stations import ENOUGH_W, RunningStation, charge_everywhere, held, other_stations, station_of
from .technician import technician_of
from .touches import next_stop

SETTLED_AFTER_S: Final = 10.0
IDLE_BAR_PERCENT: Final = 5.0
CHARGING_BAR_PERCENT: Final = 9.0
PERIOD_BAR_S: Final = 0.25
MEMORY_BAR_MB: Final = 225.0
BETWEEN_STOPS_S: Final = 1.0
WAITS_FOR_OTHERS_S: Final = 600.0
GONE_AFTER_S: Final = 0.1  # until the kernel has taken back what a killed process held
MANY_BAR: Final = 1.1
FEW: Final = "default"
MANY: Final = "many"


def longest_p99_s(station: RunningStation) -> float:
    """The p99 of the time between two setpoints at the connector that is served worst, by the boards' own count."""
    return max(float(each["heartbeats"]["p99_s"] or 0.0) for each in station.simulator.connectors())


def _shares(station: RunningStation, seconds: float) -> dict[str, float]:
    return cpu_shares(station.own_pids(), seconds)


def cpu(effort: Effort) -> Measurement:
    """Percent of one core, idle and charging everywhere."""
    seconds, settled_s = effort.of(5.0, 60.0, 600.0), effort.of(3.0, SETTLED_AFTER_S, SETTLED_AFTER_S)
    with station_of(FEW) as station:
        time.sleep(settled_s)
        idle = _shares(station, seconds)
        idle_p99_s = longest_p99_s(station)
        charge_everywhere(station)
        time.sleep(settled_s)
        charging = _shares(station, seconds)
        p99_s = longest_p99_s(station)
        heartbeats = {each["connector_id"]: each["heartbeats"] for each in station.simulator.connectors()}
    idle_percent, charging_percent = sum(idle.values()), sum(charging.values())
    details: dict[str, Any] = {
        "idle_percent": round(idle_percent, 2),
        "charging_percent": round(charging_percent, 2),
        "idle_by_role": idle,
        "charging_by_role": charging,
        "setpoints_p99_s": {"idle": idle_p99_s, "charging": p99_s},
        "heartbeats": heartbeats,
        "seconds": seconds,
        **surroundings(),
    }
    ok = idle_percent <= IDLE_BAR_PERCENT and charging_percent <= CHARGING_BAR_PERCENT and p99_s <= PERIOD_BAR_S
    bar = f"<= {IDLE_BAR_PERCENT:g} % idle, <= {CHARGING_BAR_PERCENT:g} % charging; period p99 <= {PERIOD_BAR_S} s"
    value = round(charging_percent, 2)
    return Measurement(name="cpu", value=value, unit="% of one core, charging", bar=bar, ok=ok, details=details)


def _use(station: RunningStation, seconds: float) -> tuple[int, float]:
    """Cars come and go and a page watches, for *seconds* and until no other station runs: pages shared with it
    would be counted in part. How many transactions were stopped, in how many seconds.
    """
    begun_s, stops = time.monotonic(), 0
    numbers = charge_everywhere(station)
    with technician_of(station) as technician, page_of(station.port) as page:
        cars = Cars(station, technician)
        while not _used_enough(station, time.monotonic() - begun_s, seconds):
            next_stop(station, page, cars, numbers[stops % len(numbers)], BETWEEN_STOPS_S)
            stops += 1
    return stops, time.monotonic() - begun_s


def _used_enough(station: RunningStation, used_s: float, seconds: float) -> bool:
    return used_s >= seconds + WAITS_FOR_OTHERS_S or (used_s >= seconds and not other_stations(station))


def _alone_mb(station: RunningStation) -> dict[str, float]:
    """The station's own processes while there is no simulator to share pages with, and nobody to start it again."""
    pids = station.pids()
    with held(station.program.pid):
        os.kill(pids.pop("simulator"), signal.SIGKILL)
        time.sleep(GONE_AFTER_S)
        return {role: round(pss_mb(pid), 1) for role, pid in pids.items()}


def memory(effort: Effort) -> Measurement:
    """Sum of the proportional set sizes after ten minutes of use."""
    with station_of(FEW, site_limit_w=ENOUGH_W) as station:
        fresh = {role: round(pss_mb(pid), 1) for role, pid in station.own_pids().items()}
        stops, used_s = _use(station, effort.of(10.0, 600.0, 600.0))
        others = other_stations(station)
        used = _alone_mb(station)
    total_mb = sum(used.values())
    details: dict[str, Any] = {
        "by_role_mb": used,
        "fresh_mb": fresh,
        "minutes_of_use": round(used_s / 60, 1),
        "stops": stops,
        "other_stations_when_read": others,
        **surroundings(),
    }
    value, ok = round(total_mb, 1), total_mb <= MEMORY_BAR_MB and not others
    bar = f"<= {MEMORY_BAR_MB:g} MB"
    return Measurement(name="memory", value=value, unit="MB (PSS)", bar=bar, ok=ok, details=details)


def _cost_of(simulated: str, effort: Effort) -> dict[str, Any]:
    """One station, idle: CPU a connector, and how regularly its connectors are served."""
    with station_of(simulated) as station:
        connectors = len(station.simulator.connectors())
        time.sleep(effort.of(3.0, 30.0, 200.0))
        station.simulator.post("/heartbeats", forget=True)  # those of the start are not what is measured
        shares = _shares(station, effort.of(5.0, 40.0, 600.0))
        served = [each["heartbeats"] for each in station.simulator.connectors()]
    p50_s = [float(each["p50_s"]) for each in served if each["p50_s"]]
    return {
        "connectors": connectors,
        "served": len(p50_s),
        "percent": round(sum(shares.values()), 2),
        "percent_a_connector": round(sum(shares.values()) / connectors, 3),
        "by_role": shares,
        "period_p50_s": max(p50_s, default=None),
        "period_p99_s": max((float(each["p99_s"]) for each in served if each["p99_s"]), default=None),
    }


def many(effort: Effort) -> Measurement:
    """64 connectors on 16 lines against 4 on 2: CPU a connector, and the longest period."""
    few, lot = _cost_of(FEW, effort), _cost_of(MANY, effort)
    cpu_ratio = lot["percent_a_connector"] / few["percent_a_connector"]
    period_ratio = (lot["period_p99_s"] or float("inf")) / few["period_p99_s"]
    value = round(max(cpu_ratio, period_ratio), 3)
    details: dict[str, Any] = {
        "cpu_a_connector": round(cpu_ratio, 3),
        "period_p99": round(period_ratio, 3),
        "few": few,
        "many": lot,
        **surroundings(),
    }
    ok = value <= MANY_BAR and lot["served"] == lot["connectors"]
    bar = f"<= {MANY_BAR} of the cost and period of 4 connectors"
    return Measurement(name="many", value=value, unit="ratio (the worse one)", bar=bar, ok=ok, details=details)
