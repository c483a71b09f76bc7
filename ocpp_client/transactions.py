"""Which transaction message is due? Strictly in the journal's order: message n+1 waits until n is done with.

OCPP 1.6 section 3.7.1: confirmed, or given up. After values, n+1 may leave while the disk still keeps the answer to n.
What belongs to a start that was given up has no transactionId, and none is invented: it is given up with it, and the
rest goes on. What was tried how often is in rows.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Final

from charging import journal, services
from charging.clock import Moment, now
from charging.models import Cursor, JournalEntry, Transaction
from ocpp_client import configuration
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.models import Attempt
from ocpp_client.owed import READER, STARTED, STOPPED, TAKEN, Ahead, Owed
from ocpp_client.timestamps import moment_of
from ocpp_client.transaction_messages import ACTIONS, message_of

log = logging.getLogger(__name__)

MOST_WAIT_S: Final = 30 * 86_400  # a due time further away was set by a clock that was wrong
KEPT_WITHIN_S: Final = 0.25  # a kill repeats no more values than were confirmed in this time
LEAST_WAIT_S: Final = 1.0  # a retry interval of 0 is no licence to flood
ITS_START_IS_PARKED: Final = "The StartTransaction before it was given up."


def begin(moment: Moment) -> None:
    """The journal's reader begins here: what was before the central system came is not its business."""
    with journal.one_commit():
        if not Cursor.objects.filter(name=READER).exists():
            newest = JournalEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            Cursor.objects.create(name=READER, position=newest)
            journal.record("CentralSystemBegins", moment=moment, who="ocpp_client")


class Transactions:
    """The queue of one central system. Called in the thread of the database only."""

    def __init__(self) -> None:
        self._ahead = Ahead()
        self._unkept: JournalEntry | None = None  # confirmed, and the cursor does not say so yet
        self._kept_s = 0.0  # monotonic

    def due(self, moment: Moment) -> Due | None:
        """The next message, unless it has to wait for another attempt. Raises django.db.DatabaseError."""
        while (owed := self._ahead.first()) is not None:
            if _waits(owed, moment):
                self._read_anew()
                return None
            if due := self._message(owed):
                return due
            _pass(owed)
            self._ahead.done(owed.entry)
        return None

    def _message(self, owed: Owed) -> Due | None:
        payload = message_of(owed) if _can_be_told(owed) else None
        if payload is None:
            return None
        return Due(
            action=ACTIONS[owed.entry.kind],
            payload=payload,
            confirmed=partial(self._confirmed, owed),
            failed=partial(self._failed, owed),
            following=partial(self._following, owed) if owed.entry.kind == TAKEN else None,  # its answer is empty: 6.32
        )

    def _following(self, before: Owed) -> Due | None:
        """What comes after *before*, unless it has been tried already: then its time is to be looked at."""
        owed = self._ahead.after(before.entry)
        return None if owed is None or owed.attempt is not None else self._message(owed)

    def keep(self) -> None:
        """Let the cursor say what is confirmed."""
        if self._unkept is not None:
            journal.read_up_to(READER, self._unkept.pk)
            self._unkept = None

    def _read_anew(self) -> None:
        self.keep()
        self._ahead.forget()

    def _may_be_kept_later(self, owed: Owed) -> bool:
        """A commit for each of a long queue of values would wear the flash: theirs is the next one, soon."""
        is_alone = owed.attempt is not None or self._ahead.after(owed.entry) is None
        return owed.entry.kind == TAKEN and not is_alone and now().mono_s - self._kept_s < KEPT_WITHIN_S

    def _confirmed(self, owed: Owed, answer: Payload) -> None:
        """The cursor moves in the commit that keeps the answer; past values without an answer it may move later."""
        if self._may_be_kept_later(owed):
            self._unkept = owed.entry
            self._ahead.done(owed.entry)
            return
        with journal.one_commit():
            if owed.row is not None:
                _told(owed, owed.row, answer)
            if owed.attempt is not None:
                Attempt.objects.filter(pk=owed.entry.pk).delete()
            journal.read_up_to(READER, owed.entry.pk)
        self._unkept, self._kept_s = None, now().mono_s
        self._ahead.done(owed.entry)

    def _failed(self, owed: Owed, failure: Failure) -> None:
        self._read_anew()
        _failed(owed, failure)


def _can_be_told(owed: Owed) -> bool:
    """A transaction whose start was never confirmed has no number: nothing more can be said about it."""
    if owed.entry.transaction_id is None:
        return owed.entry.kind == TAKEN
    if owed.entry.kind == STARTED:
        return owed.row is not None and owed.anybody
    return owed.row is not None and owed.row.central_number is not None


def _waits(owed: Owed, moment: Moment) -> bool:
    """For its next attempt."""
    if owed.attempt is None or owed.attempt.due_at is None:
        return False
    return 0 < (owed.attempt.due_at - moment.at).total_seconds() <= MOST_WAIT_S


def _pass(owed: Owed) -> None:
    """Park what follows a start that was given up; skip what nobody asked for or began before the central system."""
    entry = owed.entry
    with journal.one_commit():
        starts = Attempt.objects.filter(transaction_id=entry.transaction_id, action=ACTIONS[STARTED])
        if entry.transaction_id and not _can_be_told(owed) and starts.filter(parked_at__isnull=False).exists():
            Attempt.objects.update_or_create(
                entry_id=entry.pk,
                defaults={
                    "transaction_id": entry.transaction_id,
                    "action": ACTIONS[entry.kind],
                    "parked_at": now().at,
                    "last_error": ITS_START_IS_PARKED,
                },
            )
            if entry.kind == STOPPED:
                _journal_parked(owed, ITS_START_IS_PARKED)
        journal.read_up_to(READER, entry.pk)


def _told(owed: Owed, row: Transaction, answer: Payload) -> None:
    judged = answer.get("idTagInfo")
    if judged is None:
        return
    parent_id_tag, expires_at = judged.get("parentIdTag", ""), moment_of(judged.get("expiryDate"))
    if owed.entry.kind == STARTED:
        services.transaction_confirmed(
            row.pk,
            number=answer["transactionId"],
            status=judged["status"],
            parent_id_tag=parent_id_tag,
            expires_at=expires_at,
        )
    elif owed.entry.body.get("id_tag"):
        services.id_tag_told(
            owed.entry.body["id_tag"], status=judged["status"], parent_id_tag=parent_id_tag, expires_at=expires_at
        )


def _failed(owed: Owed, failure: Failure) -> None:
    """Again after the interval times the attempts so far; given up after as many as the key says (section 3.7.1)."""
    moment = now()
    action = ACTIONS[owed.entry.kind]
    with journal.one_commit():
        attempt, _created = Attempt.objects.get_or_create(
            entry_id=owed.entry.pk, defaults={"action": action, "transaction_id": owed.entry.transaction_id}
        )
        attempt.attempts += 1
        attempt.last_error = failure.sentence[:300]
        if attempt.attempts >= configuration.integer("TransactionMessageAttempts"):
            attempt.due_at, attempt.parked_at = None, moment.at
            journal.read_up_to(READER, owed.entry.pk)
            _journal_parked(owed, attempt.last_error)
        else:
            wait_s = configuration.integer("TransactionMessageRetryInterval") * attempt.attempts
            attempt.due_at = moment.at + timedelta(seconds=max(wait_s, LEAST_WAIT_S))
        attempt.save()
    log.warning("%s of transaction %s was not delivered: %s", action, owed.entry.transaction_id, failure.sentence)


def _journal_parked(owed: Owed, answer: str) -> None:
    journal.record(
        "MessageParked",
        who="ocpp_client",
        connector_number=owed.entry.connector_number,
        transaction_id=owed.entry.transaction_id,
        action=ACTIONS[owed.entry.kind],
        answer=answer,
    )
