"""Charging sessions and transactions in the console, with the curve that was sampled."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from charging.admin.curve import curve_of
from charging.admin.facts import FactsAdmin
from charging.admin.filters import ConnectorFilter
from charging.models import ChargingSession, JournalEntry, MeterSample, Transaction
from charging.sentences import sentence_of
from charging.words import STOP_REASONS, words_of

MOST_SAMPLES: Final = 20_000  # a week at the default interval and more
LAST_SAMPLES: Final = 20
MOST_ENTRIES: Final = 100
ABSENT: Final = "—"


def kilowatt_hours(energy_wh: int | None) -> str:
    """*energy_wh* in kWh with two digits."""
    return ABSENT if energy_wh is None else f"{energy_wh / 1000:.2f}"


def duration(begin: datetime, end: datetime | None) -> str:
    """Hours, minutes and seconds between two moments."""
    if end is None:
        return ABSENT
    seconds = max(int((end - begin).total_seconds()), 0)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@admin.register(ChargingSession)
class ChargingSessionAdmin(FactsAdmin[ChargingSession]):
    """From the first interaction until the connector was free again."""

    list_display = ("id", "connector", "opened_at", "closed_at", "lasted", "energy_kwh")
    list_filter = (ConnectorFilter, "opened_at")
    list_select_related = ("connector",)
    fields = ("connector", "opened_at", "closed_at", "lasted", "transactions")
    readonly_fields = ("lasted", "transactions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChargingSession]:
        """With the transactions of the page in one further query."""
        return super().get_queryset(request).prefetch_related("transaction_set")

    @admin.display(description=_("duration"))
    def lasted(self, row: ChargingSession) -> str:
        """Hours, minutes, seconds."""
        return duration(row.opened_at, row.closed_at)

    @admin.display(description=_("energy, kWh"))
    def energy_kwh(self, row: ChargingSession) -> str:
        """Of all its transactions that have ended."""
        ended = [each.energy_wh for each in row.transaction_set.all() if each.energy_wh is not None]
        return kilowatt_hours(sum(ended)) if ended else ABSENT

    @admin.display(description=_("transactions"))
    def transactions(self, row: ChargingSession) -> SafeString | str:
        """Each with its curve."""
        found = row.transaction_set.order_by("pk")
        blocks = [(_link(each), _facts(each), curve_of(_samples(each))) for each in found]
        return format_html_join("", '<div class="transaction-block"><p>{} · {}</p>{}</div>', blocks) or ABSENT


@admin.register(Transaction)
class TransactionAdmin(FactsAdmin[Transaction]):
    """From all preconditions met until irrevocably over."""

    list_display = ("id", "connector", "id_tag", "started_at", "lasted", "energy_kwh", "reason", "estimated")
    list_filter = (ConnectorFilter, "started_at", "flagged")
    list_select_related = ("connector",)
    search_fields = ("id_tag",)
    fields = (
        "curve",
        ("connector", "id_tag"),
        ("started_at", "stopped_at"),
        ("lasted", "energy_kwh"),
        ("meter_start_wh", "meter_stop_wh"),
        ("reason", "parent_id_tag"),
        "estimated",
        "samples",
        "history",
    )
    readonly_fields = ("lasted", "energy_kwh", "reason", "estimated", "curve", "samples", "history")

    @admin.display(description=_("duration"))
    def lasted(self, row: Transaction) -> str:
        """Hours, minutes, seconds."""
        return duration(row.started_at, row.stopped_at)

    @admin.display(description=_("energy, kWh"))
    def energy_kwh(self, row: Transaction) -> str:
        """From meterStart to meterStop, rounded once."""
        return kilowatt_hours(row.energy_wh)

    @admin.display(description=_("stop reason"), ordering="stop_reason")
    def reason(self, row: Transaction) -> str:
        """In words and as OCPP calls it."""
        return f"{words_of(STOP_REASONS, row.stop_reason)} ({row.stop_reason})" if row.stop_reason else ABSENT

    @admin.display(description=_("not exact"))
    def estimated(self, row: Transaction) -> str:
        """What is not exact about this transaction; a dash when nothing is."""
        register = [str(_("the last register is an estimate"))] if row.flagged else []
        clock = [] if row.clock_known else [str(_("the clock was not known at the start"))]
        return ", ".join(register + clock) or ABSENT

    @admin.display(description=_("power over time"))
    def curve(self, row: Transaction) -> SafeString | str:
        """Sampled power, its limit, and the state of charge."""
        legend = format_html(
            '<p class="legend"><i class="curve-power"></i>{} <i class="curve-limit"></i>{} '
            '<i class="curve-soc"></i>{}</p>',
            _("kW"),
            _("limit"),
            _("state of charge"),
        )
        picture = curve_of(_samples(row))
        return format_html("{}{}", picture, legend) if picture else str(_("No samples were kept."))

    @admin.display(description=_("last samples"))
    def samples(self, row: Transaction) -> SafeString | str:
        """The newest samples, newest first."""
        found = MeterSample.objects.filter(transaction_id=row.pk).order_by("-pk")[:LAST_SAMPLES]
        rows = [(f"{s.at:%H:%M:%S}", s.register_wh, s.power_w, f"{s.current_a:.1f}", s.limit_w) for s in found]
        head = format_html("<tr><th>{}</th><th>Wh</th><th>W</th><th>A</th><th>{}</th></tr>", _("time"), _("limit, W"))
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html('<table class="plain wide">{}{}</table>', head, body) if rows else ABSENT

    @admin.display(description=_("journal"))
    def history(self, row: Transaction) -> SafeString | str:
        """What was journaled for this transaction, oldest first."""
        return history_of(JournalEntry.objects.filter(connector_number=row.connector_id, transaction_id=row.pk))


def history_of(entries: QuerySet[JournalEntry]) -> SafeString | str:
    """Entries as readable lines, oldest first."""
    lines: list[tuple[Any, ...]] = [
        (f"{entry.at:%Y-%m-%d %H:%M:%S}", sentence_of(entry), entry.who)
        for entry in entries.order_by("pk")[:MOST_ENTRIES]
    ]
    return format_html('<ol class="lines">{}</ol>', _lines(lines)) if lines else ABSENT


def _lines(lines: list[tuple[Any, ...]]) -> SafeString:
    return format_html_join("", "<li><time>{}</time> {} <em>{}</em></li>", lines)


def _samples(row: Transaction) -> list[MeterSample]:
    return list(MeterSample.objects.filter(transaction_id=row.pk)[:MOST_SAMPLES])


def _link(row: Transaction) -> SafeString:
    address = reverse("admin:charging_transaction_change", args=[row.pk])
    return format_html('<a href="{}">{} {}</a>', address, _("Transaction"), row.pk)


def _facts(row: Transaction) -> str:
    return f"{kilowatt_hours(row.energy_wh)} kWh · {duration(row.started_at, row.stopped_at)} · {row.id_tag}"
