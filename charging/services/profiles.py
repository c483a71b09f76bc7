"""Charging profiles that the central system sets, clears and asks about (OCPP 1.6 sections 5.5, 5.7 and 5.16)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from charging import journal, live, record
from charging.clock import Moment, now
from charging.domain import composite
from charging.domain.profiles import MOST_PROFILES, Kind, Period, Profile, Purpose, Recurrence, Unit, flaw_of
from charging.models import ChargingProfile, Transaction
from charging.models import Connector as Row

NO_TRANSACTION: Final = "A TxProfile is for a running transaction, and none runs at this connector."
OTHER_TRANSACTION: Final = "Another transaction runs at this connector."
NO_CONNECTOR: Final = "There is no such connector."
FULL: Final = "MaxChargingProfilesInstalled are there already: clear one first."


def profile_set(profile: Profile, *, who: str, central_number: int | None = None) -> str:
    """Keep *profile* from now on; why not, or "" when it is kept. *central_number*: the transactionId that it names.

    It takes the place of one with the same id, and of one of the same purpose, level, connector and transaction.
    """
    if flaw := flaw_of(profile):
        return flaw.value
    with journal.one_commit():
        running = None
        if profile.purpose is Purpose.TRANSACTION:
            running = Transaction.objects.filter(connector=profile.connector_number, stopped_at__isnull=True).first()
            if running is None:
                return NO_TRANSACTION
            if central_number not in {None, running.central_number}:
                return OTHER_TRANSACTION
        elif not has_connector(profile.connector_number):
            return NO_CONNECTOR
        return _kept(profile, who, transaction_id=running.pk if running else None)


def may_await(profile: Profile) -> bool:
    """Whether *profile* may come with a remote start: a TxProfile without a flaw, and there is room for it."""
    full = ChargingProfile.objects.count() >= MOST_PROFILES
    return profile.purpose is Purpose.TRANSACTION and flaw_of(profile) is None and not full


def profile_awaits(profile: Profile, id_tag: str, *, who: str) -> None:
    """Keep *profile*, which may_await, for the transaction that *id_tag* is about to begin (section 5.16.2).

    Called in the commit that accepts the idTag.
    """
    _kept(profile, who, id_tag=id_tag.upper())


def _kept(profile: Profile, who: str, *, transaction_id: int | None = None, id_tag: str = "") -> str:
    same_place = Q(
        connector_number=profile.connector_number, purpose=profile.purpose.value, stack_level=profile.stack_level
    )
    moment = now()
    with journal.one_commit():
        ChargingProfile.objects.filter(Q(profile_id=profile.profile_id) | same_place).delete()
        if ChargingProfile.objects.count() >= MOST_PROFILES:
            return FULL
        ChargingProfile.objects.create(
            profile_id=profile.profile_id,
            connector_number=profile.connector_number,
            purpose=profile.purpose.value,
            stack_level=profile.stack_level,
            transaction_id=transaction_id,
            id_tag=id_tag,
            received_at=moment.at,
            calendar=_calendar(profile),
        )
        journal.record(
            "ProfileSet",
            who=who,
            connector_number=profile.connector_number,
            transaction_id=transaction_id,
            moment=moment,
            profile=profile.profile_id,
            purpose=profile.purpose.value,
            calendar=_calendar(profile),
        )
    live.wake()
    return ""


def has_connector(number: int) -> bool:
    """Whether a profile can be meant for it: a connector of this station, or 0."""
    return number == 0 or Row.objects.filter(pk=number).exists()


def profiles_cleared(
    who: str,
    *,
    profile_id: int | None = None,
    connector_number: int | None = None,
    purpose: str | None = None,
    stack_level: int | None = None,
) -> int:
    """Forget every profile that fits all that is given, or all; how many (errata v4.0, 3.25)."""
    asked = {
        "profile_id": profile_id,
        "connector_number": connector_number,
        "purpose": purpose,
        "stack_level": stack_level,
    }
    fields = {name: value for name, value in asked.items() if value is not None}
    with journal.one_commit():
        found = list(ChargingProfile.objects.filter(**fields).values_list("profile_id", flat=True))
        ChargingProfile.objects.filter(profile_id__in=found).delete()
        if found:
            journal.record("ProfilesCleared", who=who, connector_number=connector_number or 0, profiles=found)
    live.wake()
    return len(found)


def composite_schedule(connector_number: int, duration_s: int, unit: Unit) -> composite.Composite | None:
    """What holds over the next *duration_s* seconds; None: no such connector, or the station does not know the time."""
    moment = now()
    station = record.station_row()
    connectors = {c.number: c for c in record.connectors(station)}
    if not moment.clock_known or not connectors or connector_number not in {0, *connectors}:
        return None
    asked = composite.Asked(moment.at, duration_s, unit)
    site = composite.Site(
        limit_w=station.site_limit_w, capabilities={number: c.capability for number, c in connectors.items()}
    )
    rows = list(ChargingProfile.objects.all())
    if not connector_number:
        return composite.of_station([profile_of(row) for row in rows], site, asked)
    running = Transaction.objects.filter(connector=connector_number, stopped_at__isnull=True).first()
    profiles = [profile_of(row) for row in rows if counts(row, running)]
    return composite.of_connector(connector_number, profiles, site, began_at(running, moment), asked)


def counts(row: ChargingProfile, running: Transaction | None) -> bool:
    """Whether *row* says something about what runs, or would run next, at its connector."""
    if row.purpose != Purpose.TRANSACTION:
        return True
    if running is None:
        return bool(row.id_tag)
    return row.transaction_id == running.pk or row.id_tag == running.id_tag.upper()


def began_at(running: Transaction | None, moment: Moment) -> datetime:
    """Where a schedule without a time of its own begins: with the transaction, or with the one that may begin now."""
    return running.started_at if running else moment.at


def profile_of(row: ChargingProfile) -> Profile:
    """The rules' Profile of a row."""
    kept = row.calendar
    return Profile(
        profile_id=row.profile_id,
        connector_number=row.connector_number,
        stack_level=row.stack_level,
        purpose=Purpose(row.purpose),
        kind=Kind(kept["kind"]),
        unit=Unit(kept["unit"]),
        periods=tuple(Period(*each) for each in kept["periods"]),
        received_at=row.received_at,
        recurrence=Recurrence(kept["recurrence"]) if kept["recurrence"] else None,
        starts_at=_moment(kept["starts_at"]),
        duration_s=kept["duration_s"],
        valid_from=_moment(kept["valid_from"]),
        valid_to=_moment(kept["valid_to"]),
        minimum=kept["minimum"],
    )


def _calendar(profile: Profile) -> dict[str, Any]:
    return {
        "kind": profile.kind.value,
        "unit": profile.unit.value,
        "periods": [[each.start_s, each.limit, each.phases] for each in profile.periods],
        "recurrence": profile.recurrence.value if profile.recurrence else "",
        "starts_at": _text(profile.starts_at),
        "duration_s": profile.duration_s,
        "valid_from": _text(profile.valid_from),
        "valid_to": _text(profile.valid_to),
        "minimum": profile.minimum,
    }


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
