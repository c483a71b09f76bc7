"""Wishes to devices in the console: what was asked, and how it went."""

from __future__ import annotations

from django.contrib import admin

from charging.admin.facts import FactsAdmin
from charging.models import Wish


@admin.register(Wish)
class WishAdmin(FactsAdmin[Wish]):
    """Read-only: a wish is made with a button and answered by the device."""

    list_display = ("asked_at", "kind", "connector_number", "state", "progress", "result", "asked_by")
    list_filter = ("kind", "state", "asked_at")
    fields = (("kind", "connector_number"), ("asked_by", "asked_at"), ("state", "progress"), "result", "arguments")
