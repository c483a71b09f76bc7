"""Serial lines: what each unit on each line has cost so far and, on request, the last frames of one line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from charging import lines
from charging.admin.line_words import contact_words, counted, health_words, milliseconds
from charging.models import Connector
from charging.words import Text
from hardware.frame_words import frames_shown
from hardware.models import Controller
from station.health import database_problem

PERMISSION: Final = "hardware.view_controller"
READS_CARDS: Final = "charging.view_card"  # the frames of the reader hold the numbers of cards
LONGEST_PATH: Final = 200
COUNTERS: Final[tuple[tuple[str, Text], ...]] = (
    ("ok", gettext_lazy("replies")),
    ("no_reply", gettext_lazy("no reply")),
    ("truncated", gettext_lazy("cut short")),
    ("corrupted", gettext_lazy("CRC errors")),
    ("implausible", gettext_lazy("cannot be true")),
    ("retries", gettext_lazy("asked twice")),
    ("drains", gettext_lazy("line emptied")),
)
FAILURES: Final = frozenset({"no_reply", "truncated", "corrupted", "implausible"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit as it is shown; without figures when nothing is known of them."""

    letter: str
    number: int | None
    unit: int
    board_serial: str
    contact: str
    silent: bool
    figures: list[tuple[str, str, bool]]  # name, value, whether it counts failures


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    path: str
    baud_rate: int
    reader: bool
    in_use: bool
    health: str
    more: str
    units: list[Unit]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePath(self.path).name


def _guard(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


@never_cache
@require_safe
def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Every line. *context* is the site's."""
    _guard(request)
    return TemplateResponse(request, "console/lines.html", {**context, **_shown(), "title": _("Serial lines")})


@never_cache
@require_safe
def parts(request: HttpRequest) -> HttpResponse:
    """`{"parts": {element id: HTML}}`: what may have changed on the page."""
    _guard(request)
    html = render_to_string("console/part_lines.html", _shown(), request=request)
    return JsonResponse({"parts": {"now-lines": html}})


@never_cache
@require_safe
def frames(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`?line=PATH`: the last frames of that line, newest first. Raises Http404 and PermissionDenied."""
    _guard(request)
    path = request.GET.get("line", "")
    if not 0 < len(path) <= LONGEST_PATH:
        raise Http404
    told = lines.trace(path)
    if told and told["reader"] and not request.user.has_perm(READS_CARDS):
        raise PermissionDenied
    shown = {
        "title": _("Frames of %(line)s") % {"line": PurePath(path).name},
        "path": path,
        "problem": "" if told else _away(),
        "frames": frames_shown(told["frames"], reader=told["reader"]) if told else [],
    }
    return TemplateResponse(request, "console/frames.html", {**context, **shown})


def _away() -> str:
    return _("The controllers process does not answer, so nothing is known of the lines: read the log of its worker.")


def _shown() -> dict[str, Any]:
    told = lines.lines()
    problems = [_away()] if told is None else []
    try:
        rows = list(Controller.objects.all())
        letters = dict(Connector.objects.values_list("number", "letter"))
    except DatabaseError:
        rows, letters = [], {}
        problems.append(database_problem() or _("The database was busy."))
    in_use = [_line(line, letters) for line in told or []]
    others = _not_in_use(
        rows, {line.path for line in in_use}, letters, _("unknown") if told is None else _("not in use")
    )
    return {"problems": problems, "lines": in_use + others}


def _line(told: lines.LineTold, letters: dict[int, str]) -> Line:
    return Line(
        path=told["path"],
        baud_rate=told["baud_rate"],
        reader=told["reader"],
        in_use=True,
        health=health_words(told["units"]),
        more=_("stray bytes: %(strays)s, port opened: %(times)s")
        % {"strays": counted(told["strays"]), "times": counted(told["reopenings"])},
        units=[_unit(unit, letters) for unit in told["units"]],
    )


def _unit(told: lines.UnitTold, letters: dict[int, str]) -> Unit:
    values: dict[str, Any] = dict(told)
    figures = [(str(title), counted(values[name]), name in FAILURES and values[name] > 0) for name, title in COUNTERS]
    figures += [
        (_("reply p50"), milliseconds(told["p50_s"]), False),
        (_("reply p99"), milliseconds(told["p99_s"]), False),
    ]
    return Unit(
        letter=letters.get(told["connector"] or 0, ""),
        number=told["connector"],
        unit=told["unit"],
        board_serial=told["board_serial"],
        contact=contact_words(told),
        silent=told["offline"],
        figures=figures,
    )


def _not_in_use(rows: list[Controller], told: set[str], letters: dict[int, str], health: str) -> list[Line]:
    """Lines on which controllers were found once and of which nothing is told now."""
    units = defaultdict(list)
    for row in rows:
        if row.line_path not in told:
            units[row.line_path, row.baud_rate].append(_unknown(row, letters))
    return [
        Line(path, baud_rate, reader=False, in_use=False, health=health, more="", units=of_line)
        for (path, baud_rate), of_line in sorted(units.items())
    ]


def _unknown(row: Controller, letters: dict[int, str]) -> Unit:
    names = [*(title for _name, title in COUNTERS), _("reply p50"), _("reply p99")]
    return Unit(
        letter=letters.get(row.connector_number, ""),
        number=row.connector_number,
        unit=row.unit,
        board_serial=row.board_serial,
        contact=_("unknown"),
        silent=False,
        figures=[(str(name), _("unknown"), False) for name in names],
    )
