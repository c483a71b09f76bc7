"""Which connector an authorized tap is for: at once, by the next plug, or by a touch on the screen."""

from __future__ import annotations

from typing import Final

from charging import journal, live, record
from charging.clock import Moment, now
from charging.domain import events as e
from charging.domain.authorization import Place, Role, master_place_of, place_of, stops_own
from charging.domain.connector import Connector
from charging.domain.requests import Refusal
from charging.models import PresentedCard, Station, Transaction
from charging.services.answer import Answer, answer_of, refused
from charging.services.asking import LOCAL_STOP
from charging.services.reserving import authorize
from charging.services.taps import REMOTE, State, end, known_card, refuse

CHOOSE_WITHIN_S: Final = 30.0


def means_its_own(tap: PresentedCard, connectors: list[Connector]) -> bool:
    """Whether the tap only stops what this idTag itself began."""
    place = _meant(tap, connectors, tap.connector_number)
    return tap.reader != REMOTE and stops_own(connectors, place, tap.id_tag)


def _meant(tap: PresentedCard, connectors: list[Connector], chosen: int | None) -> Place:
    if tap.reader == REMOTE:
        return Place(starts=tap.connector_number)
    known = known_card(tap.id_tag)
    if (known and known.role is Role.MASTER) or _of_master_group(tap):
        return master_place_of(connectors, chosen)
    return place_of(connectors, tap.id_tag, tap.parent_id_tag, chosen=chosen, finished=_finished(connectors))


def _of_master_group(tap: PresentedCard) -> bool:
    """MasterPassGroupId of OCPP 2.0.1: cards of this group stop any transaction."""
    group = record.station_row().master_pass_group_id.upper() if tap.parent_id_tag else ""
    return bool(group) and tap.parent_id_tag.upper() == group


def _finished(connectors: list[Connector]) -> dict[int, tuple[str, str]]:
    """Who charged last, for every connector whose plug is still in."""
    ended = Transaction.objects.filter(stopped_at__isnull=False).order_by("-pk")
    last = [ended.filter(connector=c.number).first() for c in connectors if c.finishing]
    return {row.connector_id: (row.id_tag, row.parent_id_tag) for row in last if row}


def place(tap: PresentedCard, station: Station, moment: Moment) -> None:
    """Stop, start, wait for the plug or ask for a choice: whatever the card means now."""
    meant = _meant(tap, record.connectors(station), tap.connector_number)
    if meant.stops is not None:
        _do(tap, meant.stops, _stop(tap, moment), moment)
    elif meant.starts is not None:
        _do(tap, meant.starts, _authorized(tap, moment), moment)
    elif meant.waits:
        end(tap, State.ACCEPTED, due_s=moment.mono_s + station.connection_timeout_s)
        journal.record("CardAccepted", moment=moment, card=tap.pk, id_tag=tap.id_tag)
    elif meant.refusal is Refusal.CHOOSE_CONNECTOR:
        end(tap, State.CHOOSE, meant.refusal.value, due_s=moment.mono_s + CHOOSE_WITHIN_S)
    else:
        refuse(tap, meant.refusal or Refusal.BUSY, moment)


def _stop(tap: PresentedCard, moment: Moment) -> e.StopRequested:
    return e.StopRequested(now_s=moment.mono_s, reason=LOCAL_STOP, id_tag=tap.id_tag)


def _authorized(tap: PresentedCard, moment: Moment) -> e.Authorized:
    by = "remote" if tap.reader == REMOTE else "card"
    return e.Authorized(now_s=moment.mono_s, id_tag=tap.id_tag, parent_id_tag=tap.parent_id_tag, by=by)


def _do(tap: PresentedCard, number: int, event: e.Authorized | e.StopRequested, moment: Moment) -> Refusal | None:
    if isinstance(event, e.Authorized):
        refusal = authorize(number, event, moment=moment, who=tap.id_tag)
    else:
        refusal = record.happen(number, [event], moment=moment, who=tap.id_tag).refusal
    tap.connector_number = number
    if refusal:
        refuse(tap, refusal, moment)
    else:
        end(tap, State.USED)
    return refusal


def choose_card(card_id: int, connector_number: int, who: str) -> Answer:
    """The EV driver touched the connector that an accepted card is for. `who` is for the journal."""
    moment = now()
    with journal.one_commit():
        tap = PresentedCard.objects.filter(pk=card_id, state__in=(State.CHOOSE, State.ACCEPTED)).first()
        if tap is None or moment.mono_s >= tap.due_s:
            return refused(Refusal.CARD_UNREADABLE)
        meant = _meant(tap, record.connectors(), connector_number)
        if meant.refusal:
            return refused(meant.refusal)
        stops = meant.stops is not None
        if not (stops or tap.authorized):
            return refused(Refusal.NOT_YOURS)  # it was only asked which of its own transactions to stop
        refusal = _do(tap, connector_number, _stop(tap, moment) if stops else _authorized(tap, moment), moment)
        journal.record("CardChosen", connector_number=connector_number, who=who, moment=moment, card=card_id)
    live.wake()
    live.changed()
    return answer_of(refusal)


def card_plugs(moment: Moment) -> int:
    """An accepted card that waited takes the connector that was plugged in; how many did. The oldest one first."""
    placed = 0
    for tap in PresentedCard.objects.filter(state=State.ACCEPTED, due_s__gt=moment.mono_s).order_by("pk"):
        placed += _plugs(tap.pk, moment)
    return placed


def _plugs(tap_id: int, moment: Moment) -> bool:
    with journal.one_commit():
        tap = PresentedCard.objects.filter(pk=tap_id, state=State.ACCEPTED).first()
        if tap is None:
            return False
        connectors = record.connectors()
        starts = _meant(tap, connectors, None).starts
        if not any(c.number == starts and c.plugged for c in connectors):
            return False
        _do(tap, starts or 0, _authorized(tap, moment), moment)
    return True
