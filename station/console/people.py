"""People of the console: names, rights, cards; every change is journaled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm as DjangoCreationForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from charging import journal
from station.models import Person


class PersonCreationForm(UserCreationForm):  # type: ignore[misc]
    """Unfold's form for our model of people."""

    class Meta(DjangoCreationForm.Meta):
        """A name is enough to begin with."""

        model = Person
        fields = ("username",)


def _may_touch(request: HttpRequest, obj: Person | None) -> bool:
    return obj is None or not obj.is_superuser or bool(request.user.is_superuser)


@admin.register(Person)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc]
    """Only who may change people reaches this; rights can be given by a superuser only."""

    form = UserChangeForm
    add_form = PersonCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    fieldsets = (
        (None, {"fields": (("username", "password"), ("first_name", "last_name"), ("id_tag", "language"))}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
    )
    readonly_fields = ("last_login",)
    actions = None
    filter_horizontal = ("user_permissions",)

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> tuple[str, ...]:
        """Nobody gives himself rights that he does not have."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, "is_staff", "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Only a superuser changes a superuser: a password is a way to all rights."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Only a superuser removes a superuser, and nobody himself."""
        himself = obj is not None and obj.pk == request.user.pk
        return super().has_delete_permission(request, obj) and _may_touch(request, obj) and not himself

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Save and journal which fields were changed, never their values."""
        with journal.one_commit():
            super().save_model(request, obj, form, change)
            changed = [name for name in form.changed_data if not name.startswith("password")]
            who = request.user.get_username()
            journal.record("PersonChanged", who=who, person=obj.get_username(), fields=changed)

    def delete_model(self, request: HttpRequest, obj: Person) -> None:
        """Delete and journal who it was."""
        with journal.one_commit():
            journal.record("PersonRemoved", who=request.user.get_username(), person=obj.get_username())
            super().delete_model(request, obj)
