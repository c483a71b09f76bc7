"""The central system in the console: where it is, how the link goes, what was said, what could not be delivered."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from charging.admin.facts import FactsAdmin, TypedModelAdmin
from charging.models import SecurityLogEntry
from charging.words import SECURITY_EVENTS, words_of
from ocpp_client import central_system, credentials
from ocpp_client.disconnect_words import disconnect_words
from ocpp_client.firmware_words import firmware_words
from ocpp_client.link_words import link_words, missing_words, registration_words
from ocpp_client.masks import without_user
from ocpp_client.models import Attempt, CentralSystem, Certificate, FirmwareUpdate, Frame, StationCertificate, Upload
from ocpp_client.upload_words import upload_words

LONGEST_LINE: Final = 160


class CentralSystemForm(ModelForm):
    """The password can be set and is never shown."""

    password = forms.CharField(
        label=_("new password"),
        required=False,
        max_length=40,
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "new-password", "type": "password"}),
        help_text=_("HTTP Basic authentication. Empty: the one that is set stays."),
    )

    def clean(self) -> dict[str, Any]:
        """A profile that cannot be used is not taken: the station would never be heard of again."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = cleaned.get("password") or self.instance.authorization_key
        if "security_profile" in self.changed_data and (profile := cleaned.get("security_profile")) is not None:
            missing = credentials.missing_for(profile, key)
            if missing:
                self.add_error("security_profile", missing_words(missing))
        return cleaned

    class Meta:
        model = CentralSystem
        fields = (
            *("enabled", "primary_url", "secondary_url"),
            *("charge_point_id", "security_profile", "vendor", "model", "fault_codes", "file_networks"),
        )
        labels = {"charge_point_id": _("identity of this station there")}
        help_texts = {
            "file_networks": _(
                "Servers of the internet may be used for files anyway; a private network, such as 10.20.0.0/16, only "
                "where it is named here, and this station itself only where its address is named alone."
            )
        }


@admin.register(CentralSystem)
class CentralSystemAdmin(TypedModelAdmin[CentralSystem]):
    """Exactly one row; its list is its form."""

    form = CentralSystemForm
    fieldsets = (
        (_("Link"), {"fields": (("link", "registered"), ("last_end", "security_log"))}),
        (_("Address"), {"fields": ("enabled", "primary_url", "secondary_url")}),
        (
            _("This station"),
            {"fields": (("charge_point_id", "password"), "security_profile", ("vendor", "model"), "fault_codes")},
        ),
        (_("Files"), {"fields": ("file_networks",)}),
    )
    readonly_fields = ("link", "last_end", "registered", "security_log")
    warn_unsaved_form = True

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """There is one central system."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """It is switched off, not deleted."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Go to the one row at once; its page asks for the permission."""
        CentralSystem.objects.get_or_create(pk=1)
        return HttpResponseRedirect(reverse("admin:ocpp_client_centralsystem_change", args=[1]))

    @admin.display(description=_("Link"))
    def link(self, row: CentralSystem) -> str:
        """What is true now."""
        words, _well = link_words(row)
        return words

    @admin.display(description=_("Registration"))
    def registered(self, row: CentralSystem) -> str:
        """What it answered last."""
        return registration_words(row)

    @admin.display(description=_("Last disconnected"))
    def last_end(self, row: CentralSystem) -> str:
        """When and why the link ended last."""
        if row.disconnected_at is None:
            return "—"
        return f"{row.disconnected_at:%Y-%m-%d %H:%M:%S} UTC · {disconnect_words(row.disconnect_sentence)}"

    @admin.display(description=_("Security log"))
    def security_log(self, _row: CentralSystem) -> SafeString:
        """The newest event, and the way to all of them."""
        words, newest = "—", SecurityLogEntry.objects.first()
        if newest is not None:
            words = f"{newest.at:%Y-%m-%d %H:%M:%S} UTC · {words_of(SECURITY_EVENTS, newest.event)}"
        address = reverse("admin:charging_securitylogentry_changelist")
        return format_html('{}<br><a class="more" href="{}">{}</a>', words, address, now_("Show the security log"))

    def save_model(self, request: HttpRequest, obj: CentralSystem, form: Any, change: bool) -> None:  # noqa: ARG002
        """Write only what was changed, journaled; a password is journaled without its value."""
        columns = {name: getattr(obj, name) for name in form.changed_data if name != "password"}
        if form.cleaned_data["password"]:
            columns["authorization_key"] = form.cleaned_data["password"]
        if columns:
            central_system.change(request.user.get_username(), **columns)

    def log_change(self, request: HttpRequest, obj: CentralSystem, message: Any) -> Any:
        """The journal is the only record of changes."""


@admin.register(Frame)
class FrameAdmin(FactsAdmin[Frame]):
    """What was said, newest first."""

    list_display = ("at", "way", "action", "connector_number", "line", "problem")
    list_filter = ("sent", "action", "connector_number")
    search_fields = ("text", "message_id")
    fields = (("at", "way"), ("action", "message_id"), "problem", "whole")
    readonly_fields = ("way", "whole")

    @admin.display(description=_("Way"), ordering="sent")
    def way(self, row: Frame) -> str:
        """In words."""
        return str(_("sent") if row.sent else _("received"))

    @admin.display(description=_("Frame"))
    def line(self, row: Frame) -> str:
        """Its beginning."""
        return row.text if len(row.text) <= LONGEST_LINE else f"{row.text[:LONGEST_LINE]}…"

    @admin.display(description=_("Frame"))
    def whole(self, row: Frame) -> SafeString:
        """All of it, indented where it is JSON."""
        try:
            told = json.dumps(json.loads(row.text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            told = row.text
        return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', told)


@admin.register(Attempt)
class AttemptAdmin(FactsAdmin[Attempt]):
    """Messages that were refused: what is tried again and what was given up."""

    list_display = ("entry_id", "action", "transaction_id", "attempts", "due_at", "parked_at", "last_error")
    list_filter = ("action", ("parked_at", admin.EmptyFieldListFilter))


@admin.register(Certificate)
class CertificateAdmin(FactsAdmin[Certificate]):
    """Whom the station trusts."""

    list_display = ("use", "subject", "valid_from", "valid_until", "installed_at", "fallback")
    list_filter = ("use",)
    fields = (
        ("use", "fallback"),
        "subject",
        ("serial_number", "fingerprint"),
        ("valid_from", "valid_until"),
        "installed_at",
        "pem",
    )


@admin.register(StationCertificate)
class StationCertificateAdmin(FactsAdmin[StationCertificate]):
    """What the station presents itself with, and what it has ordered. The private keys are in no row."""

    list_display = ("subject", "ordered_at", "sent_at", "valid_from", "valid_until", "let_in_at")
    fields = (
        "subject",
        ("serial_number", "fingerprint"),
        ("ordered_at", "sent_at", "installed_at"),
        ("valid_from", "valid_until"),
        ("let_in_at", "refused_at"),
        "pem",
    )


@admin.register(FirmwareUpdate)
class FirmwareUpdateAdmin(FactsAdmin[FirmwareUpdate]):
    """Orders of the central system to update firmware: how far each is, or what came of it."""

    list_display = ("ordered_at", "sentence", "signed", "request_id", "ended_at")
    list_filter = ("state", "signed")
    fields = (
        "sentence",
        ("state", "version"),
        ("signed", "request_id"),
        "source",
        ("ordered_at", "ended_at"),
        ("retrieve_at", "install_at"),
        ("attempts_left", "due_at"),
        "told",
    )
    readonly_fields = ("sentence", "source")

    @admin.display(description=_("How it is"))
    def sentence(self, row: FirmwareUpdate) -> str:
        """For people."""
        return firmware_words(row)

    @admin.display(description=_("From"))
    def source(self, row: FirmwareUpdate) -> str:
        """Its password is nobody's business."""
        return without_user(row.location)


@admin.register(Upload)
class UploadAdmin(FactsAdmin[Upload]):
    """Diagnostics and logs that the central system wanted on a server: how far each is, or what came of it."""

    list_display = ("ordered_at", "kind", "sentence", "request_id", "ended_at")
    list_filter = ("kind", "state")
    fields = (
        "sentence",
        ("kind", "state"),
        ("file_name", "request_id"),
        "target",
        ("ordered_at", "ended_at"),
        ("oldest_at", "latest_at"),
        ("attempts_left", "due_at"),
        "told",
    )
    readonly_fields = ("sentence", "target")

    @admin.display(description=_("How it is"))
    def sentence(self, row: Upload) -> str:
        """For people."""
        return upload_words(row)

    @admin.display(description=_("To"))
    def target(self, row: Upload) -> str:
        """Its password is nobody's business."""
        return without_user(row.location)
