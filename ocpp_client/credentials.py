"""With what the station presents itself, and how another password or profile is tried (whitepaper A01 and A05).

What the central system orders is a candidate in the row, beside what is used now. Whichever of the two it lets in is
kept, and the other one is forgotten: only then is anything given up that could still be needed (decision 24).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from charging import journal, live, services
from charging.clock import now
from charging.domain.security import SecurityEvent
from ocpp_client.models import KEY_LENGTH, CentralSystem, Certificate, StationCertificate

PATIENCE: Final = 3  # times that each candidate is refused before what was used before gets its turn
LEAST_CHARACTERS: Final = 16  # A00.FR.205
WITH_PASSWORD: Final = frozenset({1, 2})
WITH_TLS: Final = frozenset({2, 3})
WITH_CERTIFICATE: Final = 3  # in the place of a password
CERTIFICATE: Final = "ChargePointCertificate"
CHANGED: Final = SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS
_OCTETS: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One way to present the station. `octets`: the key is hexadecimal, and what it stands for is the password."""

    key: str
    octets: bool
    profile: int
    certificate: int | None = None  # the StationCertificate of profile 3

    @property
    def password(self) -> bytes | str | None:
        """Of HTTP Basic; None: there is none."""
        if not self.key or self.profile == WITH_CERTIFICATE:
            return None
        return bytes.fromhex(self.key) if self.octets else self.key


def present_of(row: CentralSystem) -> Credentials:
    """What was let in last, or what a technician has entered since."""
    used = _certificate(let_in=True) or _certificate() if row.security_profile == WITH_CERTIFICATE else None
    return Credentials(
        key=row.authorization_key,
        octets=row.authorization_key_octets,
        profile=row.security_profile,
        certificate=used,
    )


def candidates_of(row: CentralSystem) -> tuple[Credentials, ...]:
    """What is tried; nothing most of the time.

    A key is tried as the octets that it stands for (OCPP-J 1.6, 6.2.2), and as text, as which some central systems
    take it.
    """
    present = present_of(row)
    if row.candidate_key:
        return tuple(replace(present, key=row.candidate_key, octets=octets) for octets in (True, False))
    if row.candidate_profile is not None:
        certificate = _certificate() if row.candidate_profile == WITH_CERTIFICATE else None
        return (replace(present, profile=row.candidate_profile, certificate=certificate),)
    newest = _certificate() if present.certificate else None
    return () if newest == present.certificate else (replace(present, certificate=newest),)


def _certificate(*, let_in: bool = False) -> int | None:
    """The newest that is valid now and was not refused, by the start of its validity (A02.FR.08, FR.09)."""
    at = now().at
    rows = StationCertificate.objects.exclude(pem="").filter(valid_from__lte=at, valid_until__gte=at)
    rows = rows.filter(let_in_at__isnull=False) if let_in else rows.filter(refused_at__isnull=True)
    return rows.order_by("-valid_from", "-pk").values_list("pk", flat=True).first()


def has_begun(row: CentralSystem) -> bool:
    """Whether a certificate has become valid since the link was opened (A02.FR.08)."""
    begun = [each.certificate for each in candidates_of(row) if each.certificate]
    return StationCertificate.objects.filter(pk__in=begun, valid_from__gt=row.connected_at or now().at).exists()


def turn(present: Credentials, candidates: Sequence[Credentials], refusals: int) -> Credentials:
    """Whose turn it is after so many refusals: the candidates' first, and later everybody's, for ever."""
    if not candidates:
        return present
    if refusals < PATIENCE * len(candidates):
        return candidates[refusals % len(candidates)]
    everybody = (present, *candidates)
    return everybody[(refusals - PATIENCE * len(candidates)) % len(everybody)]


# --- what the central system orders -------------------------------------------------------------------


def order_key(value: str, who: str) -> bool:
    """AuthorizationKey: whether it is one, and will be tried. One change at a time."""
    if not _OCTETS.fullmatch(value):
        return False
    row = CentralSystem.objects.get(pk=1)
    return not is_tried(row) and _ordered(row, who, candidate_key=value)


def order_profile(value: str, who: str) -> bool:
    """SecurityProfile: whether it is a higher one, has what it needs, and will be tried (A05.FR.01 to FR.05)."""
    row = CentralSystem.objects.get(pk=1)
    if value not in {"1", "2", "3"} or int(value) <= row.security_profile or is_tried(row):
        return False
    return not missing_for(int(value), row.authorization_key) and _ordered(row, who, candidate_profile=int(value))


class Missing(StrEnum):
    """What a security profile needs."""

    KEY = "key"
    ROOT = "root"
    CERTIFICATE = "certificate"


def missing_for(profile: int, key: str) -> Missing | None:
    """What is not there for *profile*, with *key* as the password; None: nothing."""
    if profile in WITH_PASSWORD and not LEAST_CHARACTERS <= len(key) <= KEY_LENGTH:
        return Missing.KEY
    if profile in WITH_TLS and not _is_valid_now(Certificate.Use.CENTRAL_SYSTEM_ROOT):
        return Missing.ROOT
    return Missing.CERTIFICATE if profile == WITH_CERTIFICATE and _certificate() is None else None


def _is_valid_now(use: str) -> bool:
    at = now().at
    return Certificate.objects.filter(use=use, valid_from__lte=at, valid_until__gte=at).exists()


def is_tried(row: CentralSystem) -> bool:
    """Whether there is a candidate."""
    return bool(row.candidate_key) or row.candidate_profile is not None


def _ordered(row: CentralSystem, who: str, **candidate: object) -> bool:
    with journal.one_commit():
        CentralSystem.objects.filter(pk=row.pk).update(**candidate)
        row.refresh_from_db()
        journal.record("CredentialsTried", who=who, what=_name(row))
    return True


def _name(row: CentralSystem) -> str:
    """What is tried."""
    if row.candidate_key:
        return "AuthorizationKey"
    return "SecurityProfile" if row.candidate_profile is not None else CERTIFICATE


# --- what the central system lets in ------------------------------------------------------------------


def settle(let_in: Credentials, candidates: Sequence[Credentials]) -> CentralSystem | None:
    """The central system spoke over a link that was opened with *let_in*, while *candidates* were being tried.

    From now on that is what is used. The row as it is now; None: nothing had to be decided. Raises DatabaseError.
    """
    with journal.one_commit():
        row = CentralSystem.objects.get(pk=1)
        decided = bool(candidates) and candidates_of(row) == tuple(candidates)
        StationCertificate.objects.filter(pk=let_in.certificate or 0, let_in_at=None).update(let_in_at=now().at)
        if not decided:
            return None
        what, kept = _name(row), let_in in candidates
        if not kept and what == CERTIFICATE:
            tried = [each.certificate or 0 for each in candidates]
            StationCertificate.objects.filter(pk__in=tried).update(refused_at=now().at)
        row.candidate_key, row.candidate_profile = "", None
        if kept:
            row.authorization_key, row.authorization_key_octets = let_in.key, let_in.octets
            row.security_profile = let_in.profile
        row.save(update_fields=COLUMNS)
        journal.record("CredentialsSettled", who="central_system", what=what, kept=kept)
        about = f"{what} was changed" if kept else f"{what} was not let in: the one before stays"
        services.security_event(CHANGED, about)
    live.changed()
    return row


COLUMNS: Final = (
    *("authorization_key", "authorization_key_octets", "security_profile"),
    *("candidate_key", "candidate_profile"),
)
