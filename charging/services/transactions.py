"""What the central system says about transactions: their number, and whether their idTag still counts."""

from __future__ import annotations

from datetime import datetime

from charging import journal, live, record
from charging.clock import now
from charging.domain import events as e
from charging.domain.central_authorization import IdTagInfo, IdTagStatus
from charging.domain.requests import Refusal
from charging.models import Transaction
from charging.services.answer import ACCEPTED, Answer, refused
from charging.services.id_tag_info import remember


def transaction_confirmed(
    transaction_id: int,
    *,
    number: int | None,
    status: str,
    parent_id_tag: str = "",
    expires_at: datetime | None = None,
) -> Answer:
    """StartTransaction.conf has come: keep the transactionId, and judge the idTag (OCPP 1.6 sections 3.5.4 and 4.8).

    Not accepted while the transaction runs: StopTransactionOnInvalidId stops it with DeAuthorized, otherwise no more
    than MaxEnergyOnInvalidId flows. *number* None: the answer had none that can be used; what was known stays.
    NOTHING_TO_STOP where there is no such transaction. May be called again with the same answer. Joins the caller's
    database transaction, so that the edge can move its cursor in the same commit. Raises ValueError for an unknown
    status and django.db.DatabaseError.
    """
    moment = now()
    told = IdTagInfo(status=IdTagStatus(status), parent_id_tag=parent_id_tag, expires_at=expires_at)
    with journal.one_commit():
        row = Transaction.objects.filter(pk=transaction_id).first()
        if row is None:
            return refused(Refusal.NOTHING_TO_STOP)
        row.id_tag_status = told.status.value
        row.central_number = row.central_number if number is None else number
        row.parent_id_tag = told.parent_id_tag or row.parent_id_tag
        row.save(update_fields=["id_tag_status", "central_number", "parent_id_tag"])
        remember(row.id_tag, told, moment)
        if row.stopped_at is None:
            valid = told.status is IdTagStatus.ACCEPTED
            event = e.IdTagJudged(now_s=moment.mono_s, valid=valid, parent_id_tag=told.parent_id_tag)
            record.happen(row.connector_id, [event], moment=moment, who="central system")
    if row.stopped_at is None:  # nobody waits for what is told of the past: there may be weeks of it
        live.wake()
        live.changed()
    return ACCEPTED


def transaction_of(number: int) -> Transaction | None:
    """The running transaction that the central system calls *number*: RemoteStopTransaction, TxProfile."""
    return Transaction.objects.filter(central_number=number, stopped_at__isnull=True).first()
