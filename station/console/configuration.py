"""The configuration page: download the document, upload one, look at the differences, confirm, revert."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from charging.models import JournalEntry
from station import document as configuration
from station.document_check import LARGEST_BYTES, Document, Invalid, Problem, Unreadable, parse, validate

PERMISSION: Final = "charging.change_station"
LAST_CHANGES: Final = 10
MOST_SHOWN: Final = 500
LONGEST_VALUE: Final = 160


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(label=gettext_lazy("station.json"), max_length=200)


def _guard(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


@never_cache
def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """GET: the page. POST with `file`: its problems or differences. POST with `document`: apply what was shown."""
    _guard(request)
    told: dict[str, Any] = {}
    if request.method == "POST" and "document" in request.POST:
        told = _confirmed(request)
        if not told:
            return HttpResponseRedirect(reverse("admin:configuration"))
    elif request.method == "POST":
        told = _uploaded(request)
    changes = JournalEntry.objects.filter(kind=configuration.KIND)[:LAST_CHANGES]
    shown = {**context, **told, "title": _("Configuration"), "changes": changes}
    return TemplateResponse(request, "console/configuration.html", shown)


def _uploaded(request: HttpRequest) -> dict[str, Any]:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return {"problems": [Problem("", _("No file came with the request: choose station.json, then check it."))]}
    file: UploadedFile = form.cleaned_data["file"]
    return _judged(file.read(LARGEST_BYTES + 1))


def _judged(raw: bytes) -> dict[str, Any]:
    """What the page shows of *raw*: `problems`, or `differences` and the document to confirm."""
    try:
        document = parse(raw)
    except Unreadable as error:
        return {"problems": [Problem("", str(error))]}
    problems = validate(document)
    if problems:
        return {"problems": problems}
    differences = configuration.difference(document)
    rows = [(change.path, _short(change.now), _short(change.then)) for change in differences[:MOST_SHOWN]]
    return {"checked": True, "differences": rows, "count": len(differences), "document": _compact(document)}


def _compact(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _short(value: Any) -> str:
    """A value for the table; what is absent is a dash."""
    if value is None:
        return "—"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _confirmed(request: HttpRequest) -> dict[str, Any]:
    """Apply; {} when done, else the problems: the station may have changed since they were shown."""
    try:
        document = parse(request.POST["document"].encode("utf-8", "surrogatepass"))
        entry = configuration.apply(document, request.user.get_username())
    except Unreadable as error:
        return {"problems": [Problem("", str(error))]}
    except Invalid as error:
        return {"problems": error.problems}
    if entry is None:
        messages.info(request, _("Nothing differed: nothing was changed."))
    else:
        messages.success(request, _("Applied. Journal entry %(entry)d can be reverted.") % {"entry": entry})
    return {}


@never_cache
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The document of this station as a file."""
    _guard(request)
    response = HttpResponse(
        configuration.written(configuration.export()), content_type="application/json; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="station.json"'
    return response


@require_POST
def revert(request: HttpRequest, entry: int) -> HttpResponse:
    """Put back what one journal entry had changed."""
    _guard(request)
    try:
        done = configuration.revert(entry, request.user.get_username())
    except configuration.NotRevertible as error:
        messages.error(request, str(error))
    else:
        sentence = _("Nothing differed: nothing was changed.") if done is None else _("Reverted.")
        messages.success(request, sentence)
    return HttpResponseRedirect(reverse("admin:configuration"))
