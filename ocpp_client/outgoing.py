"""What is due now? The sources in the order in which their messages go out; the first that has one is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from charging.clock import Moment, now
from ocpp_client import (
    authorizing,
    conflicts,
    fault_catalogue,
    heartbeat,
    readings,
    registering,
    registration,
    statuses,
)
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.firmware import notifications as of_firmware
from ocpp_client.models import CentralSystem, FirmwareUpdate, Upload
from ocpp_client.orders import Notifications
from ocpp_client.registration import Registered, Registration
from ocpp_client.security_events import SecurityEvents
from ocpp_client.signing import Signing
from ocpp_client.statuses import Statuses
from ocpp_client.transactions import Transactions
from ocpp_client.triggers import Triggers
from ocpp_client.uploads import notifications as of_uploads

BOOT_WITHIN_S: Final = 60.0
LIVE_EVERY_S: Final = 0.25  # while a long queue is delivered, a card or a status that is told of waits no longer ...
UNTOLD_EVERY_S: Final = 0.5  # ... and one that nobody told of, because Redis is away, no longer than this

ONE_EACH: Final[dict[str, Callable[[], Due]]] = {  # flag of ocpp_client.triggers -> its message
    "heartbeat": heartbeat.message,
    "firmware": of_firmware.triggered,
    "signed_firmware": of_firmware.triggered_signed,
    "diagnostics": of_uploads.triggered,
    "log": of_uploads.triggered_log,
}


@dataclass(slots=True)
class Outgoing:
    """The messages of one link. Called in the thread of the database only."""

    registration: Registration = field(default_factory=Registration)
    triggers: Triggers = field(default_factory=Triggers)
    sent_s: float = 0.0  # monotonic, of the last CALL
    _firmware: Notifications[FirmwareUpdate] = field(default_factory=of_firmware.notifications)
    _uploads: Notifications[Upload] = field(default_factory=of_uploads.notifications)
    _statuses: Statuses = field(default_factory=Statuses)
    _signing: Signing = field(default_factory=Signing)
    _security: SecurityEvents = field(default_factory=SecurityEvents)
    _woken: bool = False  # somebody told of a change since the last look
    _looked_s: float = -UNTOLD_EVERY_S  # monotonic: no card and no status was due then
    _transactions: Transactions = field(default_factory=Transactions)

    def due(self, *, woken: bool = True) -> Due | None:
        """The next message, or None; *woken*: rows may have changed since. Raises django.db.DatabaseError."""
        moment = now()
        self._woken = self._woken or woken
        if self.triggers.boot:
            self.triggers.boot = False
            self.registration = registration.asked_for(self.registration, moment.mono_s) or self.registration
        if self.registration.boots(moment.mono_s):
            return self._boot()
        if self.registration.status is Registered.PENDING:
            return self._triggered(moment)
        return self._next(moment) if self.registration.accepted else None

    def _triggered(self, moment: Moment) -> Due | None:
        """What somebody wants to see: all that the station says while it is Pending (section 4.2)."""
        while self.triggers.statuses:
            if due := self._statuses.now(self.triggers.statuses.pop(0), moment):
                return due
        while self.triggers.meter_values:
            if due := readings.now(self.triggers.meter_values.pop(0)):
                return due
        for trigger, message in ONE_EACH.items():
            if getattr(self.triggers, trigger):
                setattr(self.triggers, trigger, False)
                return message()
        return self._signing.due(moment)

    def following(self, due: Due, *, woken: bool) -> Due | None:
        """What goes out once *due* is confirmed, made while the central system thinks; None: ask `due()` then."""
        self._woken = self._woken or woken
        if due.following is None or self.triggers.boot or not self._fresh(now()):
            return None
        return due.following()

    def keep(self) -> None:
        """What is confirmed is in the record, too."""
        self._transactions.keep()

    def _fresh(self, moment: Moment) -> bool:
        """Whether the last look for cards and statuses was a moment ago."""
        return moment.mono_s - self._looked_s < (LIVE_EVERY_S if self._woken else UNTOLD_EVERY_S)

    def _next(self, moment: Moment) -> Due | None:
        if self._fresh(moment) and (due := self._transactions.due(moment)):
            return due
        if due := authorizing.due(moment) or self._statuses.due(moment) or self._security.due(moment):
            return due
        if due := self._firmware.due() or self._uploads.due() or self._triggered(moment):
            return due
        self._looked_s, self._woken = moment.mono_s, False
        if due := self._transactions.due(moment) or conflicts.due():
            return due
        return fault_catalogue.due() or heartbeat.due(moment, self.sent_s)

    def _boot(self) -> Due:
        return Due(
            action="BootNotification",
            payload=registering.payload_of(CentralSystem.objects.get(pk=1)),
            confirmed=self._booted,
            failed=self._not_booted,
            within_s=BOOT_WITHIN_S,
        )

    def _booted(self, answer: Payload) -> None:
        registering.time_told(answer)
        interval_s = int(answer["interval"])
        self.registration = registration.answered(answer["status"], interval_s, now().mono_s)
        registering.keep(self.registration, interval_s)
        if self.registration.accepted:
            statuses.forget()  # what was told while Pending is told again with the rest

    def _not_booted(self, _failure: Failure) -> None:
        self.registration = registration.unanswered(self.registration, now().mono_s)
