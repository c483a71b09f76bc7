"""The security log in the console: what happened, and whether its chain is whole."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from charging import services
from charging.admin.facts import FactsAdmin
from charging.admin.filters import SecurityEventFilter
from charging.domain.security import CRITICAL
from charging.models import SecurityLogEntry
from charging.words import SECURITY_EVENTS, words_of


@admin.register(SecurityLogEntry)
class SecurityLogAdmin(FactsAdmin[SecurityLogEntry]):
    """Append-only; the oldest entries go first."""

    list_display = ("number", "time", "named", "weight", "about")
    list_display_links = ("number", "time", "named")
    list_filter = ("at", SecurityEventFilter)
    search_fields = ("about",)
    search_help_text = _("Words of the details")
    list_before_template = "charging/admin/security_chain.html"
    fields = (("number", "time"), ("sentence", "weight"), "name", "about", "previous", "own")
    readonly_fields = ("time", "sentence", "weight", "name", "previous", "own")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under one sentence about its chain."""
        return super().changelist_view(request, {**(extra_context or {}), "chain": _chain()})

    @admin.display(description=_("time"), ordering="number")
    def time(self, row: SecurityLogEntry) -> SafeString:
        """UTC, as it was written."""
        return format_html('<span class="one-line">{}</span>', f"{row.at:%Y-%m-%d %H:%M:%S}")

    @admin.display(description=_("what happened"))
    def sentence(self, row: SecurityLogEntry) -> str:
        """In words."""
        return words_of(SECURITY_EVENTS, row.event)

    @admin.display(description=_("what happened"), ordering="event")
    def named(self, row: SecurityLogEntry) -> SafeString:
        """In words, and under them as the central system is told."""
        return format_html('{}<small class="quiet under">{}</small>', self.sentence(row), row.event)

    @admin.display(description=_("weight"))
    def weight(self, row: SecurityLogEntry) -> SafeString | str:
        """Section 8 of the security whitepaper calls some critical."""
        if row.event not in CRITICAL:
            return "—"
        return format_html('<span class="chip chip-bad">{}</span>', now_("critical"))

    @admin.display(description=_("OCPP name"))
    def name(self, row: SecurityLogEntry) -> str:
        """As the central system is told."""
        return row.event

    @admin.display(description=_("hash of the entry before"))
    def previous(self, row: SecurityLogEntry) -> str:
        """What this entry is chained to."""
        return row.previous_hash

    @admin.display(description=_("hash"))
    def own(self, row: SecurityLogEntry) -> str:
        """What the next entry is chained to."""
        return row.hash


def _chain() -> dict[str, Any]:
    """`whole`, and a `sentence` that says which entries there are, or where the chain breaks."""
    if broken := services.security_log_broken():
        words = (
            now_("The log had %(number)s entries and has lost the last of them.")
            if broken.lost
            else now_("Entry %(number)s is not what was written.")
        )
        more = now_("Somebody has changed the database: nothing that this log says from there on proves anything.")
        return {"whole": False, "sentence": f"{words % {'number': broken.number}} {more}"}
    kept = SecurityLogEntry.objects.aggregate(first=Min("number"), last=Max("number"))
    if kept["last"] is None:
        return {"whole": True, "sentence": now_("Nothing has happened yet.")}
    words = now_("The chain is whole: every entry from %(first)s to %(last)s is as it was written.")
    return {"whole": True, "sentence": words % kept}
