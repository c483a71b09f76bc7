"""A journal entry as one sentence for a technician. Whatever the body holds is shown as text, never trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from charging.models import JournalEntry, Wish
from charging.words import LIMITS, REFUSALS, SCREEN_CAUSES, SECURITY_EVENTS, STOP_REASONS, Text, fault_shown, words_of

LONGEST: Final = 200
ABSENT: Final = "—"

SENTENCES: Final[dict[str, Text]] = {
    "SessionOpened": _("Charging session opened"),
    "SessionClosed": _("Charging session closed"),
    "PluggedIn": _("Plugged in"),
    "PluggedOut": _("Plug removed"),
    "AuthorizationKept": _("Authorized: %(id_tag)s by %(by)s"),
    "AuthorizationDropped": _("Authorization of %(id_tag)s ended: %(why)s"),
    "TransactionStarted": _("Transaction started: %(id_tag)s at %(meter_start_wh)s Wh"),
    "TransactionInvalidated": _("idTag not accepted by the central system; energy up to %(ends_at_wh)s Wh"),
    "CableKept": _("Cable kept locked for %(id_tag)s"),
    "CableReleased": _("Cable of %(id_tag)s kept no longer"),
    "MeterValuesTaken": _("Meter values (%(context)s): %(register_wh)s Wh, %(power_w)s W"),
    "TransactionResumed": _("Transaction goes on after %(away_s)s s"),
    "StopWanted": _("Stop wanted: %(reason)s"),
    "TransactionStopped": _("Transaction stopped: %(reason)s at %(meter_stop_wh)s Wh"),
    "FaultsChanged": _("Faults raised: %(raised)s; cleared: %(cleared)s"),
    "AvailabilityChanged": _("Availability changed, held out of service by: %(sources)s"),
    "ContactChanged": _("No contact with the controller: %(lost)s"),
    "ReservationEnded": _("Reservation %(reservation_id)s ended: %(why)s"),
    "LimitChanged": _("Limit %(power_w)s W, %(current_a)s A by %(source)s"),
    "CardPresented": _("Card %(id_tag)s held to the reader"),
    "IdTagSent": _("Central system wants to start with %(id_tag)s"),
    "AuthorizationUnanswered": _("Central system did not answer in time about %(id_tag)s"),
    "LocalListConflict": _("%(id_tag)s is %(listed)s on the list, %(told)s for the central system"),
    "LocalListChanged": _("Central system's list changed: %(changed)s"),
    "CacheCleared": _("Authorization cache cleared: %(count)s"),
    "TimeTold": _("Time taken over from a server: %(changed)s"),
    "CentralSystemLink": _("Central system can be asked: %(up)s"),
    "CentralSystemBegins": _("From here on the central system is told what happens"),
    "CentralSystemChanged": _("Central system changed: %(changes)s"),
    "Registered": _("Registered at the central system: %(status)s"),
    "MessageParked": _("%(action)s could not be delivered and was given up: %(answer)s"),
    "CentralSystemConfigured": _("Central system configured: %(changed)s"),
    "StationAvailability": _("Availability of the station: %(changed)s"),
    "StationReserved": _("Station reserved for %(id_tag)s: %(reservation_id)s"),
    "CardAccepted": _("Card %(id_tag)s accepted, waiting for the plug"),
    "CardRefused": _("Card %(id_tag)s refused: %(why)s"),
    "CardExpired": _("Card %(id_tag)s was not used in time"),
    "CardChosen": _("Connector chosen for the card"),
    "CardLearned": _("Card added to the list"),
    "LearningCard": _("The next card will be added to the list"),
    "CardChanged": _("Card %(id_tag)s changed in the console"),
    "CardRemoved": _("Card %(id_tag)s removed in the console"),
    "CardGroupChanged": _("Card group %(parent_id_tag)s changed in the console"),
    "CardGroupRemoved": _("Card group %(parent_id_tag)s removed in the console"),
    "CardsExported": _("Card list downloaded"),
    "TechnicianPresent": _("Technician's card at the reader"),
    "EmergencyStopped": _("Emergency stop"),
    "EmergencyAcknowledged": _("Emergency stop acknowledged at the cabinet"),
    "EmergencyReleased": _("Emergency stop released"),
    "EmergencyStillPressed": _("Acknowledgement taken back: the emergency button is still pressed"),
    "ConnectorAdded": _("Connector found: %(standard)s on board %(board_serial)s, index %(board_index)s"),
    "ConnectorChanged": _("Connector describes itself anew: %(standard)s on board %(board_serial)s"),
    "CertificateOrdered": _("A certificate of the station was ordered"),
    "CertificateNotSigned": _("The central system does not have the station certified: %(why_not)s"),
    "CertificateExpires": _(
        "The certificate of the station, %(subject)s, is valid until %(until)s; renewed: %(ordered)s"
    ),
    "CredentialsTried": _("Central system ordered other credentials, which are tried: %(what)s"),
    "CredentialsSettled": _("Other credentials of the link are kept: %(what)s, %(kept)s"),
    "CertificateInstalled": _("Certificate: %(about)s"),
    "CertificateDeleted": _("Certificate: %(about)s"),
    "FirmwareUpdate": _("Firmware update %(update)s: %(state)s %(version)s %(why)s"),
    "Upload": _("Upload of %(file)s: %(state)s %(why)s"),
    "FirmwareReadBack": _("Firmware of board %(board_serial)s: %(before)s → %(after)s"),
    "ReplacementConfirmed": _("Exchanged board confirmed: %(before)s → %(after)s"),
    "SurroundingsChanged": _("Different surroundings found at the start"),
    "ProfileSet": _("Charging profile %(profile)s set: %(purpose)s"),
    "ProfilesCleared": _("Charging profiles cleared: %(profiles)s"),
    "SecurityEvent": _("Security: %(event)s. %(about)s"),
    "Restarting": _("%(reset)s reset: everything is started again, attempt %(attempts)s"),
    "ScreenStartedAgain": _("The screen was started again: %(cause)s"),
    "StationStarted": _("Station started, away for %(away_s)s s"),
    "ClockBecameKnown": _(
        "The clock became known: %(entries)s entries were put right, %(estimated)s of them estimated"
    ),
    "SettingsChanged": _("Settings changed: %(changes)s"),
    "ConfigurationChanged": _("Configuration document applied"),
    "AwaitedConnectorConfigured": _("Connector configured as the document had said"),
    "Wished": _("Wished: %(kind_of_wish)s"),
    "WishEnded": _("Wish ended: %(kind_of_wish)s: %(result)s"),
    "Asked": _("Technician asked: %(what)s%(refusal)s"),
    "PersonChanged": _("Person %(person)s changed: %(fields)s"),
    "PersonRemoved": _("Person %(person)s removed"),
    "LoggedIn": _("Logged in to the console from %(address)s"),
    "LoggedOut": _("Logged out of the console"),
    "LoginThrottled": _("Too many wrong passwords from %(address)s"),
}

_WORDS: Final[dict[str, dict[str, Text]]] = {  # of what is a code in the body
    "cause": SCREEN_CAUSES,
    "event": SECURITY_EVENTS,
    "kind_of_wish": dict(Wish.Kind.choices),
    "reason": STOP_REASONS,
    "refusal": REFUSALS,
    "source": LIMITS,
    "why": REFUSALS,
}


class _Told(dict[str, str]):
    """The body as text; a value that is missing in this entry is a dash."""

    def __missing__(self, key: str) -> str:
        return ABSENT


def sentence_of(entry: JournalEntry) -> str:
    """One sentence; the kind itself when this version has no sentence for it."""
    template = str(SENTENCES.get(entry.kind, entry.kind.replace("%", "%%")))
    if entry.kind == "StationStarted" and entry.body.get("away_s") is None:
        return str(_("Station started"))
    if entry.kind == "StationStarted" and entry.body.get("reset"):
        template = str(_("Station started after a reset (%(reset)s), away for %(away_s)s s"))
    return (template % _Told(_told(entry.kind, entry.body)))[:LONGEST]


def _told(kind: str, body: Mapping[str, Any]) -> dict[str, str]:
    told = {key: _text(key, value) for key, value in body.items()}
    if kind == "Asked":
        told["refusal"] = f": {told['refusal']}" if body.get("refusal") else ""
    return told


def _text(key: str, value: Any) -> str:
    if key in _WORDS:
        return words_of(_WORDS[key], str(value))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if key in {"raised", "cleared"} and isinstance(value, list):
        return ", ".join(fault_shown(str(name))["title"] for name in value) or ABSENT
    if key in {"changes", "changed"} and isinstance(value, dict):
        return ", ".join(f"{name}: {_arrow(pair)}" for name, pair in value.items())
    return _plain(value)


def _arrow(pair: Any) -> str:
    return " → ".join(_plain(value) for value in pair) if isinstance(pair, list) else _plain(pair)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value) or ABSENT
    return ABSENT if value is None or value == "" else str(value)
