"""Who may charge when a central system decides: one truth table (OCPP 1.6 sections 3.5, 4.1 and 9.1).

What is known of an idTag here comes from two lists: the Local Authorization List and the Authorization Cache.
Online, the central system is asked, unless LocalPreAuthorize lets a valid entry start at once. Offline, or when
the answer does not come in time, LocalAuthorizeOffline lets a valid entry start and AllowOfflineTxForUnknownId an
idTag of which nothing is known; an entry that is not valid is refused, whatever else is allowed (section 3.5.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from .requests import Refusal

ANSWER_WITHIN_S: Final = 3.0  # an EV driver looks at the screen; a half-open link is noticed no later than this


class IdTagStatus(StrEnum):
    """AuthorizationStatus, OCPP 1.6 section 7.2."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


REFUSALS: Final = {
    IdTagStatus.BLOCKED: Refusal.CARD_BLOCKED,
    IdTagStatus.EXPIRED: Refusal.CARD_EXPIRED,
    IdTagStatus.INVALID: Refusal.CARD_UNKNOWN,
    IdTagStatus.CONCURRENT_TX: Refusal.CARD_IN_USE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTagInfo:
    """What a central system has said of an idTag (section 7.27)."""

    status: IdTagStatus
    parent_id_tag: str = ""
    expires_at: datetime | None = None

    def at(self, now: datetime | None) -> IdTagStatus:
        """The status at *now*: an accepted idTag expires. *now* None: the clock is not credible, so it has expired."""
        accepted = self.status is IdTagStatus.ACCEPTED
        if accepted and self.expires_at is not None and (now is None or self.expires_at <= now):
            return IdTagStatus.EXPIRED
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The configuration keys of the table (sections 9.1 and 9.2)."""

    local_auth_list_enabled: bool = True
    authorization_cache_enabled: bool = True
    local_authorize_offline: bool = True
    local_pre_authorize: bool = False
    allow_offline_tx_for_unknown_id: bool = False


class Verdict(StrEnum):
    """What happens with an idTag now."""

    ACCEPT = "accept"
    ASK = "ask"  # the central system, for ANSWER_WITHIN_S
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict, with the parent idTag that is known here or the reason of a refusal."""

    verdict: Verdict
    parent_id_tag: str = ""
    refusal: Refusal | None = None


def known_of(rules: Rules, listed: IdTagInfo | None, cached: IdTagInfo | None) -> IdTagInfo | None:
    """What is known here of an idTag: an entry of the list goes before one of the cache (section 3.5.3).

    An idTag that is on the list because it charges elsewhere is a valid one (section 3.5.2).
    """
    if rules.local_auth_list_enabled and listed:
        valid = listed.status is IdTagStatus.CONCURRENT_TX
        status = IdTagStatus.ACCEPTED if valid else listed.status
        return IdTagInfo(status=status, parent_id_tag=listed.parent_id_tag, expires_at=listed.expires_at)
    return cached if rules.authorization_cache_enabled else None


def decided(rules: Rules, known: IdTagInfo | None, *, can_ask: bool, now: datetime | None) -> Decision:
    """What happens with an idTag. *can_ask*: the link is up and the time for an answer is not over."""
    status = known.at(now) if known else None
    parent_id_tag = known.parent_id_tag if known else ""
    accepted = Decision(verdict=Verdict.ACCEPT, parent_id_tag=parent_id_tag)
    if can_ask:
        at_once = rules.local_pre_authorize and status is IdTagStatus.ACCEPTED
        return accepted if at_once else Decision(verdict=Verdict.ASK)
    if status not in (None, IdTagStatus.ACCEPTED):
        return Decision(verdict=Verdict.REFUSE, refusal=REFUSALS[status])
    by_list = rules.local_authorize_offline and status is IdTagStatus.ACCEPTED
    if by_list or rules.allow_offline_tx_for_unknown_id:
        return accepted
    return Decision(verdict=Verdict.REFUSE, refusal=Refusal.CENTRAL_SYSTEM_ABSENT)


def answered(told: IdTagInfo, now: datetime | None) -> Decision:
    """What happens with an idTag after the central system has answered."""
    status = told.at(now) if now else told.status  # without a clock its word of this moment counts
    if status is IdTagStatus.ACCEPTED:
        return Decision(verdict=Verdict.ACCEPT, parent_id_tag=told.parent_id_tag)
    return Decision(verdict=Verdict.REFUSE, refusal=REFUSALS[status])


def conflicts(listed: IdTagInfo | None, told: IdTagInfo) -> bool:
    """Whether the list and the central system's answer contradict each other: LocalListConflict (section 3.5.2)."""
    if listed is None:
        return False
    valid = (IdTagStatus.ACCEPTED, IdTagStatus.CONCURRENT_TX)
    return (listed.status in valid) != (told.status in valid)
