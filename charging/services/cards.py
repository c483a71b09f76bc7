"""Cards at the reader: a tap becomes a row and a fact; the rules say what it means, a turn judges its deadline."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from charging import journal, live, record
from charging.clock import Moment, now
from charging.domain.authorization import KnownCard, Mode, Role, card_refusal, is_staff
from charging.domain.central_authorization import (
    ANSWER_WITHIN_S,
    Decision,
    IdTagInfo,
    IdTagStatus,
    Verdict,
    answered,
    decided,
)
from charging.domain.requests import Refusal
from charging.id_tags import is_random
from charging.models import ID_TAG_LENGTH, Card, JournalEntry, PresentedCard, Station
from charging.services.answer import ACCEPTED, Answer, refused
from charging.services.asking import acknowledge_faults
from charging.services.central_link import link_is_up
from charging.services.emergency import acknowledge
from charging.services.id_tag_info import known_here, remember, rules_of, used
from charging.services.placing import means_its_own, place
from charging.services.taps import REMOTE, WAITING, State, end, known_card, refuse

SAME_CARD_WITHIN_S: Final = 2.0  # two taps of one card within this time are one
TAPS_AT_MOST: Final = 20  # within that time: more than a reader can read
SHOWN_FOR_S: Final = 6.0
LEARN_WITHIN_S: Final = 60.0
PRESENTED: Final = "CardPresented"


def card_presented(id_tag: str, *, reader: str = "reader", chosen: int | None = None) -> PresentedCard | None:
    """A card was held to the reader. None when it is the same tap again. Raises ValueError for an impossible idTag."""
    id_tag = id_tag.strip().upper()
    if not (0 < len(id_tag) <= ID_TAG_LENGTH and id_tag.isascii() and id_tag.isprintable()):
        raise ValueError(f"An idTag has 1 to {ID_TAG_LENGTH} printable ASCII characters; this card gave {len(id_tag)}.")
    moment = now()
    with journal.one_commit():
        if _again(id_tag, moment):
            return None
        tap = PresentedCard.objects.create(
            id_tag=id_tag,
            reader=reader,
            connector_number=chosen,
            presented_at=moment.at,
            due_s=moment.mono_s,
            shown_until_s=moment.mono_s + SHOWN_FOR_S,
        )
        journal.record(PRESENTED, moment=moment, card=tap.pk, id_tag=tap.id_tag, reader=tap.reader)
        _judge(tap, record.station_row(), moment)
    live.wake()
    live.changed()
    return tap


def id_tag_sent(connector_number: int, id_tag: str, *, moment: Moment, who: str) -> PresentedCard:
    """The central system wants a start with this idTag: it is checked as a card would be (OCPP 1.6 section 5.11).

    Inside the caller's database transaction. The screen shows nothing of it.
    """
    tap = PresentedCard.objects.create(
        id_tag=id_tag, reader=REMOTE, connector_number=connector_number, presented_at=moment.at, due_s=moment.mono_s
    )
    journal.record("IdTagSent", moment=moment, who=who, connector_number=connector_number, card=tap.pk, id_tag=id_tag)
    _authorize(tap, record.station_row(), moment)
    return tap


def _again(id_tag: str, moment: Moment) -> bool:
    """Whether this card was presented just now, also when another one was held beside it since."""
    last = JournalEntry.objects.filter(kind=PRESENTED).order_by("-pk")[:TAPS_AT_MOST]
    return any(
        entry.body["id_tag"] == id_tag
        and entry.boot_id == moment.boot_id
        and 0 <= moment.mono_s - entry.mono_s < SAME_CARD_WITHIN_S
        for entry in last
    )


def _judge(tap: PresentedCard, station: Station, moment: Moment) -> None:
    for earlier in PresentedCard.objects.filter(id_tag=tap.id_tag, state__in=WAITING).exclude(pk=tap.pk):
        end(earlier, State.EXPIRED)  # one card waits once: its second tap must not start a second connector
    if is_random(tap.id_tag):
        refuse(tap, Refusal.CARD_RANDOM, moment)
        return
    if (
        station.learning_until_s is not None
        and moment.mono_s < station.learning_until_s <= moment.mono_s + LEARN_WITHIN_S
    ):
        _learn(tap, station, moment)
        return
    known = known_card(tap.id_tag)
    if known and known.role is Role.TECHNICIAN and not _refused_by_owner(known, station, moment):
        _technician(tap, station, moment)
        return
    _authorize(tap, station, moment)


def _refused_by_owner(known: KnownCard | None, station: Station, moment: Moment) -> Refusal | None:
    return card_refusal(known, Mode(station.authorization_mode), moment.at if moment.clock_known else None)


def _authorize(tap: PresentedCard, station: Station, moment: Moment) -> None:
    """By the owner's list; where the central system decides, by what is known of the idTag or by asking."""
    known = known_card(tap.id_tag)
    if refusal := _refused_by_owner(known, station, moment):
        refuse(tap, refusal, moment)
    elif station.authorization_mode != Mode.CENTRAL_SYSTEM or is_staff(known):
        _carry_out(tap, Decision(verdict=Verdict.ACCEPT, parent_id_tag=known.group if known else ""), station, moment)
    elif means_its_own(tap, record.connectors(station)):
        place(tap, station, moment)  # nobody is asked before a stop by the same idTag, OCPP 1.6 section 3.4
    else:
        _decide(tap, station, moment, can_ask=link_is_up(station, moment))


def _decide(tap: PresentedCard, station: Station, moment: Moment, *, can_ask: bool) -> None:
    """The truth table's verdict on a tap. A tap that is asked about stays presented until its deadline."""
    known = known_here(tap.id_tag, station)
    clock = moment.at if moment.clock_known else None
    decision = decided(rules_of(station), known, can_ask=can_ask, now=clock)
    if decision.verdict is Verdict.ASK:
        tap.due_s = moment.mono_s + ANSWER_WITHIN_S
        tap.shown_until_s = 0.0 if tap.reader == REMOTE else tap.due_s + SHOWN_FOR_S
        tap.save()
        return
    if decision.verdict is Verdict.ACCEPT and known:
        used(tap.id_tag)
    _carry_out(tap, decision, station, moment)


def _carry_out(tap: PresentedCard, decision: Decision, station: Station, moment: Moment) -> None:
    tap.shown_until_s = 0.0 if tap.reader == REMOTE else moment.mono_s + SHOWN_FOR_S
    if decision.refusal:
        refuse(tap, decision.refusal, moment)
        return
    tap.parent_id_tag, tap.authorized = decision.parent_id_tag, True
    place(tap, station, moment)


def authorization_answered(
    card_id: int, *, status: str, parent_id_tag: str = "", expires_at: datetime | None = None
) -> Answer:
    """Authorize.conf has come for a tap that waits for it (PresentedCard in state presented).

    What it says of the idTag is kept in any case. CARD_UNREADABLE when the tap is unknown or was judged without it
    meanwhile; the code of the refusal when the tap is refused now. Raises ValueError for an unknown status.
    """
    moment = now()
    told = IdTagInfo(status=IdTagStatus(status), parent_id_tag=parent_id_tag, expires_at=expires_at)
    with journal.one_commit():
        tap = PresentedCard.objects.filter(pk=card_id).first()
        if tap is None:
            return refused(Refusal.CARD_UNREADABLE)
        remember(tap.id_tag, told, moment)
        if tap.state != State.PRESENTED:
            return refused(Refusal.CARD_UNREADABLE)
        decision = answered(told, moment.at if moment.clock_known else None)
        _carry_out(tap, decision, record.station_row(), moment)
    live.wake()
    live.changed()
    return ACCEPTED if tap.state != State.REFUSED else Answer(accepted=False, refusal=tap.why)


def _learn(tap: PresentedCard, station: Station, moment: Moment) -> None:
    _card, created = Card.objects.get_or_create(id_tag=tap.id_tag, defaults={"learned_at": moment.at})
    end(tap, State.LEARNED, "" if created else Refusal.CARD_IN_USE.value)
    record.change_station(
        moment=moment, who=station.learning_by, kind="CardLearned", learning_until_s=None, learning_by=""
    )


def _technician(tap: PresentedCard, station: Station, moment: Moment) -> None:
    """The card is at the cabinet: it acknowledges what is latched. The console makes a hand-over of the fact."""
    journal.record("TechnicianPresent", who=tap.id_tag, moment=moment, card=tap.pk)
    if not station.emergency:
        for c in record.connectors(station):
            if c.latches:
                acknowledge_faults(c.number, tap.id_tag, at_cabinet=True)
        end(tap, State.USED)
        return
    answer = acknowledge(tap.id_tag, at_cabinet=True)
    end(tap, State.USED if answer.accepted else State.REFUSED, answer.refusal)


def cards_to_ask(moment: Moment) -> list[PresentedCard]:
    """Taps that the central system is to be asked about, oldest first: one Authorize each, until their due_s."""
    return list(PresentedCard.objects.filter(state=State.PRESENTED, due_s__gt=moment.mono_s).order_by("pk"))


def next_answer_due_s() -> float | None:
    """When the first of the taps that wait for an answer is judged without it, in seconds of the monotonic clock."""
    waiting = PresentedCard.objects.filter(state=State.PRESENTED)
    return waiting.order_by("due_s").values_list("due_s", flat=True).first()


def cards_expired(moment: Moment) -> int:
    """Taps whose time has come; how many. One that nobody answered is judged by the offline rule."""
    late = list(PresentedCard.objects.filter(state__in=WAITING, due_s__lte=moment.mono_s).values_list("pk", flat=True))
    for tap_id in late:
        with journal.one_commit():
            tap = PresentedCard.objects.filter(pk=tap_id, state__in=WAITING).first()
            if tap and tap.state == State.PRESENTED:
                _unanswered(tap, moment)
            elif tap:
                tap.shown_until_s = moment.mono_s + SHOWN_FOR_S  # the screen says that the time is over
                end(tap, State.EXPIRED)
                journal.record("CardExpired", moment=moment, card=tap.pk, id_tag=tap.id_tag)
    return len(late)


def authorization_unanswered(card_id: int) -> None:
    """The central system refused to judge a tap: the offline rule does it now, and not at its deadline."""
    moment = now()
    with journal.one_commit():
        tap = PresentedCard.objects.filter(pk=card_id, state=State.PRESENTED).first()
        if tap:
            _unanswered(tap, moment)
    live.wake()
    live.changed()


def _unanswered(tap: PresentedCard, moment: Moment) -> None:
    journal.record("AuthorizationUnanswered", moment=moment, card=tap.pk, id_tag=tap.id_tag)
    _decide(tap, record.station_row(), moment, can_ask=False)


def learn_card(who: str) -> None:
    """The next card that is held to the reader within a minute is added to the local list."""
    moment = now()
    with journal.one_commit():
        record.station_row()
        record.change_station(
            moment=moment,
            who=who,
            kind="LearningCard",
            learning_until_s=moment.mono_s + LEARN_WITHIN_S,
            learning_by=who[:150],
        )
    live.changed()
