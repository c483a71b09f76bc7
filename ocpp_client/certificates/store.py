"""The certificates that are installed: rows, in the same commits as the journal (decision 23).

What a row says of its certificate was read once, when it came: nobody reads certificates on every connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from django.db.models import QuerySet

from charging import journal, live, services
from charging.clock import now
from charging.domain.security import SecurityEvent
from ocpp_client.certificates.examination import Root
from ocpp_client.models import CentralSystem, Certificate

Use = Certificate.Use
CHANGED: Final = SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS
STATION: Final = "station"  # who did it, in the journal


class Installed(StrEnum):
    """CertificateStatusEnumType, whitepaper section 6.3; Failed is told where the station itself could not."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class Deleted(StrEnum):
    """DeleteCertificateStatusEnumType, whitepaper section 6.7."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_FOUND = "NotFound"


def roots(use: str) -> QuerySet[Certificate]:
    """Those of one use, the oldest first; also the one that a successor has replaced, until that one has worked."""
    return Certificate.objects.filter(use=use).order_by("pk")


def installed(use: str) -> list[str]:
    """PEM of every certificate of this *use*, such as ManufacturerRootCertificate."""
    return list(roots(use).values_list("pem", flat=True))


def install(use: str, root: Root, who: str, *, most: int, succession: bool) -> Installed:
    """Keep *root*, if there is room (*most*: roots of all uses). One that is there already is installed.

    *succession* (AdditionalRootCertificateCheck): a root of the central system takes the place of the one that has
    signed it, which stays as fallback until the successor has worked (M05.FR.08 to FR.13).
    """
    with journal.one_commit():
        if roots(use).filter(fingerprint=root.fingerprint, fallback=False).exists():
            return Installed.ACCEPTED
        before = roots(use).filter(fallback=False) if succession and use == Use.CENTRAL_SYSTEM_ROOT else roots("")
        if before and not before.filter(fingerprint=root.issuer_fingerprint).exists():
            return Installed.REJECTED
        kept = Certificate.objects.filter(fallback=False).count() - len(before)
        if kept >= most:
            return Installed.REJECTED
        before.update(fallback=True)
        _keep(use, root)
        _tell("CertificateInstalled", who, f"{use} installed: {root.subject}", root.fingerprint)
    live.changed()
    return Installed.ACCEPTED


def _keep(use: str, root: Root) -> None:
    """As a row; one that was a fallback is in use again."""
    Certificate.objects.update_or_create(
        use=use,
        fingerprint=root.fingerprint,
        defaults={
            "pem": root.pem,
            "subject": root.subject,
            "serial_number": root.serial_number,
            "hashes": root.hashes,
            "valid_from": root.valid_from,
            "valid_until": root.valid_until,
            "installed_at": now().at,
            "fallback": False,
        },
    )


def delete(hash_told: dict[str, str], who: str) -> Deleted:
    """Remove the root that CertificateHashDataType names, unless the present link stands on it (M04.FR.06)."""
    with journal.one_commit():
        found = [row for row in Certificate.objects.all() if _is_named(row, hash_told)]
        if not found:
            return Deleted.NOT_FOUND
        if any(_is_needed(row) for row in found):
            return Deleted.FAILED
        _remove(found, who, "deleted")
    live.changed()
    return Deleted.ACCEPTED


def _is_named(row: Certificate, told: dict[str, str]) -> bool:
    hashes = [told["issuerNameHash"].upper(), told["issuerKeyHash"].upper()]
    serial = told["serialNumber"].upper().lstrip("0")
    return serial == row.serial_number and row.hashes.get(told["hashAlgorithm"]) == hashes


def _is_needed(row: Certificate) -> bool:
    if row.use != Use.CENTRAL_SYSTEM_ROOT:
        return False
    return CentralSystem.objects.filter(connected_at__isnull=False, anchor=row.fingerprint).exists()


def proved(anchor: str) -> None:
    """A link stands on the root with this fingerprint: what it replaced is not needed any more (M05.FR.12)."""
    rows = roots(Use.CENTRAL_SYSTEM_ROOT)
    if not anchor or not rows.filter(fingerprint=anchor, fallback=False).exists():
        return
    with journal.one_commit():
        if replaced := list(rows.filter(fallback=True)):
            _remove(replaced, STATION, "replaced by its successor")


def _remove(rows: Iterable[Certificate], who: str, what: str) -> None:
    for row in rows:
        row.delete()
        _tell("CertificateDeleted", who, f"{row.use} {what}: {row.subject}", row.fingerprint)


def _tell(kind: str, who: str, about: str, fingerprint: str) -> None:
    journal.record(kind, who=who, about=about, fingerprint=fingerprint)
    services.security_event(CHANGED, about)
