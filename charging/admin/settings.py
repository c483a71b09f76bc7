"""The owner's settings in the console: one row, changed through the services, journaled with old and new."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from charging import services
from charging.admin.facts import TypedModelAdmin
from charging.models import Station


@admin.register(Station)
class StationAdmin(TypedModelAdmin[Station]):
    """Exactly one row; its list is its form."""

    fieldsets = (
        (_("Shown to people"), {"fields": (("name", "support_phone"), "messenger_url")}),
        (_("Who may charge"), {"fields": (("authorization_mode", "free_id_tag"),)}),
        (
            _("Power and time"),
            {"fields": (("site_limit_w", "sample_interval_s"), ("connection_timeout_s", "resume_within_s"))},
        ),
        (_("Fitted"), {"fields": (("has_screen", "has_reader"),)}),
    )
    warn_unsaved_form = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An address typed without a scheme means https."""
        if db_field.name == "messenger_url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """There is one station."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """There is one station."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Go to the one row at once; its page asks for the permission."""
        Station.objects.get_or_create(pk=1)
        return HttpResponseRedirect(reverse("admin:charging_station_change", args=[1]))

    def save_model(self, request: HttpRequest, obj: Station, form: ModelForm[Station], change: bool) -> None:  # noqa: ARG002
        """Write only what was changed, through the services."""
        columns = {name: getattr(obj, name) for name in form.changed_data}
        if columns:
            services.change_settings(request.user.get_username(), **columns)

    def log_change(self, request: HttpRequest, obj: Station, message: Any) -> Any:
        """The journal is the only record of changes."""
