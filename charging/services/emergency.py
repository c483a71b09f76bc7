"""The latched emergency stop of the station: first the wire, then the row; released only at the cabinet."""

from __future__ import annotations

import logging
import socket
from typing import Final

from django.db import DatabaseError

from charging import journal, live, record
from charging.clock import Moment, now
from charging.domain import events as e
from charging.domain.requests import Refusal
from charging.models import Connector as Row
from charging.models import JournalEntry, Station, Wish
from charging.services.answer import ACCEPTED, Answer, refused
from charging.services.asking import raise_fault
from charging.services.wishing import UNFINISHED, wish

log = logging.getLogger(__name__)

ONLY: Final = frozenset({"EmergencyStop"})
SETTLES_WITHIN_S: Final = 2.0  # a frame and its commit, on a line with noise


def emergency_stop(who: str) -> Answer:
    """Open every contactor now and latch it. Accepted when the wire or the record took it."""
    told = _tell_controllers()
    try:
        latch_emergency(who, now())
    except DatabaseError:
        log.exception("The emergency stop of %s is on the wire; its record follows from the controllers.", who)
        return ACCEPTED if told else refused(Refusal.NOT_RECORDED)
    return ACCEPTED


def _tell_controllers() -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.setblocking(False)
            live.send_to_controllers(wire, live.STOP)
    except OSError as error:
        log.warning("The controllers process does not listen for emergency stops (%s); the record tells it.", error)
        return False
    return True


def latch_emergency(who: str, moment: Moment) -> bool:
    """Latch the station and every connector in one commit. False when it was latched already.

    A stop after the acknowledgement takes that back: what was acknowledged is not what was stopped last.
    """
    with journal.one_commit():
        station = record.station_row()
        if station.emergency and not station.emergency_acknowledged:
            return False
        record.change_station(
            moment=moment, who=who, kind="EmergencyStopped", emergency=True, emergency_acknowledged=False
        )
        for number in Row.objects.values_list("pk", flat=True):
            record.happen(number, [e.FaultRaised(now_s=moment.mono_s, name="EmergencyStop")], moment=moment, who=who)
    live.wake()
    live.changed()
    return True


def switch_off(connector_number: int, who: str) -> Answer:
    """The same latch on one connector (requirement MON-6)."""
    return raise_fault(connector_number, "EmergencyStop", who=who)


def acknowledge(who: str, *, at_cabinet: bool) -> Answer:
    """A technician at the cabinet has seen the emergency stop. It ends when the button is out as well."""
    if not at_cabinet:
        return refused(Refusal.NOT_AT_CABINET)
    moment = now()
    pressed = any(reading.get("button_pressed") for reading in live.readings().values())
    with journal.one_commit():
        if not record.station_row().emergency:
            return refused(Refusal.NOTHING_LATCHED)
        if pressed:
            return refused(Refusal.BUTTON_PRESSED)
        record.change_station(moment=moment, who=who, kind="EmergencyAcknowledged", emergency_acknowledged=True)
        for number in Row.objects.values_list("pk", flat=True):
            wish(Wish.Kind.CLEAR_FAULTS, number, who=who)
    live.wake()
    live.changed()
    return ACCEPTED


def release_if_clear(station: Station, moment: Moment) -> bool:
    """End the emergency when it was acknowledged and no board reports it any more; True when it ended.

    An acknowledgement while a board still reports the button is taken back when its wishes have ended.
    """
    if not (station.emergency and station.emergency_acknowledged):
        return False
    pressed = [c.number for c in record.connectors(station) if "EmergencyStop" in c.board_faults and c.lost_s is None]
    if pressed:
        _take_back(pressed, moment)
        return False
    with journal.one_commit():
        record.change_station(
            moment=moment, who="", kind="EmergencyReleased", emergency=False, emergency_acknowledged=False
        )
        for number in Row.objects.values_list("pk", flat=True):
            event = e.FaultsAcknowledged(now_s=moment.mono_s, names=ONLY)
            record.happen(number, [event], moment=moment, who="")
    live.wake()
    live.changed()
    return True


def _is_settling(moment: Moment) -> bool:
    """Whether a board is still being asked to let go, or its frame after that is still to come."""
    if Wish.objects.filter(kind=Wish.Kind.CLEAR_FAULTS, state__in=UNFINISHED).exists():
        return True
    last = JournalEntry.objects.filter(kind="WishEnded").order_by("-pk").first()
    return last is not None and 0 <= moment.mono_s - last.mono_s < SETTLES_WITHIN_S


def _take_back(pressed: list[int], moment: Moment) -> None:
    if _is_settling(moment):
        return
    with journal.one_commit():
        record.change_station(
            moment=moment,
            who="",
            kind="EmergencyStillPressed",
            emergency_acknowledged=False,
        )
    log.warning("Connector %s still reports the emergency button: pull it out, then acknowledge again.", pressed)
