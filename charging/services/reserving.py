"""Reservations (OCPP 1.6 sections 5.1 and 5.13): of one connector, a fact of it; of the whole station, a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import F

from charging import journal, record
from charging.clock import Moment, now
from charging.domain import events as e
from charging.domain.authorization import owns
from charging.domain.connector import Reservation
from charging.domain.requests import Refusal
from charging.domain.reservations import leaves_enough_free, matching, station_refusal
from charging.models import Connector as Row
from charging.models import Station, StationReservation
from charging.services.answer import ACCEPTED, Answer, answer_of, refused
from charging.services.recording import recorded


def authorize(connector_number: int, event: e.Authorized, *, moment: Moment, who: str) -> Refusal | None:
    """Record an accepted idTag at a connector; None when it was taken.

    Reservations of the station are minded: for whom one is made uses it up, nobody else takes the last free
    connector. Raises Connector.DoesNotExist and django.db.DatabaseError.
    """
    with journal.one_commit():
        held = _held()
        connectors = record.connectors() if held else []
        at = next((c for c in connectors if c.number == connector_number), None)
        mine = matching(held, event.id_tag, event.parent_id_tag) if at and not at.reservation else None
        if mine:
            event = replace(event, reservation_id=mine.reservation_id)
        elif at and not (_is_for(at.reservation, event) or leaves_enough_free(connectors, at.number, len(held))):
            return Refusal.RESERVED
        outcome = record.happen(connector_number, [event], moment=moment, who=who)
        if mine and outcome.refusal is None:
            _end([mine.reservation_id], "used", moment)
    return outcome.refusal


def _is_for(reservation: Reservation | None, event: e.Authorized) -> bool:
    return reservation is not None and owns(
        reservation.id_tag, reservation.parent_id_tag, event.id_tag, event.parent_id_tag
    )


def _held() -> list[Reservation]:
    return [
        Reservation(
            reservation_id=row.reservation_id,
            id_tag=row.id_tag,
            parent_id_tag=row.parent_id_tag,
            expires_s=row.expires_s,
        )
        for row in StationReservation.objects.all()
    ]


def reserve(connector_number: int, asked: Reservation, *, until: datetime, who: str) -> Answer:
    """Keep a connector, or with 0 any one of the station, for an idTag or its group until *until*.

    `asked.expires_s` is ignored: *until* counts. One of the same reservationId is replaced, wherever it was.
    Refusals: FAULTED and EMERGENCY (Faulted), OUT_OF_SERVICE (Unavailable), OCCUPIED (Occupied), all others
    Rejected: NOT_SUPPORTED, UNKNOWN_CONNECTOR, TOO_LATE, CLOCK_UNKNOWN, NOT_RECORDED.
    """
    moment = now()

    def reserved() -> Answer:
        station = record.station_row()
        if refusal := _impossible(connector_number, station, until, moment):
            return refused(refusal)
        left_s = (until - moment.at).total_seconds()
        wanted = replace(asked, expires_s=moment.mono_s + left_s)
        if connector_number:
            refusal = _reserve_one(connector_number, wanted, moment, who)
        else:
            refusal = _reserve_any(wanted, station, moment, who)
        if refusal is None:
            _cancel(asked.reservation_id, moment, who, but=connector_number)
        return answer_of(refusal)

    return recorded(connector_number, reserved)


def _impossible(connector_number: int, station: Station, until: datetime, moment: Moment) -> Refusal | None:
    zero = connector_number == 0
    if not station.reservations_accepted or (zero and not station.reserve_connector_zero_supported):
        return Refusal.NOT_SUPPORTED
    if not zero and not Row.objects.filter(pk=connector_number).exists():
        return Refusal.UNKNOWN_CONNECTOR
    if not moment.clock_known:
        return Refusal.CLOCK_UNKNOWN
    return Refusal.TOO_LATE if until <= moment.at else None


def _reserve_one(connector_number: int, wanted: Reservation, moment: Moment, who: str) -> Refusal | None:
    others = [each for each in _held() if each.reservation_id != wanted.reservation_id]
    if not leaves_enough_free(record.connectors(), connector_number, len(others)):
        return Refusal.OCCUPIED
    event = e.ReservationRequested(
        now_s=moment.mono_s,
        reservation_id=wanted.reservation_id,
        id_tag=wanted.id_tag,
        parent_id_tag=wanted.parent_id_tag,
        expires_s=wanted.expires_s,
    )
    return record.happen(connector_number, [event], moment=moment, who=who).refusal


def _reserve_any(wanted: Reservation, station: Station, moment: Moment, who: str) -> Refusal | None:
    if station.emergency:
        return Refusal.EMERGENCY
    others = [each for each in _held() if each.reservation_id != wanted.reservation_id]
    # What the same reservation holds now, on one connector, is free for its replacement.
    connectors = [
        replace(c, reservation=None) if c.reservation and c.reservation.reservation_id == wanted.reservation_id else c
        for c in record.connectors(station)
    ]
    if refusal := station_refusal(connectors, len(others)):
        return refusal
    StationReservation.objects.update_or_create(
        pk=wanted.reservation_id,
        defaults={
            "id_tag": wanted.id_tag,
            "parent_id_tag": wanted.parent_id_tag,
            "expires_s": wanted.expires_s,
        },
    )
    _rules_changed()
    journal.record(
        "StationReserved", moment=moment, who=who, reservation_id=wanted.reservation_id, id_tag=wanted.id_tag
    )
    return None


def cancel_reservation(reservation_id: int, *, who: str) -> Answer:
    """Give up a reservation (section 5.1); UNKNOWN_RESERVATION where there is none: Rejected."""

    def cancelled() -> Answer:
        return ACCEPTED if _cancel(reservation_id, now(), who) else refused(Refusal.UNKNOWN_RESERVATION)

    return recorded(0, cancelled)


def _cancel(reservation_id: int, moment: Moment, who: str, *, but: int | None = None) -> bool:
    """End a reservation everywhere but at connector *but* (0 = the station); whether there was one."""
    holders = [
        c.number
        for c in record.connectors()
        if c.reservation and c.reservation.reservation_id == reservation_id and c.number != but
    ]
    for number in holders:
        event = e.ReservationCancelled(now_s=moment.mono_s, reservation_id=reservation_id)
        record.happen(number, [event], moment=moment, who=who)
    whole = but != 0 and StationReservation.objects.filter(pk=reservation_id).exists()
    if whole:
        _end([reservation_id], "cancelled", moment)
    return bool(holders) or whole


def _end(reservation_ids: list[int], why: str, moment: Moment) -> None:
    StationReservation.objects.filter(pk__in=reservation_ids).delete()
    _rules_changed()
    for reservation_id in reservation_ids:
        journal.record("ReservationEnded", moment=moment, reservation_id=reservation_id, why=why)


def _rules_changed() -> None:
    """Whether plugging in starts by itself depends on reservations of the station (record.policy_of)."""
    Row.objects.update(version=F("version") + 1)


def reservations_ended(station: Station, moment: Moment) -> int:
    """End what has expired, and everything while the station is faulted or out of service; how many."""
    rows = list(StationReservation.objects.all())
    over = station.emergency or bool(station.inoperative)
    late = [row.pk for row in rows if over or row.expires_s <= moment.mono_s]
    if late:
        with journal.one_commit():
            _end(late, "out_of_service" if over else "expired", moment)
    return len(late)
