"""The journal in the console: one readable sentence for each entry, the whole body one tap away."""

from __future__ import annotations

import json
from typing import Final

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from charging.admin.facts import FactsAdmin
from charging.admin.filters import JournalConnectorFilter, KindFilter
from charging.models import JournalEntry
from charging.sentences import ABSENT, sentence_of

LONGEST_BODY: Final = 20_000


@admin.register(JournalEntry)
class JournalEntryAdmin(FactsAdmin[JournalEntry]):
    """Append-only: history and audit."""

    list_display = ("time", "sentence", "outlet", "who", "kind")
    list_display_links = ("time", "sentence")
    list_filter = (KindFilter, JournalConnectorFilter, "at")
    search_fields = ("who",)
    fields = (("at", "clock"), ("kind", "who"), "sentence", ("connector_number", "transaction_id"), "details")
    readonly_fields = ("clock", "sentence", "details")

    @admin.display(description=_("time"), ordering="id")
    def time(self, row: JournalEntry) -> str:
        """UTC; a tilde where the clock was not known."""
        return f"{'' if row.clock_known else '~'}{row.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("clock known"), boolean=True)
    def clock(self, row: JournalEntry) -> bool:
        """Whether the station knew what time it was."""
        return row.clock_known

    @admin.display(description=_("what happened"))
    def sentence(self, row: JournalEntry) -> str:
        """In words."""
        return sentence_of(row)

    @admin.display(description=_("connector"))
    def outlet(self, row: JournalEntry) -> str:
        """Its number; the station itself is a dash."""
        return str(row.connector_number) if row.connector_number else ABSENT

    @admin.display(description=_("details"))
    def details(self, row: JournalEntry) -> SafeString:
        """The body as it was written."""
        text = json.dumps(row.body, indent=2, ensure_ascii=False)
        return format_html('<pre class="journal-body">{}</pre>', text[:LONGEST_BODY])
