"""MeterValues that were asked for before the station was accepted (OCPP 1.6 sections 4.2 and 5.17).

Nothing of a transaction may be told yet, so its queue is left alone: what is told here is not owed, and told once.
"""

from __future__ import annotations

from charging import record, services
from charging.models import Transaction
from ocpp_client.due import Due
from ocpp_client.owed import Owed
from ocpp_client.transaction_messages import ACTIONS, message_of


def now(connector_number: int) -> Due | None:
    """What a connector measures now, of its transaction only where the central system knows that one by its number.

    None where no controller answers any more, or while nobody knows the time. Raises django.db.DatabaseError.
    """
    entry = services.measured_now(connector_number)
    if entry is None or not entry.clock_known:
        return None
    row = Transaction.objects.filter(pk=entry.transaction_id or 0, central_number__isnull=False).first()
    payload = message_of(Owed(entry, row, None, record.station_row(), anybody=True))
    return Due(action=ACTIONS[entry.kind], payload=payload) if payload else None
