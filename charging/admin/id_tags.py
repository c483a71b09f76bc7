"""What a central system has said of idTags, in the console: its list and our memory of its answers. Read-only."""

from __future__ import annotations

from django.contrib import admin

from charging.admin.facts import FactsAdmin
from charging.models import CachedIdTag, ListedIdTag, StationReservation


@admin.register(ListedIdTag)
class ListedIdTagAdmin(FactsAdmin[ListedIdTag]):
    """Only the central system changes its list; the owner's cards are elsewhere."""

    list_display = ("id_tag", "status", "parent_id_tag", "expires_at")
    list_filter = ("status",)
    search_fields = ("id_tag", "parent_id_tag")
    fields = (("id_tag", "status"), ("parent_id_tag", "expires_at"))


@admin.register(CachedIdTag)
class CachedIdTagAdmin(FactsAdmin[CachedIdTag]):
    """The answers of the central system, as the cache remembers them."""

    list_display = ("id_tag", "status", "parent_id_tag", "expires_at")
    list_filter = ("status",)
    search_fields = ("id_tag", "parent_id_tag")
    fields = (("id_tag", "status"), ("parent_id_tag", "expires_at"))


@admin.register(StationReservation)
class StationReservationAdmin(FactsAdmin[StationReservation]):
    """Reservations that are for any connector of the station."""

    list_display = ("reservation_id", "id_tag", "parent_id_tag")
    fields = (("reservation_id",), ("id_tag", "parent_id_tag"))
