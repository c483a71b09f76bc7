"""Is the station registered with its central system, and what may be said meanwhile? OCPP 1.6 section 4.2. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NO_ANSWER_RETRY_S: Final = 30.0  # the text leaves it open when nothing comes back at all
LEAST_RETRY_S: Final = 5.0  # an interval of 0 means: choose one that does not flood
OWN_RETRY_S: Final = 60.0
MOST_RETRY_S: Final = 86_400.0
NOT_WHILE_PENDING: Final = frozenset({"RemoteStartTransaction", "RemoteStopTransaction"})


class Registered(StrEnum):
    """RegistrationStatus, OCPP 1.6 section 7.38; NOT_YET: this start of the software has had no answer."""

    NOT_YET = ""
    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the central system answered last, and when it is asked next. Seconds of the monotonic clock."""

    status: Registered = Registered.NOT_YET
    due_s: float = 0.0

    @property
    def accepted(self) -> bool:
        """Only then may the station speak by itself."""
        return self.status is Registered.ACCEPTED

    def boots(self, now_s: float) -> bool:
        """Whether BootNotification is to be sent now."""
        return not self.accepted and now_s >= self.due_s

    def hears(self, action: str) -> Heard:
        """What becomes of a CALL of the central system: while rejected it gets no answer at all."""
        if self.status is Registered.REJECTED:
            return Heard.IGNORED
        if not self.accepted and action in NOT_WHILE_PENDING:
            return Heard.REFUSED
        return Heard.ANSWERED


class Heard(StrEnum):
    """What becomes of a CALL."""

    ANSWERED = "answered"
    REFUSED = "refused"  # with the status Rejected
    IGNORED = "ignored"


def answered(status: str, interval_s: float, now_s: float) -> Registration:
    """After BootNotification.conf. A status that 1.6 does not know is no acceptance."""
    known = Registered(status) if status in set(Registered) - {Registered.NOT_YET} else Registered.REJECTED
    if known is Registered.ACCEPTED:
        return Registration(status=known)
    wait_s = OWN_RETRY_S if interval_s <= 0 else min(max(interval_s, LEAST_RETRY_S), MOST_RETRY_S)
    return Registration(status=known, due_s=now_s + wait_s)


def unanswered(before: Registration, now_s: float) -> Registration:
    """After a BootNotification that was refused by CALLERROR, or never answered."""
    return Registration(status=before.status, due_s=now_s + NO_ANSWER_RETRY_S)


def asked_for(before: Registration, now_s: float) -> Registration | None:
    """TriggerMessage(BootNotification): at once, but never after Accepted (errata sheet v4.0, 3.35)."""
    return None if before.accepted else Registration(status=before.status, due_s=now_s)
