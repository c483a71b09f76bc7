"""How the station presents itself to its central system, round by round: addresses, password and TLS."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from ocpp_client import credentials
from ocpp_client.addresses import Address
from ocpp_client.causes import Cause
from ocpp_client.certificates import own, store, tls
from ocpp_client.credentials import WITH_TLS, Credentials
from ocpp_client.models import CentralSystem, Certificate, StationCertificate

log = logging.getLogger(__name__)

# Ends of an attempt that say nothing of credentials: nobody was asked.
SAY_NOTHING: Final = frozenset({Cause.ASKED, Cause.INTERNAL, Cause.DNS, Cause.UNREACHABLE, Cause.ADDRESS})

# The server did not open a WebSocket: 401, and what servers answer that do not want to say whether the station exists.
REFUSED: Final = frozenset({Cause.UNAUTHORIZED, Cause.NOT_FOUND, Cause.HTTP})


@dataclass(slots=True)
class Presentation:
    """One central system's. `addresses` and `settled` in the thread of the database, the rest in the event loop."""

    _present: Credentials | None = None
    _candidates: tuple[Credentials, ...] = ()
    _chosen: Credentials | None = None
    _refusals: int = 0
    _was_refused: bool = False  # in this round
    _open: bool = False
    _heard: bool = False
    _settled: bool = False

    def addresses(self) -> list[Address]:
        """In the order in which they are tried in this round. Raises django.db.DatabaseError."""
        row = CentralSystem.objects.get(pk=1)
        candidates = credentials.candidates_of(row)
        self._refusals = self._refusals + self._was_refused if candidates == self._candidates else 0
        self._was_refused = False
        self._present, self._candidates = credentials.present_of(row), candidates
        self._chosen = credentials.turn(self._present, candidates, self._refusals)
        return _addresses(row, self._chosen)

    def opened(self) -> None:
        """A link is open; whether it was let in, is not said yet."""
        self._open, self._heard, self._settled = True, False, False

    def heard(self) -> bool:
        """The central system said something: it has let us in. Whether this is the first time on this link."""
        first, self._heard = not self._heard, True
        return first

    def ended(self, cause: Cause) -> None:
        """A link ended, or an attempt."""
        if not self._heard and self._tells(cause):
            self._was_refused = True
        self._open = self._heard = False

    def _tells(self, cause: Cause) -> bool:
        """Whether this end is about them. With another profile or certificate everything may be: also a closed port."""
        if cause in SAY_NOTHING:
            return False
        ways = {(each.profile, each.certificate) for each in (self._present, *self._candidates) if each}
        return cause in REFUSED or self._open or len(ways) > 1

    def settled(self) -> CentralSystem | None:
        """Keep what was let in, if that is the case and anything has to be decided; see credentials.settle."""
        if not self._heard or self._settled or self._chosen is None:
            return None
        row = credentials.settle(self._chosen, self._candidates)
        self._settled = True
        return row


def _addresses(row: CentralSystem, chosen: Credentials) -> list[Address]:
    urls = [url for url in (row.primary_url, row.secondary_url) if url]
    if chosen.profile in WITH_TLS:
        urls = [url.replace("ws://", "wss://", 1) if url.startswith("ws://") else url for url in urls]
    found = [Address(url, row.charge_point_id, chosen.password) for url in urls]
    if not any(each.secure for each in found):
        return found
    roots = store.installed(Certificate.Use.CENTRAL_SYSTEM_ROOT)
    context = tls.context_of(roots, system=chosen.profile not in WITH_TLS)
    certificate = StationCertificate.objects.filter(pk=chosen.certificate or 0).first()
    if certificate is not None:
        try:
            tls.present(context, certificate.pem, own.key_path(certificate))
        except OSError as error:
            log.warning("The certificate of the station cannot be used: %s", error)
    return [Address(each.url, each.charge_point_id, each.password, context) for each in found]
