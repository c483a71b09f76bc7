"""The page of the screen, its words, its curves, and the QR code of the support's messenger."""

from __future__ import annotations

import io
import json
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import segno
from django.db import Error as DatabaseProblem
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from charging.cabinet import KEY_COOKIE, is_asked_at_cabinet, is_at_cabinet

from . import words
from .edition import edition, modules
from .hub import Hub
from .models import Picture
from .pictures import CONTENT_TYPES, NoPicture, kind_of, name_of
from .receipts import receipt_of

LANGUAGE_COOKIE: Final = "kiosk_language"
YEAR_S: Final = 31_536_000
MESSENGER_SCHEMES: Final = frozenset({"https", "http", "tg", "viber", "whatsapp"})
QR_QUIET_MODULES: Final = 2
# An SVG may draw, and nothing else: no scripts, no requests, not even where it is opened by itself.
PICTURE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
NOT_THE_SCREEN: Final = "This is not the station's own screen: open the station's first page to look at it.\n"


def language_of(request: HttpRequest, otherwise: str) -> str:
    """?lang= wins over the cookie; *otherwise* for whatever is not ours."""
    asked = request.GET.get("lang") or request.COOKIES.get(LANGUAGE_COOKIE, "")
    return asked if asked in words.LANGUAGES else otherwise


def owners_language() -> str:
    """The language of the owner's settings. The page comes without them, too: it tells that nothing can be read."""
    try:
        return Hub().face()["language"]
    except DatabaseProblem:
        return words.DEFAULT_LANGUAGE


@never_cache
@require_safe
def page(request: HttpRequest, number: int = 0) -> HttpResponse:  # noqa: ARG001 - the page reads its own address
    """The kiosk, opened at all connectors or at one; for others only where the owner lets them look."""
    owners = owners_language()
    language = language_of(request, owners)
    told = words.sentences(language).items()
    seen = {
        "language": language,
        "default_language": owners,
        "languages": json.dumps(words.LANGUAGES, ensure_ascii=False),
        "edition": edition(),
        "modules": modules(),
        "words": {key.replace(".", "_"): text for key, text in told if key.startswith("page.")},
    }
    if not is_asked_at_cabinet(request) and not Hub().may_look():
        return render(request, "kiosk/elsewhere.html", seen, status=HTTPStatus.FORBIDDEN)
    return render(request, "kiosk/page.html", seen)


@never_cache
@require_safe
def own_screen(request: HttpRequest) -> HttpResponse:
    """The browser that the station started shows its key, and is known by a cookie from then on (decision 0030)."""
    key = request.GET.get("key", "")
    if not is_at_cabinet(request.META.get("REMOTE_ADDR", ""), request.headers, key):
        return HttpResponseForbidden(NOT_THE_SCREEN, content_type="text/plain; charset=utf-8")
    Hub().started_again(request.GET.get("why", ""))
    known = redirect("kiosk:page")
    known.set_cookie(KEY_COOKIE, key, httponly=True, samesite="Strict")
    return known


@require_safe
def words_document(request: HttpRequest) -> HttpResponse:
    """Key -> text of ?lang=. Kept for ever when asked for by its edition, else asked for again."""
    asked = request.GET.get("lang", "")
    response = HttpResponse(
        words.document(asked if asked in words.LANGUAGES else words.DEFAULT_LANGUAGE), content_type="application/json"
    )
    known = request.GET.get("v") == edition()
    response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if known else "no-cache"
    return response


@never_cache
@require_safe
def curve(request: HttpRequest, number: int) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The power curve of what runs at a connector: charging.curves.CurveShown."""
    return JsonResponse(Hub().curve(number))


@never_cache
@require_safe
def messenger(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The QR code of the owner's messenger address, and of nothing else; 404 when there is none."""
    address = Hub().snapshot()["station"]["messenger_url"]
    if not address or urlsplit(address).scheme not in MESSENGER_SCHEMES:
        raise Http404("No messenger address is set: give one in the station's settings.")
    return HttpResponse(qr_of(address), content_type="image/svg+xml")


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """An uploaded picture, judged again before it is shown; 404 for any other name."""
    kept = Picture.objects.filter(pk=name).first()
    try:
        if kept is None or name_of(bytes(kept.content)) != name:
            raise Http404("There is no such picture: upload it in the console.")
        kind = kind_of(bytes(kept.content))
    except NoPicture as problem:
        raise Http404(str(problem)) from None
    response = HttpResponse(bytes(kept.content), content_type=CONTENT_TYPES[kind])
    response.headers["Content-Security-Policy"] = PICTURE_POLICY
    response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return response


@never_cache
@require_safe
def receipt(request: HttpRequest, transaction: int) -> HttpResponse:
    """The QR code of a session that the screen still tells of, as plain text for a telephone; 404 for any other."""
    text = receipt_of(Hub().snapshot(), transaction, language_of(request, owners_language()))
    if not text:
        raise Http404("The screen tells nothing of this session any more: ask the station's owner.")
    return HttpResponse(qr_of(text), content_type="image/svg+xml")


def qr_of(address: str) -> bytes:
    """An SVG without size of its own, dark on white, readable through glass (error correction M)."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", border=QR_QUIET_MODULES, dark="#0b1418", light="#ffffff", omitsize=True, xmldecl=True
    )
    return drawn.getvalue()
