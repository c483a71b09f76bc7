"""The face of the screen in the console: one row, its pictures uploaded here, changed through kiosk.face."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from charging.admin.facts import TypedModelAdmin
from kiosk import words
from kiosk.face import OPEN, PICTURES, SAID, change_face, face_row, keep_picture
from kiosk.models import Face
from kiosk.pictures import LARGEST_BYTES, LARGEST_LOGO_BYTES, NoPicture, kind_of

LARGEST: Final = {"logo": LARGEST_LOGO_BYTES, "idle_picture": LARGEST_BYTES}
PICKERS: Final = {
    "accent": "color",
    **dict.fromkeys(
        ("light_from", "light_until", "sunlight_from", "sunlight_until", "night_from", "night_until"), "time"
    ),
}


def in_languages(name: str) -> tuple[tuple[str, ...], ...]:
    """The columns of a text for one language each, three a row."""
    columns = tuple(SAID[name].values())
    return columns[:3], columns[3:]


class FaceForm(forms.ModelForm):
    """The settings, and a file for each picture."""

    logo_file = forms.FileField(
        label=_("another logo"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("SVG or PNG, at most 60 kB. It stands on the screen's own ground, about 50 pixels high."),
    )
    logo_removed = forms.BooleanField(label=_("without a logo"), required=False, widget=UnfoldBooleanWidget)
    idle_picture_file = forms.FileField(
        label=_("another idle picture"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("SVG, PNG or JPEG, at most 600 kB. The first touch only takes it away."),
    )
    idle_picture_removed = forms.BooleanField(
        label=_("without an idle picture"), required=False, widget=UnfoldBooleanWidget
    )

    def clean_logo_file(self) -> bytes | None:
        """The bytes, judged; None without a file."""
        return self._judged("logo")

    def clean_idle_picture_file(self) -> bytes | None:
        """The bytes, judged; None without a file."""
        return self._judged("idle_picture")

    def _judged(self, column: str) -> bytes | None:
        file: UploadedFile | None = self.cleaned_data[f"{column}_file"]
        if not file:
            return None
        content: bytes = file.read(LARGEST[column] + 1)
        try:
            kind = kind_of(content, LARGEST[column])
        except NoPicture as problem:
            raise forms.ValidationError(str(problem)) from None
        if column == "logo" and kind == "jpg":
            raise forms.ValidationError(_("A logo is an SVG or a PNG file: choose another one."))
        return content

    def wanted(self) -> dict[str, Any]:
        """Columns and values that were changed; pictures are kept now."""
        columns = {name: getattr(self.instance, name) for name in self.changed_data if hasattr(self.instance, name)}
        for column in PICTURES:
            if self.cleaned_data[f"{column}_file"]:
                columns[column] = keep_picture(self.cleaned_data[f"{column}_file"])
            elif self.cleaned_data[f"{column}_removed"]:
                columns[column] = ""
        return columns


@admin.register(Face)
class FaceAdmin(TypedModelAdmin[Face]):
    """Exactly one row; its list is its form."""

    form = FaceForm
    readonly_fields = ("logo_now", "idle_picture_now")
    fieldsets = (
        (
            _("Colours"),
            {
                "fields": (
                    ("theme", "accent"),
                    ("light_from", "light_until"),
                    ("sunlight_from", "sunlight_until"),
                    ("logo_now", "logo_file", "logo_removed"),
                )
            },
        ),
        (_("Reach and language"), {"fields": (("language", "lower_reach"), "seen_over_network")}),
        (
            _("Said on the screen"),
            {
                "fields": (
                    ("billing", "billed_by"),
                    "cost",
                    *in_languages("cost"),
                    "message",
                    "message_until",
                    *in_languages("message"),
                )
            },
        ),
        (
            _("Opening hours"),
            {
                "fields": (OPEN[:4], OPEN[4:]),
                "description": _(
                    "For information only: nobody is kept from charging. Write 07:00-22:00, or 07:00-12:00, "
                    "13:00-18:00; 00:00-24:00 is the whole day, an empty day is closed. "
                    "All empty: the screen says nothing."
                ),
            },
        ),
        (
            _("While nobody is there"),
            {"fields": ("idle_after_min", ("idle_picture_now", "idle_picture_file", "idle_picture_removed"))},
        ),
        (_("Sound"), {"fields": ("sound_percent", ("night_from", "night_until", "night_percent"))}),
    )
    warn_unsaved_form = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Colours and times get the browser's own pickers; languages are those of the screen."""
        if db_field.name == "language":
            spoken = list(words.LANGUAGES.items())
            return forms.ChoiceField(label=db_field.verbose_name, choices=spoken, widget=UnfoldAdminSelectWidget)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in PICKERS:
            field.widget.input_type = PICKERS[db_field.name]
        return field

    @admin.display(description=_("logo now"))
    def logo_now(self, face: Face) -> SafeString | str:
        """The picture itself."""
        return picture_shown(face.logo)

    @admin.display(description=_("idle picture now"))
    def idle_picture_now(self, face: Face) -> SafeString | str:
        """The picture itself."""
        return picture_shown(face.idle_picture)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """There is one screen."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """There is one screen."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Go to the one row at once; its page asks for the permission."""
        return HttpResponseRedirect(reverse("admin:kiosk_face_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Face | None:  # noqa: ARG002
        """The one row, with its defaults while nobody has changed them."""
        return face_row() if object_id == "1" else None

    def save_model(self, request: HttpRequest, obj: Face, form: FaceForm, change: bool) -> None:  # noqa: ARG002
        """Write only what was changed, journaled."""
        columns = form.wanted()
        if columns:
            change_face(request.user.get_username(), **columns)

    def log_change(self, request: HttpRequest, obj: Face, message: Any) -> Any:
        """The journal is the only record of changes."""


def picture_shown(name: str) -> SafeString | str:
    """A small picture, or a dash."""
    if not name:
        return "—"
    return format_html('<img src="{}" alt="" height="56">', reverse("kiosk:picture", args=[name]))
