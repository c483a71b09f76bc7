"""Starts that somebody asks for: the screen, a technician, the central system."""

from __future__ import annotations

from dataclasses import dataclass, replace

from charging import record
from charging.clock import Moment, now
from charging.domain import events as e
from charging.domain.authorization import Mode, remote_place_of
from charging.domain.connector import Connector
from charging.domain.profiles import Profile
from charging.domain.requests import Refusal, refusal_of
from charging.models import Station
from charging.services.answer import ACCEPTED, Answer, answer_of, refused
from charging.services.cards import id_tag_sent
from charging.services.id_tag_info import parent_of
from charging.services.profiles import may_await, profile_awaits
from charging.services.recording import recorded
from charging.services.reserving import authorize
from charging.services.resetting import reset_in_hand
from charging.services.taps import REMOTE, State


def start(
    connector_number: int,
    *,
    by: str,
    who: str,
    id_tag: str = "",
    parent_id_tag: str = "",
    profile: Profile | None = None,
) -> Answer:
    """Authorize charging at a connector. Without an idTag only an open station (or a technician) may start.

    `by`: screen, card, remote, technician. `who` is for the journal. A remote start with connector 0 takes the
    connector whose plug waits, or else a free one. Where AuthorizeRemoteTxRequests says so, its idTag is checked
    first; accepted then means that the attempt goes on (OCPP 1.6 section 5.11). Nothing begins while a reset is on.
    """
    if reset_in_hand():
        return refused(Refusal.RESTARTING)
    station = record.station_row()
    if not id_tag:
        if station.authorization_mode != Mode.NONE and by != "technician":
            return refused(Refusal.NEEDS_CARD)
        id_tag = station.free_id_tag
    moment = now()
    event = e.Authorized(now_s=moment.mono_s, id_tag=id_tag, parent_id_tag=parent_id_tag, by=by)

    def started() -> Answer:
        if by == REMOTE:
            return _remote(_Remote(connector_number, event, profile, who), station, moment)
        return answer_of(authorize(connector_number, event, moment=moment, who=who))

    return recorded(connector_number, started)


@dataclass(frozen=True, slots=True)
class _Remote:
    connector_number: int
    event: e.Authorized
    profile: Profile | None
    who: str


def _remote(asked: _Remote, station: Station, moment: Moment) -> Answer:
    connectors = record.connectors(station)
    number = asked.connector_number or remote_place_of(connectors)
    at = next((c for c in connectors if c.number == number), None)
    if number is None or at is None:
        return refused(Refusal.UNKNOWN_CONNECTOR if asked.connector_number else Refusal.BUSY)
    if asked.profile and not may_await(replace(asked.profile, connector_number=number)):
        return refused(Refusal.PROFILE_WRONG)
    event = asked.event
    known = replace(event, parent_id_tag=event.parent_id_tag or parent_of(event.id_tag, station))
    answer = _authorized_or_asked(at, known, station, moment, asked.who)
    if answer.accepted and asked.profile:
        profile_awaits(replace(asked.profile, connector_number=number), event.id_tag, who=asked.who)
    return answer


def _authorized_or_asked(at: Connector, known: e.Authorized, station: Station, moment: Moment, who: str) -> Answer:
    if not station.authorize_remote_tx_requests:
        return answer_of(authorize(at.number, known, moment=moment, who=who))
    refusal = refusal_of(at, known)
    if refusal and refusal is not Refusal.RESERVED:  # whether it is the reserver's is known after the check
        return refused(refusal)
    tap = id_tag_sent(at.number, known.id_tag.upper(), moment=moment, who=who)
    return Answer(accepted=False, refusal=tap.why) if tap.state == State.REFUSED else ACCEPTED
