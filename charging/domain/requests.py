"""What may be asked of a connector now. A request is refused before it is recorded, with a code that has a sentence."""

from __future__ import annotations

from enum import StrEnum

from . import events as e
from .connector import CableOwner, Connector, Reservation
from .observation import Phase


class Refusal(StrEnum):
    """Why a request is refused; kiosk and console have a sentence for each in every language."""

    BUSY = "busy"  # a transaction runs here
    OUT_OF_SERVICE = "out_of_service"
    FAULTED = "faulted"
    EMERGENCY = "emergency"
    RESERVED = "reserved"
    NO_CONTACT = "no_contact"
    NOTHING_TO_STOP = "nothing_to_stop"
    NOT_YOURS = "not_yours"
    UNKNOWN_CONNECTOR = "unknown_connector"
    OCCUPIED = "occupied"
    UNPLUG_FIRST = "unplug_first"  # the vehicle has ended a DC session that its board cannot begin again
    NOT_RECORDED = "not_recorded"
    NOT_SUPPORTED = "not_supported"
    NEEDS_CARD = "needs_card"
    CARD_UNKNOWN = "card_unknown"
    CARD_BLOCKED = "card_blocked"
    CARD_EXPIRED = "card_expired"
    CARD_IN_USE = "card_in_use"
    CARD_UNREADABLE = "card_unreadable"
    CARD_RANDOM = "card_random"  # a telephone or a passport: another number at every tap
    CENTRAL_SYSTEM_ABSENT = "central_system_absent"  # nobody can be asked about this card now
    CHOOSE_CONNECTOR = "choose_connector"
    NOT_AT_CABINET = "not_at_cabinet"
    BUTTON_PRESSED = "button_pressed"
    NOTHING_LATCHED = "nothing_latched"
    UNKNOWN_RESERVATION = "unknown_reservation"
    CABLE_KEPT = "cable_kept"  # the lock keeps the cable for who started
    TOO_LATE = "too_late"  # what was asked for has ended already
    CLOCK_UNKNOWN = "clock_unknown"  # the station does not know the time yet
    LIST_OUTDATED = "list_outdated"  # SendLocalList: VersionMismatch, OCPP 1.6 section 7.47
    LIST_WRONG = "list_wrong"  # SendLocalList: Failed
    CACHE_OFF = "cache_off"  # ClearCache: Rejected
    PROFILE_WRONG = "profile_wrong"  # RemoteStartTransaction: Rejected
    RESTARTING = "restarting"  # the whole station, now or a moment ago
    UPDATING = "updating"  # firmware is being written to a board


def refusal_of(c: Connector, event: e.Event) -> Refusal | None:
    """Why *event* cannot be accepted by *c* now, or None. Observations are never refused."""
    if isinstance(event, e.Authorized):
        return _start_refused(c, event)
    if isinstance(event, e.StopRequested):
        return None if c.transaction or c.authorization or c.cable_owner else Refusal.NOTHING_TO_STOP
    if isinstance(event, e.ReservationRequested):
        return _reservation_refused(c, event)
    return None


def _start_refused(c: Connector, event: e.Authorized) -> Refusal | None:
    if "EmergencyStop" in c.faults:
        return Refusal.EMERGENCY
    if c.transaction or (c.cable_owner and not _is_for(c.cable_owner, event)):
        return Refusal.BUSY
    if c.authorization and c.authorization.id_tag.upper() != event.id_tag.upper():
        return Refusal.BUSY
    if c.inoperative or c.becomes_inoperative:
        return Refusal.OUT_OF_SERVICE
    if c.blocked:
        return Refusal.FAULTED
    if c.lost_s is not None:
        return Refusal.NO_CONTACT
    if c.reservation and not _is_for(c.reservation, event):
        return Refusal.RESERVED
    over = c.plugged and c.phase is Phase.FINISHED and not c.capability.can_resume
    return Refusal.UNPLUG_FIRST if over else None


def _is_for(held: Reservation | CableOwner, event: e.Authorized) -> bool:
    """The idTag or its parent, without regard to case (OCPP 1.6 section 3.8 and 7.8)."""
    if held.id_tag.upper() == event.id_tag.upper():
        return True
    return bool(held.parent_id_tag) and held.parent_id_tag.upper() == event.parent_id_tag.upper()


def _reservation_refused(c: Connector, event: e.ReservationRequested) -> Refusal | None:
    """The same reservation asked again replaces itself (OCPP 1.6 section 5.13)."""
    if c.blocked:
        return Refusal.FAULTED
    if c.inoperative or c.becomes_inoperative:
        return Refusal.OUT_OF_SERVICE
    replaces = c.reservation is None or c.reservation.reservation_id == event.reservation_id
    return None if c.idle and replaces else Refusal.OCCUPIED
