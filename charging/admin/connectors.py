"""Connectors in the console: what is true of each, decoded; what it should be doing; what happened last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from charging import journal, lines, record
from charging.admin.asks import CONNECTOR_ASKS, EVERYDAY, ask_view, carry_out, may_ask
from charging.admin.facts import FactsAdmin
from charging.admin.field_words import FIELD_WORDS
from charging.admin.line_words import contact_words, health_words, milliseconds
from charging.domain.connector import Connector as Rules
from charging.domain.connector import Policy
from charging.domain.outputs import outputs_of
from charging.domain.situation import situation_of
from charging.domain.status import status_of
from charging.models import Connector
from charging.sentences import sentence_of
from charging.snapshot import ConnectorShown, snapshot
from charging.words import SITUATIONS, STANDARDS, fault_shown, words_of

LAST_ENTRIES: Final = 50
NOT_SHOWN: Final = frozenset({"number", "capability", "policy"})
ABSENT: Final = "—"

Rows = list[tuple[str, str]]


def rows_of(thing: Any, without: frozenset[str] = frozenset()) -> Rows:
    """(field, value as text) of a dataclass of the rules; tuples and sets are listed, absent values are dashes."""
    return [(each.name, _text(getattr(thing, each.name))) for each in fields(thing) if each.name not in without]


def _text(value: Any) -> str:
    if value is None or value in ("", (), frozenset()):
        return ABSENT
    if isinstance(value, bool):
        return now_("yes") if value else now_("no")
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(each) for each in value))
    if isinstance(value, tuple):
        return ", ".join(_text(each) for each in value)
    if hasattr(value, "__dataclass_fields__"):
        return " · ".join(f"{name} {text}" for name, text in rows_of(value) if text != ABSENT)
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _rules_of(row: Connector) -> Rules:
    return record.connector_of(row, Policy())


def _listed(name: str) -> Callable[[Any, HttpRequest, QuerySet[Connector]], None]:
    """An ask as an action on the chosen rows of the list, which Django sends as POST."""

    def action(_admin: Any, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        for number in rows.values_list("pk", flat=True):
            carry_out(request, number, name)

    action.__name__ = name
    action.short_description = CONNECTOR_ASKS[name].title  # type: ignore[attr-defined]
    action.allowed_permissions = ("ask",)  # type: ignore[attr-defined]
    return action


@admin.register(Connector)
class ConnectorAdmin(FactsAdmin[Connector]):
    """Facts read-only; everything else is an ask."""

    list_display = ("letter", "number", "standard", "status", "situation", "faults", "board")
    list_display_links = ("letter", "number")
    actions = [_listed(name) for name in EVERYDAY]

    def get_urls(self) -> list[URLPattern]:
        """The list, a page for each connector, and one POST address for every ask."""
        asks = path("<int:number>/ask/<str:what>/", self.admin_site.admin_view(ask_view), name="charging_connector_ask")
        return [asks, *super().get_urls()]

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Who sees the actions of the list."""
        return request.user.has_perm("charging.change_connector")

    @admin.display(description=_("standard"))
    def standard(self, row: Connector) -> str:
        """In words."""
        return words_of(STANDARDS, row.connector_type)

    @admin.display(description=_("OCPP status"))
    def status(self, row: Connector) -> str:
        """As the central system is told."""
        return status_of(_rules_of(row)).value

    @admin.display(description=_("situation"))
    def situation(self, row: Connector) -> str:
        """In words."""
        return words_of(SITUATIONS, situation_of(_rules_of(row)))

    @admin.display(description=_("faults"))
    def faults(self, row: Connector) -> str:
        """Titles of the active faults."""
        return ", ".join(fault_shown(name)["title"] for name in sorted(_rules_of(row).faults)) or ABSENT

    @admin.display(description=_("board"))
    def board(self, row: Connector) -> str:
        """Which outlet of which board."""
        return f"{row.board_serial} / {row.board_index}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one connector. Raises Http404 and PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            **page_of(row, request),
            "opts": self.opts,
            "title": now_("Connector %(letter)s") % {"letter": row.letter},
            **(extra_context or {}),
        }
        return TemplateResponse(request, "charging/admin/connector.html", context)


def page_of(row: Connector, request: HttpRequest) -> dict[str, Any]:
    """What the page of one connector shows."""
    rules = record.connector_of(row, record.policy_of(record.station_row()))
    shown = next((each for each in snapshot()["connectors"] if each["number"] == row.number), None)
    entries = journal.newest(LAST_ENTRIES, row.number)
    asks = [
        (name, ask)
        for name, ask in CONNECTOR_ASKS.items()
        if may_ask(request, ask) and shown is not None and ask.offered(shown)
    ]
    return {
        "row": row,
        "shown": shown,
        "standard": words_of(STANDARDS, row.connector_type),
        "situation": words_of(SITUATIONS, shown["situation"]) if shown else "",
        "faults": [fault_shown(name) for name in sorted(rules.faults)],
        "panels": _panels(rules, row, shown),
        "entries": [(entry, sentence_of(entry)) for entry in entries],
        "asks": asks,
    }


def _panels(rules: Rules, row: Connector, shown: ConnectorShown | None) -> list[tuple[str, Rows]]:
    reading = shown["reading"] if shown else None
    values: Rows = [(name, _text(tuple(v) if isinstance(v, list) else v)) for name, v in (reading or {}).items()]
    identity: Rows = [
        ("board_serial", row.board_serial),
        ("board_index", str(row.board_index)),
        ("register_checkpoint_wh", _text(row.register_wh)),
    ]
    panels = [
        (now_("Facts"), rows_of(rules, NOT_SHOWN)),
        (now_("Outputs now"), rows_of(outputs_of(rules))),
        (now_("Reading"), values),
        (now_("Serial line"), _line(row.number)),
        (now_("Capability"), [*identity, *rows_of(rules.capability)]),
    ]
    return [(title, [(words_of(FIELD_WORDS, name), text) for name, text in rows]) for title, rows in panels]


def _line(number: int) -> Rows:
    """The health of the line that this connector is polled over; nothing while nobody tells."""
    for line in lines.lines() or []:
        for unit in line["units"]:
            if unit["connector"] == number:
                return [
                    ("line_path", line["path"]),
                    ("unit", str(unit["unit"])),
                    ("line_health", health_words([unit])),
                    ("reply_time", f"{milliseconds(unit['p50_s'])} · {milliseconds(unit['p99_s'])}"),
                    ("contact", contact_words(unit)),
                ]
    return []
