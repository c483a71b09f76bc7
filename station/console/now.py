"""Station now: the start page and the parts that it renews every two seconds."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from charging import journal, live
from charging.admin.asks import CONNECTOR_ASKS, EVERYDAY, STATION_ASKS, Ask, may_ask
from charging.sentences import sentence_of
from charging.snapshot import ConnectorShown, StationShown, snapshot
from charging.words import LIMITS, REFUSALS, SITUATIONS, STANDARDS, fault_shown, words_of
from station.console.addresses import addresses
from station.console.connections import connections, late_beats
from station.health import clock_problem, database_problem, disk_problem, lines_problem, polling_problem, redis_problem

LAST_ENTRIES: Final = 6


@never_cache
@require_safe
def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The start page; *context* is the site's."""
    return TemplateResponse(request, "console/now.html", {**context, **_shown(request)})


@never_cache
@require_safe
def parts(request: HttpRequest) -> HttpResponse:
    """`{"parts": {element id: HTML}}`: what may have changed on the start page."""
    shown = _shown(request)
    html = {f"now-{name}": _part(name, shown, request) for name in ("station", "connections", "journal")}
    for connector in shown["connectors"]:
        html[f"now-{connector['number']}"] = _part("connector", {"connector": connector}, request)
        html[f"asks-{connector['number']}"] = _part("asks", {"connector": connector}, request)
    return JsonResponse({"parts": html})


def _part(name: str, shown: dict[str, Any], request: HttpRequest) -> str:
    return render_to_string(f"console/part_{name}.html", shown, request=request)


def _shown(request: HttpRequest) -> dict[str, Any]:
    try:
        told = snapshot()
    except DatabaseError:
        return {
            "problems": [disk_problem() or database_problem() or _("The database was busy.")],
            "connectors": [],
            "entries": [],
            "station_asks": [("emergency_stop", STATION_ASKS["emergency_stop"])],  # needs no database
        }
    beats = live.heartbeats()
    entries = journal.newest(LAST_ENTRIES) if request.user.has_perm("charging.view_journalentry") else []
    return {
        "station": told["station"],
        "reader": _reader(told["station"]),
        "card": told["card"],
        "card_why": words_of(REFUSALS, told["card"]["why"]) if told["card"] else "",
        "connectors": [_connector(each, request) for each in told["connectors"]],
        "problems": _problems(beats, told["station"]),
        "late_beats": late_beats(beats),
        "connections": connections(beats, told["station"], told["connectors"]),
        "entries": [(entry, sentence_of(entry)) for entry in entries],
        "station_asks": _station_asks(request, told["station"]),
        "addresses": addresses(),
        "version": settings.SOFTWARE_VERSION,
    }


def _problems(beats: dict[str, float], station: StationShown) -> list[str]:
    polling = polling_problem(beats) or lines_problem(live.turns())
    problems = (clock_problem(station["clock_known"]), disk_problem(), redis_problem(), polling)
    return [problem for problem in problems if problem]


def _reader(station: StationShown) -> str:
    if not station["has_reader"]:
        return _("no reader")
    return {None: _("not known"), True: _("ready"), False: _("silent")}[station["reader_present"]]


def _station_asks(request: HttpRequest, station: StationShown) -> list[tuple[str, Ask]]:
    """The acknowledgement only while something is latched, the reader's restart only where there is a reader."""
    pointless = {
        name
        for name, sense in (("acknowledge", station["emergency"]), ("restart_reader", station["has_reader"]))
        if not sense
    }
    return [(name, ask) for name, ask in STATION_ASKS.items() if name not in pointless and may_ask(request, ask)]


def _connector(shown: ConnectorShown, request: HttpRequest) -> dict[str, Any]:
    """One card of the start page, in words and in rounded figures."""
    reading = shown["reading"]
    running = shown["transaction"] or shown["finished"]
    power_w = reading["power_w"] if reading else None
    return {
        **shown,
        "words": words_of(SITUATIONS, shown["situation"]),
        "standard_words": words_of(STANDARDS, shown["standard"]),
        "maximum_kw": _kw(shown["maximum_w"]),
        "power_kw": _kw(power_w),
        "active": running is not None or bool(power_w),
        "percent": min(round(100 * (power_w or 0) / max(shown["maximum_w"], 1)), 100),
        "limit_percent": min(round(100 * shown["limit_w"] / max(shown["maximum_w"], 1)), 100),
        "limit_kw": _kw(shown["limit_w"]),
        "limited_by": words_of(LIMITS, shown["why"] or shown["limit_source"]),
        "energy_kwh": f"{running['energy_wh'] / 1000:.2f}" if running and running["energy_wh"] is not None else "—",
        "lasted": _clock(running["seconds"]) if running else "—",
        "id_tag_tail": running["id_tag_tail"] if running else "",
        "soc": round(reading["soc_percent"]) if reading and reading["soc_percent"] is not None else None,
        "currents": " · ".join(f"{current:.1f}" for current in reading["currents_a"]) if reading else "",
        "fault_list": [fault_shown(name) for name in shown["faults"]],
        "asks": [
            (name, ask)
            for name, ask in CONNECTOR_ASKS.items()
            if name in EVERYDAY and may_ask(request, ask) and ask.offered(shown)
        ],
    }


def _kw(power_w: int | None) -> str:
    return "—" if power_w is None else f"{power_w / 1000:.1f}"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
