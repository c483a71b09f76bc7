"""Who is connected with the station now: workers, controllers, reader, screens, networks (TEC-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from charging import lines, live
from charging.admin.line_words import health_words
from charging.snapshot import ConnectorShown, StationShown
from charging.words import Text
from kiosk.routing import admission
from ocpp_client.link_words import link_words
from ocpp_client.models import CentralSystem
from station.console.addresses import addresses

BEATS: Final[dict[str, Text]] = {
    "polling": gettext_lazy("Polling of the controllers"),
    "reader": gettext_lazy("Card reader"),
    "canary.controllers": gettext_lazy("Worker of the controllers"),
    "canary.links": gettext_lazy("Worker of the links"),
}


@dataclass(frozen=True, slots=True)
class Connection:
    """One row: what, how it is, and whether that is well (None: nothing to judge)."""

    name: str
    words: str
    well: bool | None = None


def late_beats(beats: Mapping[str, float]) -> list[Connection]:
    """The signs of life that were there and are too old; the reader is told beside them."""
    return [
        beat for beat in _beats({name: age_s for name, age_s in beats.items() if name != "reader"}) if not beat.well
    ]


def connections(
    beats: Mapping[str, float], station: StationShown, connectors: list[ConnectorShown]
) -> list[Connection]:
    """Everything that is known of what is connected."""
    return [
        *_beats({name: age_s for name, age_s in beats.items() if name != "reader" or station["has_reader"]}),
        _controllers(connectors),
        _lines(),
        _redis(),
        _central_system(),
        _screens(),
        *(Connection(name, address) for name, address in addresses()),
    ]


def _beats(beats: Mapping[str, float]) -> list[Connection]:
    return [
        Connection(str(title), _("%(age).1f s ago") % {"age": beats[name]}, live.in_time(beats, name))
        for name, title in BEATS.items()
        if name in beats
    ]


def _controllers(connectors: list[ConnectorShown]) -> Connection:
    silent = [each["letter"] for each in connectors if not each["fresh"]]
    words = _("%(answering)d of %(all)d answer") % {
        "answering": len(connectors) - len(silent),
        "all": len(connectors),
    }
    return Connection(_("Controllers"), f"{words}, {_('silent')}: {', '.join(silent)}" if silent else words, not silent)


def _lines() -> Connection:
    told = lines.lines()
    if told is None:
        return Connection(_("Serial lines"), _("unknown"))
    return Connection(_("Serial lines"), health_words(unit for line in told for unit in line["units"]))


def _redis() -> Connection:
    present = live.present()
    return Connection("Redis", _("answers") if present else _("does not answer"), present)


def _central_system() -> Connection:
    return Connection(_("Central system"), *link_words(CentralSystem.objects.filter(pk=1).first()))


def _screens() -> Connection:
    pages = admission.by_address
    words = ", ".join(f"{address} ({count})" if count > 1 else address for address, count in sorted(pages.items()))
    return Connection(_("Kiosk pages"), words or _("none"))
