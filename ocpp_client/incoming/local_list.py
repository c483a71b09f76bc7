"""Local Auth List Management profile: the central system's list of idTags (OCPP 1.6 sections 5.10 and 5.15).

Where LocalAuthListEnabled is false the station answers as one that has no list: version -1, and NotSupported.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import DatabaseError

from charging import record, services
from charging.domain.requests import Refusal
from ocpp_client import configuration
from ocpp_client.due import Payload
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, in_database, status
from ocpp_client.timestamps import moment_of

NOT_SUPPORTED: Final = -1
FAILED: Final = "Failed"
STATUSES: Final = {"": "Accepted", Refusal.LIST_OUTDATED.value: "VersionMismatch"}  # UpdateStatus, section 7.47


def get_version(_payload: Payload) -> Payload:
    """Section 5.10: 0 while the list is empty."""
    there = record.station_row().local_auth_list_enabled
    return {"listVersion": services.local_list_version() if there else NOT_SUPPORTED}


def send_list(payload: Payload) -> Payload:
    """Section 5.15: all of it or nothing; what fails leaves the list and its version as they were."""
    if not record.station_row().local_auth_list_enabled:
        return status("NotSupported")
    entries = [_entry(told) for told in payload.get("localAuthorizationList", ())]
    try:
        answer = services.send_local_list(
            payload["listVersion"],
            payload["updateType"],
            entries,
            who=CENTRAL_SYSTEM,
            most_sent=configuration.integer("SendLocalListMaxLength"),
            most_listed=configuration.integer("LocalAuthListMaxLength"),
        )
    except DatabaseError:
        return status(FAILED)
    return status(STATUSES.get(answer.refusal, FAILED))


def _entry(told: dict[str, Any]) -> services.ListEntry:
    judged = told.get("idTagInfo", {})
    return services.ListEntry(
        id_tag=told["idTag"],
        status=judged.get("status", ""),
        parent_id_tag=judged.get("parentIdTag", ""),
        expires_at=moment_of(judged.get("expiryDate")),
    )


ANSWERS: Final[dict[str, Answering]] = {
    "GetLocalListVersion": in_database(get_version),
    "SendLocalList": in_database(send_list),
}
