"""Wishes to devices: rows that any edge writes and the owner of the device carries out."""

from __future__ import annotations

from typing import Any, Final

from charging import journal, live
from charging.clock import Moment, now
from charging.models import Transaction, Wish

WISH_WITHIN_S: Final = {
    Wish.Kind.FETCH_DUMP: 600.0,
    Wish.Kind.UPDATE_FIRMWARE: 3600.0,
    Wish.Kind.DISCOVER: 120.0,
    Wish.Kind.RESET: 600.0,
}
USUALLY_WITHIN_S: Final = 15.0
AFTER_TRANSACTION: Final = "after_transaction"  # an argument: not before the transaction has ended
UNFINISHED: Final = (Wish.State.WAITING, Wish.State.STARTED)


def wish(kind: str, connector_number: int = 0, *, who: str, **arguments: Any) -> Wish:
    """Ask a device for something once; the row tells how it went. An equal wish that waits is returned instead."""
    at = now()
    with journal.one_commit():
        waiting = Wish.objects.filter(
            kind=kind, connector_number=connector_number, arguments=arguments, state=Wish.State.WAITING
        ).first()
        if waiting:
            return waiting
        asked = Wish.objects.create(
            kind=kind,
            connector_number=connector_number,
            arguments=arguments,
            asked_by=who[:150],
            asked_at=at.at,
            due_s=at.mono_s + WISH_WITHIN_S.get(Wish.Kind(kind), USUALLY_WITHIN_S),
        )
        journal.record(
            "Wished", connector_number=connector_number, who=who, moment=at, kind_of_wish=kind, wish=asked.pk
        )
    live.wake()
    return asked


def wishes(kinds: tuple[str, ...], numbers: list[int]) -> list[Wish]:
    """What waits or has begun for these connectors, oldest first; without what is to wait for a transaction's end."""
    found = list(Wish.objects.filter(kind__in=kinds, connector_number__in=numbers, state__in=UNFINISHED).order_by("pk"))
    if not any(each.arguments.get(AFTER_TRANSACTION) for each in found):
        return found
    running = set(Transaction.objects.filter(stopped_at__isnull=True).values_list("connector_id", flat=True))
    return [each for each in found if not (each.arguments.get(AFTER_TRANSACTION) and each.connector_number in running)]


def wish_moved(wish_id: int, *, progress: int) -> None:
    """A long wish goes on. Callers say so every ten percent, not every block."""
    Wish.objects.filter(pk=wish_id, state__in=UNFINISHED).update(state=Wish.State.STARTED, progress=progress)


def wish_ended(wish_id: int, *, done: bool, result: str) -> None:
    """The owner of the device says how it went; the first answer counts."""
    with journal.one_commit():
        state = Wish.State.DONE if done else Wish.State.FAILED
        asked = Wish.objects.filter(pk=wish_id, state__in=UNFINISHED).first()
        if asked is None:
            return
        asked.state, asked.result, asked.progress = state, result[:300], 100 if done else asked.progress
        asked.save(update_fields=["state", "result", "progress"])
        journal.record(
            "WishEnded",
            connector_number=asked.connector_number,
            who=asked.asked_by,
            kind_of_wish=asked.kind,
            wish=wish_id,
            done=done,
            result=result[:300],
        )
    live.changed()


def wishes_expired(moment: Moment) -> int:
    """Wishes whose time has passed are answered, not forgotten."""
    late = list(Wish.objects.filter(state__in=UNFINISHED, due_s__lte=moment.mono_s))
    for asked in late:
        with journal.one_commit():
            ended = Wish.objects.filter(pk=asked.pk, state__in=UNFINISHED).update(
                state=Wish.State.EXPIRED, result="Nobody carried it out in time; check that the device answers."
            )
            if not ended:
                continue
            journal.record(
                "WishEnded",
                connector_number=asked.connector_number,
                who=asked.asked_by,
                moment=moment,
                kind_of_wish=asked.kind,
                wish=asked.pk,
                done=False,
                result="expired",
            )
    return len(late)
