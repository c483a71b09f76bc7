"""Controllers and their dumps in the console: who each board said it is, where it was found, what it asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from charging import journal, live
from charging.admin.asks import PERMISSION, asker_of
from charging.admin.facts import FactsAdmin
from hardware.models import Controller, Dump
from hardware.replacement import confirm

ABSENT = "—"


@admin.register(Controller)
class ControllerAdmin(FactsAdmin[Controller]):
    """Read-only, but for the one question that only a technician can answer: which board belongs there."""

    list_display = ("connector_number", "model", "firmware", "line_path", "unit", "answered", "problem")
    list_display_links = ("connector_number", "model")
    actions = ["confirm_replacement"]
    fields = (
        ("connector_number", "answered"),
        ("vendor", "model"),
        ("board_serial", "board_index"),
        ("firmware", "hardware_revision"),
        ("line_path", "baud_rate"),
        ("driver_name", "unit"),
        ("found_at", "answers_as"),
        "problem",
        "said",
    )
    readonly_fields = ("answered", "said")

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Who may confirm a board."""
        return request.user.has_perm(PERMISSION)

    @admin.action(description=_("Confirm the exchanged board"), permissions=["ask"])
    def confirm_replacement(self, request: HttpRequest, rows: QuerySet[Controller]) -> None:
        """The board that answers takes the place of the one before; number and letter stay."""
        who = asker_of(request).who
        for number in rows.values_list("connector_number", flat=True):
            done = confirm(number, who=who)
            refusal = "" if done else now_("no other board answers there")
            journal.record("Asked", connector_number=number, who=who, what="confirm_replacement", refusal=refusal)
            if done:
                messages.success(
                    request, now_("Connector %(number)d: the new board is confirmed.") % {"number": number}
                )
            else:
                messages.error(
                    request, now_("Connector %(number)d: no other board answers there.") % {"number": number}
                )

    @admin.display(description=_("last answer"))
    def answered(self, row: Controller) -> str:
        """How long ago its last reading was; a dash when nothing is heard of it."""
        reading = live.readings().get(row.connector_number)
        return now_("%(age).1f s ago") % {"age": reading["age_s"]} if reading else ABSENT

    @admin.display(description=_("what it says of itself"))
    def said(self, row: Controller) -> SafeString:
        """The identity as the board told it."""
        return format_html('<pre class="journal-body">{}</pre>', json.dumps(row.identity, indent=2, ensure_ascii=False))


@admin.register(Dump)
class DumpAdmin(FactsAdmin[Dump]):
    """Dumps with their files."""

    list_display = ("fetched_at", "controller", "size_bytes", "file")
    list_select_related = ("controller",)
    fields = ("controller", "fetched_at", "size_bytes", "file")
    readonly_fields = ("file",)

    def get_urls(self) -> list[URLPattern]:
        """Each file has an address of its own."""
        download = path("<int:dump>/file/", self.admin_site.admin_view(self.download), name="hardware_dump_file")
        return [download, *super().get_urls()]

    @admin.display(description=_("file"))
    def file(self, row: Dump) -> SafeString:
        """A link to the bytes."""
        return format_html('<a href="{}">{}</a>', reverse("admin:hardware_dump_file", args=[row.pk]), row.file_name)

    def download(self, request: HttpRequest, dump: int, **_more: Any) -> HttpResponseBase:
        """The bytes of one dump. Raises Http404 when the row or its file is gone."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        name = Dump.objects.filter(pk=dump).values_list("file_name", flat=True).first()
        if not name:
            raise Http404
        place = (
            Path(settings.DATA_DIR) / "dumps" / Path(name).name
        )  # never outside of the folder, whatever the row says
        try:
            return FileResponse(place.open("rb"), as_attachment=True, filename=place.name)
        except OSError as error:
            raise Http404 from error
