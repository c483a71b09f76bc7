"""The door of the console: name and password, slowed down after wrong ones, every entry journaled."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from charging import journal
from station.console.throttle import THROTTLE
from station.models import Person


def address_of(request: HttpRequest) -> str:
    """The address that the connection came from; what a header claims is not believed."""
    return str(request.META.get("REMOTE_ADDR", ""))


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """Django's form with the throttle before the password is looked at."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError, with the same words for a known and an unknown name."""
        key = (str(self.data.get("username", ""))[:150].lower(), address_of(self.request))
        wait_s = THROTTLE.wait_s(key)
        if wait_s > 0:
            sentence = _("Too many wrong passwords: try again in %(seconds)d s.") % {"seconds": math.ceil(wait_s)}
            raise ValidationError(sentence, code="throttled")
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            if THROTTLE.failed(key):
                _journal_throttled(*key)
            raise
        THROTTLE.succeeded(key)
        return cleaned


def _journal_throttled(name: str, address: str) -> None:
    """The name only when it is somebody's: a password typed into the wrong field is not kept."""
    known = Person.objects.filter(username__iexact=name).values_list("username", flat=True).first()
    journal.record("LoginThrottled", who=known or "", address=address)


def logged_in(sender: Any, request: HttpRequest, user: Person, **_more: Any) -> None:  # noqa: ARG001 - Django's signal
    """Journal who came in, and from where."""
    journal.record("LoggedIn", who=user.get_username(), address=address_of(request))


def logged_out(sender: Any, request: HttpRequest, user: Person | None, **_more: Any) -> None:  # noqa: ARG001
    """Journal who left."""
    if user is not None:
        journal.record("LoggedOut", who=user.get_username())
