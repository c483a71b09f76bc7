"""The station's own certificates: rows, each with a private key in a file (security whitepaper, A02 and A03).

The file is there before its row names it, and is removed after the last row that did is gone.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from charging import journal, live, services
from charging.clock import Moment, now
from charging.domain.security import SecurityEvent
from ocpp_client.certificates.examination import Own
from ocpp_client.models import StationCertificate

log = logging.getLogger(__name__)

CHANGED: Final = SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS
STATION: Final = "station"  # who ordered it, in the journal
FALLBACK: Final = timedelta(days=30)  # an old certificate is kept for so long (A02.FR.10)
RENEWAL: Final = timedelta(days=30)  # "will expire in one month" (A03)


def key_path(row: StationCertificate) -> Path:
    """Of its private key, which is there or will be."""
    return _folder() / f"{row.pk}.key"


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "security" / "keys"


def in_hand() -> StationCertificate | None:
    """What was ordered and has not been signed yet."""
    return StationCertificate.objects.filter(pem="").order_by("-pk").first()


def order(who: str) -> None:
    """Another key and certificate are wanted; an order that was not signed yet is given up for it."""
    with journal.one_commit():
        StationCertificate.objects.filter(pem="").delete()
        StationCertificate.objects.create(ordered_at=now().at)
        journal.record("CertificateOrdered", who=who)


def made(row_id: int, csr: str) -> None:
    """The key is durable: the central system can be asked to have it signed."""
    StationCertificate.objects.filter(pk=row_id, csr="").update(csr=csr)


def accepted(row_id: int, moment: Moment) -> None:
    """The central system will have it signed."""
    row = StationCertificate.objects.filter(pk=row_id).first()
    if row is not None:
        row.sent_at, row.times_sent = moment.at, row.times_sent + 1
        row.save(update_fields=["sent_at", "times_sent"])


def refused(row_id: int, why: str) -> None:
    """The central system does not want to have it signed: the order has ended."""
    with journal.one_commit():
        if StationCertificate.objects.filter(pk=row_id, pem="").delete()[0]:
            journal.record("CertificateNotSigned", who="central_system", why_not=why)


def install(row_id: int, own: Own) -> bool:
    """Keep a certificate that was found to be right; False: nobody waits for it any more."""
    with journal.one_commit():
        row = StationCertificate.objects.filter(pk=row_id, pem="").first()
        if row is None:
            return False
        row.pem, row.subject, row.serial_number, row.fingerprint = (
            own.pem,
            own.subject,
            own.serial_number,
            own.fingerprint,
        )
        row.valid_from, row.valid_until, row.installed_at = own.valid_from, own.valid_until, now().at
        row.save()
        about = f"Certificate of the station installed: {row.subject}"
        journal.record("CertificateInstalled", who="central_system", about=about, fingerprint=row.fingerprint)
        services.security_event(CHANGED, about)
    live.changed()
    return True


def expires(moment: Moment) -> StationCertificate | None:
    """The newest certificate, in the month before its end or after it, while nothing was done about it."""
    newest = StationCertificate.objects.exclude(pem="").order_by("-valid_from", "-pk").first()
    if newest is None or newest.expiry_told or not moment.clock_known:
        return None
    return newest if newest.valid_until and newest.valid_until - moment.at <= RENEWAL else None


def tell_expiry(row: StationCertificate, *, renewed: bool) -> None:
    """Once: a journal entry for people, and an order where the station may make one (A03)."""
    with journal.one_commit():
        StationCertificate.objects.filter(pk=row.pk).update(expiry_told=True)
        until = row.valid_until.isoformat() if row.valid_until else ""
        journal.record("CertificateExpires", who=STATION, subject=row.subject, until=until, ordered=renewed)
        if renewed:
            order(STATION)
    live.changed()


def sweep(moment: Moment) -> None:
    """Forget certificates that a better one has replaced a month ago, and keys that no row needs."""
    replaced = (
        StationCertificate.objects.filter(let_in_at__lt=moment.at - FALLBACK).order_by("-valid_from", "-pk").first()
    )
    if replaced is not None and replaced.valid_from is not None:
        StationCertificate.objects.exclude(pem="").filter(valid_from__lt=replaced.valid_from).delete()
    needed = {key_path(row).name for row in StationCertificate.objects.all()}
    for path in _folder().glob("*.key"):
        if path.name not in needed:
            path.unlink(missing_ok=True)
