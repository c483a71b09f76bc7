"""What does an hour of traffic do to the memory of the worker `links`? Sessions, orders, garbage and cuts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any, Final

from tests.central_system import CentralSystem, Refused, Rule

from .machine import pss_mb, surroundings
from .measurement import Effort, Measurement
from .remote import SEED, WITHIN_S, linked, started_once
from .stations import RunningStation, other_stations

LINKS_BAR_MB: Final = 80.0
STATION_BAR_MB: Final = 240.0
FLAT_MB: Final = 3.0
WARM_SHARE: Final = 1 / 6  # by then everything has been used once
READ_EVERY_S: Final = 60.0
LIST: Final = [{"idTag": f"LISTED{number}", "idTagInfo": {"status": "Accepted"}} for number in range(50)]
PROFILE: Final = {
    "chargingProfileId": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20_000}]},
}
ASKED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("GetConfiguration", {}),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "1"}),
    ("GetLocalListVersion", {}),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": LIST}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 86_400, "chargingRateUnit": "A"}),
    ("ClearChargingProfile", {}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification"}),
    ("DataTransfer", {"vendorId": "nobody"}),
    ("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
    ("ClearCache", {}),
)
GARBAGE: Final = ("[2]", '{"no": "frame"}', '[2,"id","Reset",' + "[" * 500, '[3,"nobody asked",{}]', "\u2028" * 1000)
CUT_EVERY: Final = 20  # rounds


def links_memory(effort: Effort) -> Measurement:
    """The whole station beside it: what `links` needs must not be taken from the others."""
    seconds = effort.of(5.0, 900.0, 3_600.0)
    with linked() as (station, central):
        readings = list(_readings(station, central, seconds))
        roles = {role: round(pss_mb(pid), 1) for role, pid in station.own_pids().items()}
        others, frames = other_stations(station), len(central.record.frames)
        central.forgive(Rule.UNASKED)  # our own garbage was answered
    warm_mb = readings[int(len(readings) * WARM_SHARE)][1]
    links_mb, station_mb, growth_mb = roles["links"], sum(roles.values()), roles["links"] - warm_mb
    return Measurement(
        name="links_memory",
        value=links_mb,
        unit="MB (PSS)",
        bar=f"<= {LINKS_BAR_MB:g} MB after an hour of traffic and <= {FLAT_MB:g} MB more than early on; "
        f"the station <= {STATION_BAR_MB:g} MB",
        ok=links_mb <= LINKS_BAR_MB and station_mb <= STATION_BAR_MB and growth_mb <= FLAT_MB,
        details={
            "by_role_mb": roles,
            "station_mb": round(station_mb, 1),
            "growth_mb": round(growth_mb, 1),
            "links_mb_by_minute": [[round(at_s / 60, 1), round(mb, 1)] for at_s, mb in readings],
            "minutes": round(seconds / 60, 1),
            "frames": frames,
            "other_stations_when_read": others,
            "seed": SEED,
            **surroundings(),
        },
    )


def _readings(station: RunningStation, central: CentralSystem, seconds: float) -> Iterator[tuple[float, float]]:
    """Traffic for so long; every minute, and at the end, when it was and what `links` takes."""
    begun_s, read_s, chance = time.monotonic(), 0.0, random.Random(SEED)
    for number, connector in enumerate(cycle((1, 2))):
        _round(station, central, connector, chance)
        if number % CUT_EVERY == CUT_EVERY - 1:
            central.cut()
            central.wait_disconnected(WITHIN_S)
            central.wait_connected(WITHIN_S)
        passed_s = time.monotonic() - begun_s
        if passed_s - read_s >= READ_EVERY_S or passed_s >= seconds:
            read_s = passed_s
            yield passed_s, pss_mb(station.pids()["links"])
        if passed_s >= seconds:
            return


def _round(station: RunningStation, central: CentralSystem, connector: int, chance: random.Random) -> None:
    """A session, and while nobody charges everything that may be asked, in any order."""
    started_once(station, central, connector, 0.1)
    for action, payload in chance.sample(ASKED, len(ASKED)):
        try:
            central.call(action, payload, timeout_s=WITHIN_S)
        except Refused as refused:
            raise RuntimeError(f"{action} was refused") from refused
    central.say(chance.choice(GARBAGE))
