"""A tap and how it ends: what judging and placing share."""

from __future__ import annotations

from typing import Final

from charging import journal
from charging.clock import Moment
from charging.domain.authorization import KnownCard, Role
from charging.domain.requests import Refusal
from charging.models import Card, PresentedCard

State = PresentedCard.State
REMOTE: Final = "remote"  # the "reader" of an idTag that the central system sent
WAITING: Final = (State.PRESENTED, State.ACCEPTED, State.CHOOSE)


def known_card(id_tag: str) -> KnownCard | None:
    """The owner's card of this number."""
    card = Card.objects.select_related("group").filter(id_tag=id_tag).first()
    if card is None:
        return None
    return KnownCard(
        id_tag=card.id_tag,
        group=card.group.parent_id_tag if card.group else "",
        role=Role(card.role),
        blocked=card.blocked,
        valid_from=card.valid_from,
        valid_until=card.valid_until,
    )


def refuse(tap: PresentedCard, why: Refusal, moment: Moment) -> None:
    """The tap ends with a reason."""
    end(tap, State.REFUSED, why.value)
    journal.record("CardRefused", moment=moment, card=tap.pk, id_tag=tap.id_tag, why=why.value)


def end(tap: PresentedCard, state: str, why: str = "", *, due_s: float | None = None) -> None:
    """The tap has come so far; with *due_s* it waits until then and the screen says so."""
    tap.state, tap.why = state, why
    if due_s is not None:
        tap.due_s = tap.shown_until_s = due_s
    tap.save()
