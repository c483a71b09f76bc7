"""Certificates: which are installed, one more, one less (security whitepaper, edition 3, M03 to M05)."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from charging.clock import now
from ocpp_client import configuration
from ocpp_client.certificates import examination, store
from ocpp_client.due import Payload
from ocpp_client.incoming.asked import CENTRAL_SYSTEM, Answering, Asked, in_database, status

log = logging.getLogger(__name__)

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
    "DeleteCertificate": in_database(delete_certificate),
    "GetInstalledCertificateIds": in_database(get_installed_certificate_ids),
    "InstallCertificate": install_certificate,
}
