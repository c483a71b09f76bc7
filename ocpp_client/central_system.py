"""Which central system is in use? The one row, and what changes when there is none."""

from __future__ import annotations

import logging
from typing import Final

from django.db import DatabaseError, close_old_connections

from charging import journal, live, services
from charging.domain.security import SecurityEvent
from ocpp_client import credentials
from ocpp_client.models import CentralSystem

log = logging.getLogger(__name__)

SECRETS: Final = frozenset({"authorization_key"})
MASK: Final = "******"
CREDENTIALS: Final = SECRETS | {"security_profile"}
WHO_AND_WHERE: Final = frozenset({"primary_url", "secondary_url", "charge_point_id"})


def named() -> CentralSystem | None:
    """The row of a central system that is in use; None while there is none, or while nobody can read it."""
    try:
        row = CentralSystem.objects.filter(pk=1, enabled=True).exclude(primary_url="").first()
        if row is None:
            services.central_system_configured(configured=False)
    except DatabaseError as error:
        log.warning("Whether there is a central system cannot be read (%s).", error)
        close_old_connections()
        return None
    return row


def change(who: str, **columns: object) -> None:
    """Set columns of the row, journaled with what they were before; a password without its value.

    Raises django.core.exceptions.ValidationError when a value is out of its bounds; then nothing is changed.
    """
    with journal.one_commit():
        row = CentralSystem.objects.get_or_create(pk=1)[0]
        before = {name: getattr(row, name) for name in columns}
        for name, value in columns.items():
            setattr(row, name, value)
        changed = {name for name in columns if before[name] != columns[name]}
        if WHO_AND_WHERE & changed:
            row.registration = ""  # another central system has not accepted this station yet
        if SECRETS & changed:
            row.authorization_key_octets = False  # people enter text
        if (WHO_AND_WHERE | CREDENTIALS) & changed:
            row.candidate_key, row.candidate_profile = "", None  # of what a central system ordered before
        row.full_clean()
        row.save(update_fields=[*columns, "registration", *credentials.COLUMNS])
        changes = {
            name: [MASK, MASK] if name in SECRETS else [str(before[name]), str(value)]
            for name, value in columns.items()
            if before[name] != value
        }
        journal.record("CentralSystemChanged", who=who, changes=changes)
        if touched := sorted((WHO_AND_WHERE | CREDENTIALS) & changes.keys()):
            about = f"{who} changed {', '.join(touched)} of the central system."
            services.security_event(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, about)
    live.changed()
