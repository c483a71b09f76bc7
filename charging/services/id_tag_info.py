"""What is known here of idTags: the authorization cache, and what the central system's list says beside it.

The cache is bounded: an idTag that is not valid is forgotten first, then the one that was used longest ago
(OCPP 1.6 section 3.5.1).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Max

from charging import journal, record
from charging.clock import Moment, now
from charging.domain.central_authorization import IdTagInfo, IdTagStatus, Rules, conflicts, known_of
from charging.domain.requests import Refusal
from charging.models import CachedIdTag, ListedIdTag, Station
from charging.models.id_tags import ToldIdTag
from charging.services.answer import ACCEPTED, Answer, refused

MOST_CACHED: Final = 1000


def rules_of(station: Station) -> Rules:
    """The configuration keys of the truth table."""
    return Rules(
        local_auth_list_enabled=station.local_auth_list_enabled,
        authorization_cache_enabled=station.authorization_cache_enabled,
        local_authorize_offline=station.local_authorize_offline,
        local_pre_authorize=station.local_pre_authorize,
        allow_offline_tx_for_unknown_id=station.allow_offline_tx_for_unknown_id,
    )


def known_here(id_tag: str, station: Station) -> IdTagInfo | None:
    """What the central system's list, or else the cache, says of an idTag; None where neither counts or knows it."""
    key = id_tag.upper()
    listed = ListedIdTag.objects.filter(pk=key).first()
    cached = CachedIdTag.objects.filter(pk=key).first()
    return known_of(rules_of(station), _told(listed), _told(cached))


def parent_of(id_tag: str, station: Station) -> str:
    """The parent idTag that is known here, "" when none is (OCPP 1.6 section 5.13)."""
    known = known_here(id_tag, station)
    return known.parent_id_tag if known else ""


def _told(row: ToldIdTag | None) -> IdTagInfo | None:
    if row is None:
        return None
    return IdTagInfo(status=IdTagStatus(row.status), parent_id_tag=row.parent_id_tag, expires_at=row.expires_at)


def used(id_tag: str) -> None:
    """The cache let an idTag start: it is forgotten later than others."""
    CachedIdTag.objects.filter(pk=id_tag.upper()).update(use=_next_use())


def _next_use() -> int:
    return (CachedIdTag.objects.aggregate(last=Max("use"))["last"] or 0) + 1


def id_tag_told(id_tag: str, *, status: str, parent_id_tag: str = "", expires_at: datetime | None = None) -> None:
    """Keep what StopTransaction.conf says of an idTag (section 4.10). Raises ValueError for an unknown status.

    The other two messages that speak of idTags have services of their own: authorization_answered and
    transaction_confirmed.
    """
    remember(id_tag, IdTagInfo(status=IdTagStatus(status), parent_id_tag=parent_id_tag, expires_at=expires_at), now())


def remember(id_tag: str, told: IdTagInfo, moment: Moment) -> None:
    """Keep what the central system has just said of an idTag.

    An idTag of the Local Authorization List is not cached (section 3.5.3); where the two contradict each other the
    fact LocalListConflict is journaled (section 3.5.2).
    """
    key = id_tag.upper()
    with journal.one_commit():
        station = record.station_row()
        listed = _told(ListedIdTag.objects.filter(pk=key).first()) if station.local_auth_list_enabled else None
        if conflicts(listed, told) and listed:
            journal.record("LocalListConflict", moment=moment, id_tag=key, listed=listed.status, told=told.status)
        if listed or not station.authorization_cache_enabled:
            return
        row = {
            "status": told.status,
            "parent_id_tag": told.parent_id_tag,
            "expires_at": told.expires_at,
            "use": _next_use(),
        }
        if not CachedIdTag.objects.filter(pk=key).update(**row):
            CachedIdTag.objects.create(pk=key, **row)
            _forget_too_many(key)


def _forget_too_many(kept: str) -> None:
    excess = CachedIdTag.objects.count() - MOST_CACHED
    if excess <= 0:
        return
    others = CachedIdTag.objects.exclude(pk=kept)
    for rows in (others.exclude(status=IdTagStatus.ACCEPTED), others.order_by("use")):
        keys = list(rows.order_by("use").values_list("pk", flat=True)[:excess])
        excess -= CachedIdTag.objects.filter(pk__in=keys).delete()[0]
        if excess <= 0:
            return


def clear_cache(who: str) -> Answer:
    """Forget every cached idTag (OCPP 1.6 section 5.4). Refused while the cache is switched off: Rejected."""
    with journal.one_commit():
        if not record.station_row().authorization_cache_enabled:
            return refused(Refusal.CACHE_OFF)
        count, _each = CachedIdTag.objects.all().delete()
        journal.record("CacheCleared", who=who, count=count)
    return ACCEPTED
