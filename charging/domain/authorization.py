"""Who may charge: the modes of the station, what a card is, and which connector a card means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .connector import Connector
from .requests import Refusal
from .status import Status, status_of


class Mode(StrEnum):
    """How the owner lets people charge (requirement GEN-7)."""

    NONE = "none"  # anyone may charge
    CARD = "card"  # RFID cards of the local list
    CENTRAL_SYSTEM = "central_system"  # the aggregator decides


class Role(StrEnum):
    """What a card may do."""

    EV_DRIVER = "ev_driver"
    MASTER = "master"  # may stop any transaction, OCPP calls it the master pass group
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCard:
    """A row of the local list, as the rules see it."""

    id_tag: str
    group: str = ""  # parent idTag
    role: Role = Role.EV_DRIVER
    blocked: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def card_refusal(card: KnownCard | None, mode: Mode, now: datetime | None) -> Refusal | None:
    """Why *card* may not start here, or None. *now* None: the clock is not credible, so validity cannot be judged.

    A blocked card is refused in every mode; a card with a validity is refused while the clock is unknown. The
    cards of the owner's own people are judged as in the owner's list, whoever authorizes EV drivers. Of everybody
    else the owner's list says nothing when the central system decides (docs/decisions/0018).
    """
    if card and card.blocked:
        return Refusal.CARD_BLOCKED
    if mode is not Mode.CARD and not is_staff(card):
        return None
    if card is None:
        return Refusal.CARD_UNKNOWN
    return None if _valid(card, now) else Refusal.CARD_EXPIRED


def is_staff(card: KnownCard | None) -> bool:
    """Whether it is a technician's or a master's card: those count in every mode."""
    return card is not None and card.role is not Role.EV_DRIVER


def _valid(card: KnownCard, now: datetime | None) -> bool:
    if card.valid_from is None and card.valid_until is None:
        return True
    if now is None:
        return False
    return (card.valid_from is None or card.valid_from <= now) and (card.valid_until is None or now < card.valid_until)


def owns(transaction_id_tag: str, transaction_parent: str, id_tag: str, parent: str) -> bool:
    """The same idTag, or the same parent (OCPP 1.6 section 3.4: StopTransaction by the group)."""
    same = transaction_id_tag.upper() == id_tag.upper()
    return same or bool(parent and transaction_parent.upper() == parent.upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a presented card means: stop at, start at, wait for a plug, or choose."""

    stops: int | None = None
    starts: int | None = None
    waits: bool = False
    refusal: Refusal | None = None


Finished = Mapping[int, tuple[str, str]]  # connector -> idTag and parent of the transaction that ended there


def place_of(
    connectors: Sequence[Connector],
    id_tag: str,
    parent: str = "",
    *,
    chosen: int | None = None,
    finished: Finished | None = None,
) -> Place:
    """Which connector a card means. The plug just inserted is the one; a foreign or unplugged one never is.

    1. The connector chosen on the screen. 2. The card's own running transaction: stop. 3. A plug that waits for a
    card: start. 4. A running transaction of the card's group: stop. 5. A plug that finished with this card or its
    group, or the station's only one: start again. 6. Wait for the plug. Where several fit, the screen asks.
    """
    mine = [c for c in connectors if _runs_for(c, id_tag, parent)]
    if chosen is not None:
        return _chosen(connectors, chosen, mine)
    waiting = [c for c in connectors if _waits_for_card(c)]
    again = [c for c in waiting if len(connectors) == 1 or _ended_for(c, finished or {}, id_tag, parent)]
    steps = (
        ("stops", [c for c in mine if _runs_for(c, id_tag)]),
        ("starts", [c for c in waiting if not c.finishing]),
        ("stops", mine),
        ("starts", again),
    )
    for what, found in steps:
        if len(found) > 1:
            return Place(refusal=Refusal.CHOOSE_CONNECTOR)
        if found:
            return Place(stops=found[0].number) if what == "stops" else Place(starts=found[0].number)
    free = [c for c in connectors if status_of(c) in (Status.AVAILABLE, Status.RESERVED)]
    if len(connectors) == 1 and free:
        return Place(starts=free[0].number)
    return Place(waits=True) if free else Place(refusal=Refusal.BUSY)


def needs_its_card(c: Connector, free_id_tag: str) -> bool:
    """Whether what runs here is stopped by the card (or the app) that began it, and not by anyone at the screen."""
    return c.transaction is not None and c.transaction.id_tag.upper() != free_id_tag.upper()


def stops_own(connectors: Sequence[Connector], place: Place, id_tag: str) -> bool:
    """Whether *place* is this very idTag's own transaction or cable: nobody is asked about that (section 3.4).

    Also where it has several and is asked which one: then the choice may stop, and not start.
    """
    mine = [c.number for c in connectors if _runs_for(c, id_tag)]
    return place.stops in mine or (place.refusal is Refusal.CHOOSE_CONNECTOR and len(mine) > 1)


def remote_place_of(connectors: Sequence[Connector]) -> int | None:
    """Where a remote start without a connector goes: the plug that waits, or else a free connector (section 5.11)."""
    waiting = [c.number for c in connectors if _waits_for_card(c) and not c.finishing]
    free = [c.number for c in connectors if status_of(c) is Status.AVAILABLE]
    return next(iter([*waiting, *free]), None)


def master_place_of(connectors: Sequence[Connector], chosen: int | None = None) -> Place:
    """What a master's card means: it stops, whoever began (OCPP calls it the master pass group)."""
    running = [c.number for c in connectors if (c.transaction or c.cable_owner) and chosen in (None, c.number)]
    if len(running) == 1:
        return Place(stops=running[0])
    return Place(refusal=Refusal.CHOOSE_CONNECTOR if running else Refusal.NOTHING_TO_STOP)


def _runs_for(c: Connector, id_tag: str, parent: str = "") -> bool:
    running = c.transaction or c.cable_owner
    return running is not None and owns(running.id_tag, running.parent_id_tag, id_tag, parent)


def _ended_for(c: Connector, finished: Finished, id_tag: str, parent: str) -> bool:
    return c.number in finished and owns(*finished[c.number], id_tag, parent)


def _waits_for_card(c: Connector) -> bool:
    taken = c.loose or c.authorization or c.transaction or c.cable_owner
    return c.plugged and not taken and status_of(c) in (Status.PREPARING, Status.FINISHING)


def _chosen(connectors: Sequence[Connector], number: int, mine: Sequence[Connector]) -> Place:
    if any(c.number == number for c in mine):
        return Place(stops=number)
    chosen = next((c for c in connectors if c.number == number), None)
    if chosen is None:
        return Place(refusal=Refusal.UNKNOWN_CONNECTOR)
    if chosen.transaction:  # whoever touches what charges means to stop it: with the card that began
        return Place(refusal=Refusal.NOT_YOURS)
    return Place(starts=number)
