"""Whether the central system can be asked now: a lease in the station's row that the link renews and that runs out.

It is right within LINK_LIVES_S after a kill -9 of the process that holds the link: nobody renews it. Until then a
tap that is asked about waits for its deadline and is judged by the offline rule, as with a half-open link.
"""

from __future__ import annotations

from typing import Final

from django.db.models import F

from charging import journal, live, record
from charging.clock import Moment, now
from charging.models import Connector as Row
from charging.models import Station

LINK_LIVES_S: Final = 300.0  # renewed at half of it: 24 small writes an hour


def link_is_up(station: Station, moment: Moment) -> bool:
    """Whether the lease holds. One of another boot never does: its clock began anew."""
    left_s = station.central_link_until_s - moment.mono_s
    return station.central_link_boot_id == moment.boot_id and 0 < left_s <= LINK_LIVES_S


def central_system_link(*, up: bool) -> None:
    """The edge says whether the central system answers it and has accepted the station.

    To be called at the start of the edge's process (down), at every change, and while it is up as often as it
    likes, at least every LINK_LIVES_S / 2: only what is due is written. Raises django.db.DatabaseError.
    """
    moment = now()
    station = record.station_row()
    was_up = link_is_up(station, moment)
    left_s = station.central_link_until_s - moment.mono_s if was_up else 0.0
    if up == was_up and (not up or left_s > LINK_LIVES_S / 2):
        return
    with journal.one_commit():
        Station.objects.filter(pk=1).update(
            central_link_until_s=moment.mono_s + LINK_LIVES_S if up else 0.0, central_link_boot_id=moment.boot_id
        )
        if up != was_up:
            journal.record("CentralSystemLink", moment=moment, who="ocpp_client", up=up)
    if up != was_up:
        live.changed()


def central_system_configured(*, configured: bool) -> None:
    """The edge says whether there is a central system at all: only then are meter values written for it."""
    with journal.one_commit():
        if record.station_row().has_central_system == configured:
            return
        record.change_station(
            moment=now(), who="ocpp_client", kind="CentralSystemConfigured", has_central_system=configured
        )
        Row.objects.update(version=F("version") + 1)  # the polling loops read again
    live.wake()
