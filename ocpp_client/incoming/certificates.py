"""Certificates: which are installed, one more, one less (security whitepaper, edition 3, M03 to M05)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from charging import services
from charging.clock import now
from charging.domain.security import SecurityEvent
from ocpp_client import configuration, credentials, registering
from ocpp_client.certificates import examination, own, store
from ocpp_client.due import Payload
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, Asked, in_database, present_anew, status
from ocpp_client.models import CentralSystem, Certificate
from ocpp_client.rpc import Answer

log = logging.getLogger(__name__)

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"
INVALID: Final = SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE
ALGORITHM: Final = "SHA256"  # of the hashes that are told; others are understood


async def install_certificate(asked: Asked) -> Payload:
    """M05. The certificate is read away from the thread of the database, in a program of its own."""
    use, pem = asked.payload["certificateType"], asked.payload["certificate"]
    installed = await asked.db(store.installed, use)
    try:
        root = await asyncio.to_thread(examination.of_root, pem, installed, now().at)
    except examination.Refused as refused:
        log.warning("A %s was refused: %s", use, refused)
        return status(store.Installed.REJECTED)
    except examination.Unexamined:
        return status("Failed")
    return status(await asked.db(partial(_installed, use, root)))


def _installed(use: str, root: examination.Root) -> str:
    most = configuration.integer("CertificateStoreMaxLength")
    succession = configuration.text("AdditionalRootCertificateCheck") == "true"
    return store.install(use, root, CENTRAL_SYSTEM, most=most, succession=succession)


async def certificate_signed(asked: Asked) -> Payload | Answer:
    """A02 and A03: what came of SignCertificate. What is wrong with it becomes a security event (A02.FR.07)."""
    chain = asked.payload["certificateChain"]
    try:
        awaited = await asked.db(_awaited, chain)
        found = await asyncio.to_thread(partial(examination.of_chain, chain, at=now().at, **awaited.question))
        begins = await asked.db(_signed, awaited, found)
    except examination.Refused as refused:
        await asked.db(services.security_event, INVALID, str(refused))
        return status(REJECTED)
    except examination.Unexamined:
        return status(REJECTED)
    return Answer(status(ACCEPTED), partial(present_anew, asked)) if begins else status(ACCEPTED)


@dataclass(frozen=True, slots=True)
class _Awaited:
    """The order that waits for its certificate, and what has to be true of that."""

    row_id: int
    question: dict[str, Any]


def _awaited(chain: str) -> _Awaited:
    most = configuration.integer("CertificateSignedMaxChainSize")
    if len(chain) > most:
        raise examination.Refused(f"The certificates are longer than {most} characters.")
    row = own.in_hand()
    if row is None or not row.csr:
        raise examination.Refused("No key of this station waits for a certificate.")
    name = registering.serial_of(CentralSystem.objects.get(pk=1))
    roots = store.installed(Certificate.Use.CENTRAL_SYSTEM_ROOT)
    return _Awaited(row.pk, {"key": own.key_path(row), "installed": roots, "name": name})


def _signed(awaited: _Awaited, found: examination.Own) -> bool:
    """Keep it; whether the station is to present itself with it now."""
    if not own.install(awaited.row_id, found):
        raise examination.Refused("The key that it is for is not wanted any more.")
    return any(each.certificate for each in credentials.candidates_of(CentralSystem.objects.get(pk=1)))


def delete_certificate(payload: Payload) -> Payload:
    """M04."""
    return status(store.delete(payload["certificateHashData"], CENTRAL_SYSTEM))


def get_installed_certificate_ids(payload: Payload) -> Payload:
    """M03."""
    told = [
        {
            "hashAlgorithm": ALGORITHM,
            "issuerNameHash": row.hashes[ALGORITHM][0],
            "issuerKeyHash": row.hashes[ALGORITHM][1],
            "serialNumber": row.serial_number,
        }
        for row in store.roots(payload["certificateType"])
    ]
    return {"status": "Accepted", "certificateHashData": told} if told else status("NotFound")


ANSWERS: Final[dict[str, Answering]] = {
    "CertificateSigned": certificate_signed,
    "DeleteCertificate": in_database(delete_certificate),
    "GetInstalledCertificateIds": in_database(get_installed_certificate_ids),
    "InstallCertificate": install_certificate,
}
