"""Filters of the lists that cost no query over a long table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from charging.models import Connector
from charging.sentences import SENTENCES
from charging.words import SECURITY_EVENTS


class ConnectorFilter(SimpleListFilter):
    """Rows of one connector."""

    title = _("connector")
    parameter_name = "outlet"
    column = "connector_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """Every connector by its letter."""
        return [(str(number), letter) for number, letter in Connector.objects.values_list("number", "letter")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        """Only what the choice names; anything else is no choice."""
        known = {choice for choice, _letter in self.lookup_choices}
        value = self.value()
        return queryset.filter(**{self.column: int(value)}) if value in known else queryset


class JournalConnectorFilter(ConnectorFilter):
    """Journal entries of one connector or of the station itself."""

    column = "connector_number"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The station, then every connector."""
        return [("0", str(_("station"))), *super().lookups(request, model_admin)]


class SecurityEventFilter(SimpleListFilter):
    """Entries of the security log of one kind."""

    title = _("event")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """The eighteen events in words."""
        return [(event, str(words)) for event, words in SECURITY_EVENTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        """Only what the choice names; anything else is no choice."""
        return queryset.filter(event=self.value()) if self.value() in SECURITY_EVENTS else queryset


class KindFilter(SimpleListFilter):
    """Journal entries of one kind."""

    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """Every kind that this version has a sentence for."""
        return [(kind, kind) for kind in sorted(SENTENCES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        """Only what the choice names; anything else is no choice."""
        return queryset.filter(kind=self.value()) if self.value() in SENTENCES else queryset
