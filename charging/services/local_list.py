"""The central system's list of idTags: replaced or changed as a whole, or not at all (OCPP 1.6 section 5.15).

It lives beside the owner's own cards and never touches them (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError

from charging import journal, record
from charging.clock import now
from charging.domain.central_authorization import IdTagStatus
from charging.domain.requests import Refusal
from charging.models import ID_TAG_LENGTH, CachedIdTag, ListedIdTag, id_tag_characters
from charging.services.answer import ACCEPTED, Answer, refused

MOST_LISTED: Final = 10_000  # LocalAuthListMaxLength
MOST_SENT: Final = 500  # SendLocalListMaxLength: the write lock is held briefly
FULL: Final = "Full"
DIFFERENTIAL: Final = "Differential"
BATCH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """AuthorizationData of section 7.1. status "" = no idTagInfo: a differential update removes the idTag."""

    id_tag: str
    status: str = ""
    parent_id_tag: str = ""
    expires_at: datetime | None = None


def local_list_version() -> int:
    """GetLocalListVersion: 0 while the list is empty (section 5.10)."""
    return record.station_row().local_list_version


def send_local_list(
    version: int,
    update_type: str,
    entries: Sequence[ListEntry],
    *,
    who: str,
    most_sent: int = MOST_SENT,
    most_listed: int = MOST_LISTED,
) -> Answer:
    """Replace the list (Full) or change it (Differential), all or nothing.

    Refused with LIST_OUTDATED (VersionMismatch: a differential update not newer than the list) or LIST_WRONG
    (Failed: an impossible version or entry, an idTag twice, too many). Raises django.db.DatabaseError.
    """
    if update_type not in (FULL, DIFFERENTIAL) or version <= 0 or len(entries) > most_sent:
        return refused(Refusal.LIST_WRONG)
    if not _sound(entries, full=update_type == FULL):
        return refused(Refusal.LIST_WRONG)
    wanted = {entry.id_tag.upper(): entry for entry in entries}
    kept = [_row(key, entry) for key, entry in wanted.items() if entry.status]
    with journal.one_commit():
        station = record.station_row()
        if update_type == DIFFERENTIAL and version <= station.local_list_version:
            return refused(Refusal.LIST_OUTDATED)
        others = (
            ListedIdTag.objects.exclude(pk__in=wanted) if update_type == DIFFERENTIAL else ListedIdTag.objects.none()
        )
        count = others.count() + len(kept)
        if count > most_listed:
            return refused(Refusal.LIST_WRONG)
        _changed(update_type, [key for key in wanted if not wanted[key].status], kept)
        at_version = version if count else 0
        record.change_station(moment=now(), who=who, kind="LocalListChanged", local_list_version=at_version)
    return ACCEPTED


def _sound(entries: Sequence[ListEntry], *, full: bool) -> bool:
    keys = {entry.id_tag.upper() for entry in entries}
    known = {*(status.value for status in IdTagStatus), *([] if full else [""])}
    return (
        len(keys) == len(entries)
        and all(entry.status in known for entry in entries)
        and all(_is_id_tag(entry.id_tag) and len(entry.parent_id_tag) <= ID_TAG_LENGTH for entry in entries)
    )


def _is_id_tag(text: str) -> bool:
    try:
        id_tag_characters(text)
    except ValidationError:
        return False
    return True


def _row(key: str, entry: ListEntry) -> ListedIdTag:
    return ListedIdTag(id_tag=key, status=entry.status, parent_id_tag=entry.parent_id_tag, expires_at=entry.expires_at)


def _changed(update_type: str, dropped: list[str], kept: list[ListedIdTag]) -> None:
    """Write the list; what is on it is not cached as well (section 3.5.3)."""
    if update_type == FULL:
        ListedIdTag.objects.all().delete()
    else:
        ListedIdTag.objects.filter(pk__in=dropped).delete()
    ListedIdTag.objects.bulk_create(
        kept,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id_tag"],
        update_fields=["status", "parent_id_tag", "expires_at"],
    )
    CachedIdTag.objects.filter(pk__in=[row.pk for row in kept]).delete()
