"""The record: rows of independent facts, and one append-only journal. Whatever can be computed is not here."""

from charging.models.cards import Card, CardGroup, PresentedCard
from charging.models.connectors import ChargingSession, Connector, ExclusionClaim, MeterSample, Transaction
from charging.models.id_tags import ID_TAG_LENGTH, CachedIdTag, ListedIdTag, id_tag_characters
from charging.models.journal import Cursor, JournalEntry
from charging.models.profiles import ChargingProfile
from charging.models.reservations import StationReservation
from charging.models.security_log import SecurityLogEntry
from charging.models.station import Station
from charging.models.wishes import Wish

__all__ = [
    "ID_TAG_LENGTH",
    "CachedIdTag",
    "Card",
    "CardGroup",
    "ChargingProfile",
    "ChargingSession",
    "Connector",
    "Cursor",
    "ExclusionClaim",
    "JournalEntry",
    "ListedIdTag",
    "MeterSample",
    "PresentedCard",
    "SecurityLogEntry",
    "Station",
    "StationReservation",
    "Transaction",
    "Wish",
    "id_tag_characters",
]
