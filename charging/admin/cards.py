"""Cards and their groups in the console. Every change leaves a journal line with the technician's name."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from charging import journal
from charging.admin.facts import CheapPaginator, TypedModelAdmin
from charging.id_tags import canonical_id_tag, kind_of_uid, refusal_of_uid, reversed_uid
from charging.models import Card, CardGroup

CSV_COLUMNS: Final = ("id_tag", "label", "group", "role", "blocked", "valid_from", "valid_until")
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - a spreadsheet reads these too


def csv_cell(value: object) -> str:
    """*value* as a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


class _Echo:
    """A file that hands every line back, so that a long list is streamed."""

    def write(self, line: str) -> str:
        return line


def csv_lines(cards: QuerySet[Card]) -> Iterator[str]:
    """The card list as CSV, line by line."""
    writer = csv.writer(_Echo())
    yield writer.writerow(CSV_COLUMNS)
    for card in cards.select_related("group").iterator(500):
        group = card.group.parent_id_tag if card.group else ""
        cells = (card.id_tag, card.label, group, card.role, card.blocked, card.valid_from, card.valid_until)
        yield writer.writerow([csv_cell(cell) for cell in cells])


class CardForm(forms.ModelForm):
    """An idTag may be typed as a reader or a label prints it: with separators, in any case."""

    def clean_id_tag(self) -> str:
        """The canonical form. Raises ValidationError for a UID that changes at every tap."""
        id_tag = canonical_id_tag(self.cleaned_data["id_tag"])
        refusal = refusal_of_uid(id_tag)
        if refusal:
            raise forms.ValidationError(refusal)
        if Card.objects.filter(id_tag=id_tag).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This card is in the list already."))
        return id_tag

    def clean(self) -> dict[str, Any]:
        """The validity ends after it begins."""
        cleaned = super().clean() or {}
        begin, end = cleaned.get("valid_from"), cleaned.get("valid_until")
        if begin and end and end <= begin:
            self.add_error("valid_until", _("The card ends before it begins: correct one of the two."))
        return cleaned


class JournaledAdmin(TypedModelAdmin[Any]):
    """Rows of the owner: every change is journaled in the same database transaction."""

    paginator = CheapPaginator
    show_full_result_count = False
    list_per_page = 50
    warn_unsaved_form = True
    kind = ""

    def row_of(self, obj: Any) -> dict[str, Any]:
        """The row as the journal keeps it."""
        return {name: str(getattr(obj, name) or "") for name in self.journaled}

    journaled: tuple[str, ...] = ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save and journal old and new."""
        with journal.one_commit():
            before = type(obj).objects.filter(pk=obj.pk).first() if obj.pk else None
            old = self.row_of(before) if before else None
            obj.save()
            journal.record(f"{self.kind}Changed", who=request.user.get_username(), old=old, **self.row_of(obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete and journal what it was."""
        with journal.one_commit():
            journal.record(f"{self.kind}Removed", who=request.user.get_username(), **self.row_of(obj))
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete and journal each of them."""
        for obj in queryset:
            self.delete_model(request, obj)


@admin.register(Card)
class CardAdmin(JournaledAdmin):
    """The local list."""

    kind = "Card"
    journaled = CSV_COLUMNS
    form = CardForm
    list_display = ("id_tag", "label", "group", "role", "lock", "valid_until", "learned_at")
    list_filter = ("role", "blocked", "group", "valid_until")
    list_select_related = ("group",)
    search_fields = ("id_tag", "label")
    fieldsets = (
        (None, {"fields": (("id_tag", "label"), ("role", "group"), "blocked", "valid_from", "valid_until")}),
        (_("As the reader sees it"), {"fields": (("canonical", "turned"), ("uid_kind", "learned_at"))}),
    )
    readonly_fields = ("canonical", "turned", "uid_kind", "learned_at")
    list_before_template = "charging/admin/card_tools.html"

    def get_urls(self) -> list[URLPattern]:
        """The list as a download beside the usual addresses."""
        export = path("export.csv", self.admin_site.admin_view(self.export), name="charging_card_export")
        return [export, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the addresses of the two buttons above the list."""
        tools = {
            "may_learn": request.user.has_perm("charging.change_connector"),
            "learn_address": reverse("admin:charging_connector_ask", args=[0, "learn_card"]),
            "export_address": reverse("admin:charging_card_export"),
        }
        return super().changelist_view(request, {**tools, **(extra_context or {})})

    def export(self, request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
        """The list as CSV; needs the permission to view cards."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        journal.record("CardsExported", who=request.user.get_username())
        response = StreamingHttpResponse(csv_lines(Card.objects.all()), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="cards.csv"'
        return response

    @admin.display(description=_("blocked"), ordering="blocked")
    def lock(self, row: Card) -> str:
        """A word only where there is something to say."""
        return str(_("blocked")) if row.blocked else "—"

    @admin.display(description=_("canonical form"))
    def canonical(self, row: Card) -> str:
        """What is compared."""
        return row.id_tag

    @admin.display(description=_("in the other byte order"))
    def turned(self, row: Card) -> str:
        """What a reader of the other byte order prints."""
        return reversed_uid(row.id_tag) or "—"

    @admin.display(description=_("kind of number"))
    def uid_kind(self, row: Card) -> str:
        """What the length says."""
        return kind_of_uid(row.id_tag)


@admin.register(CardGroup)
class CardGroupAdmin(JournaledAdmin):
    """Cards that may stop each other's transactions."""

    kind = "CardGroup"
    journaled = ("parent_id_tag", "name")
    list_display = ("parent_id_tag", "name")
    search_fields = ("parent_id_tag", "name")
