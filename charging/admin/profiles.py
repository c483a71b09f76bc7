"""Charging profiles in the console: what the central system allows, read-only."""

from __future__ import annotations

from django.contrib import admin

from charging.admin.facts import FactsAdmin
from charging.models import ChargingProfile


@admin.register(ChargingProfile)
class ChargingProfileAdmin(FactsAdmin[ChargingProfile]):
    """Only the central system sets and clears them."""

    list_display = ("profile_id", "connector_number", "purpose", "stack_level", "received_at", "transaction_id")
    list_filter = ("purpose", "connector_number")
    fields = (
        ("profile_id", "connector_number"),
        ("purpose", "stack_level"),
        ("received_at", "transaction_id"),
        ("calendar",),
    )
