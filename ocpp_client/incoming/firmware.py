"""Firmware: UpdateFirmware (OCPP 1.6 section 5.19), and SignedUpdateFirmware (security whitepaper, L01 and 5.21).

Where a ManufacturerRootCertificate is installed, signed firmware is possible and no other kind is taken (L01.FR.20).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from charging import services
from charging.clock import now
from charging.domain.security import SecurityEvent
from ocpp_client.due import Payload
from ocpp_client.errors import ErrorCode, Refuse
from ocpp_client.firmware import orders, trust
from ocpp_client.incoming.asked import Answering, Asked, in_database, status
from ocpp_client.timestamps import moment_of

MOST_CHARACTERS: Final = 512  # of a location, as in FirmwareType (whitepaper, section 6.9)


def update_firmware(payload: Payload) -> Payload:
    """Section 5.19: the answer is empty, whatever comes of it later."""
    if trust.roots():
        raise Refuse(ErrorCode.NOT_SUPPORTED, "This station takes signed firmware only: use SignedUpdateFirmware")
    retrieve_at = moment_of(payload["retrieveDate"])
    if retrieve_at is None or len(payload["location"]) > MOST_CHARACTERS:
        raise Refuse(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "retrieveDate or location cannot be used")
    order = orders.Order(
        location=payload["location"],
        retrieve_at=retrieve_at,
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
    )
    try:
        orders.take(order, now())
    except orders.Busy:
        raise Refuse(ErrorCode.GENERIC_ERROR, "Firmware is being installed: ask again when it has ended") from None
    return {}


async def signed_update_firmware(asked: Asked) -> Payload:
    """The certificate is judged before the answer (L01.FR.23), away from the thread of the database."""
    certificate = asked.payload["firmware"]["signingCertificate"]
    verdict = await asyncio.to_thread(trust.of_certificate, certificate, now().at)
    return await asked.db(take_signed, asked.payload, verdict)


def take_signed(payload: Payload, verdict: trust.Verdict) -> Payload:
    """L01.FR.24 to FR.27."""
    told: dict[str, Any] = payload["firmware"]
    moment, retrieve_at = now(), moment_of(told["retrieveDateTime"])
    install_at = moment_of(told.get("installDateTime"))
    if retrieve_at is None or (install_at is None) != ("installDateTime" not in told):
        raise Refuse(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "A time is not one as ISO 8601 writes it")
    if verdict.wrong:
        services.security_event(SecurityEvent.INVALID_FIRMWARE_SIGNING_CERTIFICATE, verdict.wrong)
        return status("RevokedCertificate" if verdict.revoked else "InvalidCertificate")
    order = orders.Order(
        location=told["location"],
        retrieve_at=retrieve_at,
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        request_id=payload["requestId"],
        install_at=install_at,
        signing_certificate=told["signingCertificate"],
        signature=told["signature"],
    )
    try:
        canceled = orders.take(order, moment)
    except orders.Busy:
        return status("Rejected")
    return status("AcceptedCanceled" if canceled else "Accepted")


ANSWERS: Final[dict[str, Answering]] = {
    "SignedUpdateFirmware": signed_update_firmware,
    "UpdateFirmware": in_database(update_firmware),
}
