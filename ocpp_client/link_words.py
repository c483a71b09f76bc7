"""How the link to the central system is, in one sentence for a technician."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ocpp_client.credentials import Missing
from ocpp_client.disconnect_words import disconnect_words
from ocpp_client.models import CentralSystem
from ocpp_client.registration import Registered


def missing_words(missing: Missing) -> str:
    """What a security profile needs and this station does not have."""
    match missing:
        case Missing.KEY:
            return _("This profile needs a password of 16 to 40 characters.")
        case Missing.ROOT:
            return _(
                "This profile needs a root of the central system that is valid now: the central system installs it."
            )
        case Missing.CERTIFICATE:
            return _("This profile needs a certificate of the station: the central system has it made.")


def link_words(row: CentralSystem | None) -> tuple[str, bool | None]:
    """The sentence, and whether that is well (None: there is nothing to judge)."""
    if row is None or not row.enabled:
        return _("No central system is in use."), None
    if row.connected_at is None:
        return f"{_('Not connected.')} {disconnect_words(row.disconnect_sentence)}".strip(), False
    since = _("Connected since %(at)s.") % {"at": f"{row.connected_at:%Y-%m-%d %H:%M:%S} UTC"}
    if row.registration == Registered.ACCEPTED:
        return since, True
    return f"{since} {registration_words(row)}", False


def registration_words(row: CentralSystem) -> str:
    """What the central system answered to the last BootNotification."""
    match row.registration:
        case Registered.ACCEPTED:
            return _("It has accepted this station.")
        case Registered.PENDING:
            return _("It has not accepted this station yet: it wants to set it up first.")
        case Registered.REJECTED:
            return _("It rejects this station: ask there whether it knows this identity.")
    return _("It has not accepted this station.")
