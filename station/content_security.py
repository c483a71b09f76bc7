"""The Content-Security-Policy of every answer: nothing is loaded from, or sent to, any other host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

CONSOLE_PATH: Final = "/console/"
STRICT: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# The console's look is built with Alpine, which evaluates expressions in attributes and sets inline styles.
CONSOLE: Final = f"{STRICT}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"


class ContentSecurityMiddleware:
    """Adds the policy; Django 5.2 has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the strict policy, or with the console's below CONSOLE_PATH."""
        response = self.get_response(request)
        policy = CONSOLE if request.path.startswith(CONSOLE_PATH) else STRICT
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
