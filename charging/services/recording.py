"""One request to a connector: one database transaction, an answer that is durable when it says accepted, a wake-up."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError

from charging import journal, live
from charging.domain.requests import Refusal
from charging.models import Connector
from charging.services.answer import Answer, refused

log = logging.getLogger(__name__)


def recorded(connector_number: int, work: Callable[[], Answer]) -> Answer:
    """What *work* answers, with all that it wrote. An unknown connector and a full disk are refusals."""
    try:
        with journal.one_commit():
            answer = work()
    except Connector.DoesNotExist:
        return refused(Refusal.UNKNOWN_CONNECTOR)
    except DatabaseError:
        log.exception("A request for connector %s could not be recorded.", connector_number)
        return refused(Refusal.NOT_RECORDED)
    live.wake()
    live.changed()
    return answer
