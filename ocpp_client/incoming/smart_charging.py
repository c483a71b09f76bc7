"""Smart Charging profile: limits that the central system sets by a calendar (OCPP 1.6 sections 5.5, 5.7 and 5.16)."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

from charging import services
from charging.domain.profiles import GRID_PHASES, LATEST, LONGEST_S, Kind, Period, Profile, Purpose, Recurrence, Unit
from ocpp_client.due import Payload
from ocpp_client.errors import ErrorCode, Refuse
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, in_database, status
from ocpp_client.timestamps import moment_of, utc_text

log = logging.getLogger(__name__)

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"


def set_charging_profile(payload: Payload) -> Payload:
    """Section 5.16. A connector that is not there is an error of the message (errata v4.0, 3.39), not a Rejected."""
    told = payload["csChargingProfiles"]
    number = payload["connectorId"]
    if not services.has_connector(number):
        raise Refuse(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"There is no connector {number}")
    why_not = services.profile_set(
        profile_in(told, number), who=CENTRAL_SYSTEM, central_number=told.get("transactionId")
    )
    if why_not:
        log.warning("Charging profile %s was rejected: %s", told["chargingProfileId"], why_not)
    return status(REJECTED if why_not else ACCEPTED)


def clear_charging_profile(payload: Payload) -> Payload:
    """Section 5.5: what fits all that is given; Unknown where nothing does."""
    cleared = services.profiles_cleared(
        CENTRAL_SYSTEM,
        profile_id=payload.get("id"),
        connector_number=payload.get("connectorId"),
        purpose=payload.get("chargingProfilePurpose"),
        stack_level=payload.get("stackLevel"),
    )
    return status(ACCEPTED if cleared else "Unknown")


def get_composite_schedule(payload: Payload) -> Payload:
    """Section 5.7: from now on; startSchedule is left out (errata v4.0, 3.57)."""
    number, duration_s = payload["connectorId"], payload["duration"]
    unit = Unit(payload.get("chargingRateUnit", Unit.AMPERES))
    found = services.composite_schedule(number, min(duration_s, LONGEST_S), unit) if duration_s > 0 else None
    if found is None:
        return status(REJECTED)
    return {
        "status": ACCEPTED,
        "connectorId": number,
        "scheduleStart": utc_text(found.start),
        "chargingSchedule": {
            "duration": found.duration_s,
            "chargingRateUnit": found.unit.value,
            "chargingSchedulePeriod": [{"startPeriod": at_s, "limit": limit} for at_s, limit in found.periods],
        },
    }


def profile_in(told: dict[str, Any], connector_number: int) -> Profile:
    """The rules' Profile of a ChargingProfile, section 7.8. Its sense is judged by charging.domain.profiles."""
    schedule = told["chargingSchedule"]
    recurrence = told.get("recurrencyKind")
    return Profile(
        profile_id=told["chargingProfileId"],
        connector_number=connector_number,
        stack_level=told["stackLevel"],
        purpose=Purpose(told["chargingProfilePurpose"]),
        kind=Kind(told["chargingProfileKind"]),
        unit=Unit(schedule["chargingRateUnit"]),
        periods=tuple(
            Period(each["startPeriod"], float(each["limit"]), each.get("numberPhases", GRID_PHASES))
            for each in schedule["chargingSchedulePeriod"]
        ),
        recurrence=Recurrence(recurrence) if recurrence else None,
        starts_at=moment_of(schedule.get("startSchedule")),
        duration_s=schedule.get("duration"),
        valid_from=moment_of(told.get("validFrom")),
        valid_to=_end(moment_of(told.get("validTo"))),
        minimum=float(schedule.get("minChargingRate", 0.0)),
    )


def _end(at: datetime | None) -> datetime | None:
    """The year 9999 is another way to say that there is none."""
    return None if at is None or at > LATEST else at


ANSWERS: Final[dict[str, Answering]] = {
    "ClearChargingProfile": in_database(clear_charging_profile),
    "GetCompositeSchedule": in_database(get_composite_schedule),
    "SetChargingProfile": in_database(set_charging_profile),
}
