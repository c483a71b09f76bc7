"""Which idTag is to be asked about? The oldest tap that waits for the central system. OCPP 1.6 section 4.1."""

from __future__ import annotations

import logging
from functools import partial

from charging import services
from charging.clock import Moment
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.timestamps import moment_of

log = logging.getLogger(__name__)


def due(moment: Moment) -> Due | None:
    """Authorize for a tap whose deadline has not passed; after it the offline rule decides, not we."""
    tap = next(iter(services.cards_to_ask(moment)), None)
    if tap is None:
        return None
    return Due(
        action="Authorize",
        payload={"idTag": tap.id_tag},
        confirmed=partial(_answered, tap.pk),
        failed=partial(_failed, tap.pk),
        within_s=max(tap.due_s - moment.mono_s, 0.1),
    )


def _answered(card_id: int, answer: Payload) -> None:
    told = answer["idTagInfo"]
    services.authorization_answered(
        card_id,
        status=told["status"],
        parent_id_tag=told.get("parentIdTag", ""),
        expires_at=moment_of(told.get("expiryDate")),
    )


def _failed(card_id: int, failure: Failure) -> None:
    """A refusal to answer is judged like silence, at once: nobody gains by waiting for the deadline."""
    log.warning("The central system did not judge a card: %s", failure.sentence)
    services.authorization_unanswered(card_id)
