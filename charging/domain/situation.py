"""What a connector is doing, in one word for people: the key of the sentence, of the picture and of the light."""

from __future__ import annotations

from typing import Final

from .connector import Connector
from .faults import FAULTS, blocks
from .status import Status, status_of

SITUATIONS: Final = (
    "free",
    "plug_in",  # authorized, waiting for the plug
    "authorize",  # plugged, waiting for a card or the start button
    "connecting",  # authorized and plugged, the vehicle is being prepared
    "waiting_turn",  # another connector of the cabinet delivers
    "charging",
    "paused_by_car",
    "paused_by_station",
    "stopping",
    "unplug",  # finished, the plug is still in
    "reserved",
    "out_of_service",
    "fault_user",  # the EV driver can do something about it
    "fault",
    "emergency",
    "no_contact",  # the controller does not answer
)


def situation_of(c: Connector) -> str:
    """The one word, one of SITUATIONS."""
    if "EmergencyStop" in c.faults:
        return "emergency"
    if c.blocked:
        return _fault_of(c)
    if c.lost_s is not None:
        return "no_contact"
    if c.transaction and c.stop:
        return "stopping"
    if c.waits_for_turn:
        return "waiting_turn"
    return _BY_STATUS.get(status_of(c)) or _preparing(c)


def _fault_of(c: Connector) -> str:
    blocking = [name for name in c.faults if blocks(frozenset({name}))]
    return "fault_user" if all(name in FAULTS and FAULTS[name].by_user for name in blocking) else "fault"


def _preparing(c: Connector) -> str:
    if c.transaction or (c.plugged and c.authorization):
        return "connecting"
    return "plug_in" if c.authorization else "authorize"


_BY_STATUS: Final = {
    Status.AVAILABLE: "free",
    Status.CHARGING: "charging",
    Status.SUSPENDED_EV: "paused_by_car",
    Status.SUSPENDED_EVSE: "paused_by_station",
    Status.FINISHING: "unplug",
    Status.RESERVED: "reserved",
    Status.UNAVAILABLE: "out_of_service",
}
