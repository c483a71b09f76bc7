"""Which SecurityEventNotification is due? The next one of the journal behind a cursor of its own.

Security whitepaper, edition 3, A04: delivered at last, whatever happens to the link or to this software meanwhile.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from charging import journal
from charging.clock import Moment, now
from charging.domain.security import SecurityEvent
from charging.models import Cursor, JournalEntry
from ocpp_client.causes import Cause
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.errors import Malformed
from ocpp_client.rpc import REUSED_ID
from ocpp_client.timestamps import utc_text

log = logging.getLogger(__name__)

READER: Final = "ocpp.security"
KIND: Final = "SecurityEvent"  # charging.security_log
AGAIN_AFTER_S: Final = 60.0  # a central system that never answers them is not asked at full speed
OFFENCE_EVERY_S: Final = 300.0  # a flood of bad frames writes an entry now and then, not one a frame
BY_CAUSE: Final = {
    Cause.UNAUTHORIZED: SecurityEvent.FAILED_TO_AUTHENTICATE,
    Cause.OWN_CERTIFICATE: SecurityEvent.FAILED_TO_AUTHENTICATE,
    Cause.CERTIFICATE: SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
    Cause.TLS_VERSION: SecurityEvent.INVALID_TLS_VERSION,
    Cause.TLS_CIPHER: SecurityEvent.INVALID_TLS_CIPHER_SUITE,
}
PUSHED: Final = [event.value for event in SecurityEvent if event.pushed]


def begin() -> None:
    """What was before the central system came is not its business."""
    newest = JournalEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Cursor.objects.get_or_create(name=READER, defaults={"position": newest})


class SecurityEvents:
    """The queue of one central system. Called in the thread of the database only."""

    def __init__(self) -> None:
        self._held_until_s = 0.0

    def due(self, moment: Moment) -> Due | None:
        """The oldest event that was not confirmed; one that is not dated yet waits, and all after it."""
        if moment.mono_s < self._held_until_s:
            return None
        position = Cursor.objects.filter(name=READER).values_list("position", flat=True).first()
        if position is None:
            return None
        entry = JournalEntry.objects.filter(kind=KIND, pk__gt=position, body__event__in=PUSHED).order_by("pk").first()
        if entry is None or not entry.clock_known:
            return None
        return Due(
            action="SecurityEventNotification",
            payload=payload_of(entry),
            confirmed=partial(_told, entry.pk),
            failed=partial(self._failed, entry.pk),
        )

    def _failed(self, entry_id: int, failure: Failure) -> None:
        """An answer is a delivery, also where the central system does not know the security extension."""
        if failure.answered:
            log.warning("The central system refused a SecurityEventNotification: %s", failure.sentence)
            journal.read_up_to(READER, entry_id)
        else:
            self._held_until_s = now().mono_s + AGAIN_AFTER_S


def payload_of(entry: JournalEntry) -> Payload:
    """The message of one entry; techInfo is left out where there is nothing to say."""
    payload: Payload = {"type": entry.body["event"], "timestamp": utc_text(entry.at)}
    return payload | ({"techInfo": entry.body["about"]} if entry.body["about"] else {})


def _told(entry_id: int, _answer: Payload) -> None:
    journal.read_up_to(READER, entry_id)


class Offences:
    """What the central system sends against the rules becomes an event, each kind once in a while."""

    def __init__(self) -> None:
        self._quiet_until_s: dict[SecurityEvent, float] = {}

    def seen(self, why: Malformed, now_s: float) -> SecurityEvent | None:
        """The event that this frame is worth, *now_s* monotonic; None while the last one of its kind is young."""
        replayed = why.description == REUSED_ID
        event = SecurityEvent.ATTEMPTED_REPLAY_ATTACKS if replayed else SecurityEvent.INVALID_MESSAGES
        if now_s < self._quiet_until_s.get(event, 0.0):
            return None
        self._quiet_until_s[event] = now_s + OFFENCE_EVERY_S
        return event
