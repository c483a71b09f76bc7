"""How an update of firmware is, in one sentence for a technician."""

from __future__ import annotations

from django.utils.translation import gettext as _

from charging.models import Wish
from ocpp_client.models import FirmwareUpdate


def firmware_words(row: FirmwareUpdate) -> str:
    """State, reason and progress."""
    state, version = row.get_state_display(), row.version or "?"
    told = _("Firmware %(version)s %(state)s.") % {"version": version, "state": state}
    if row.state == FirmwareUpdate.State.INSTALLING:
        percent = _("%(percent)s %% of it are done.") % {"percent": percent_of(row)}
        return f"{told} {percent}"
    return f"{told} {row.reason}".strip()


def percent_of(row: FirmwareUpdate) -> int:
    """Of all boards that get it; a board that has changed is done."""
    wishes = [board.get("wish") for board in row.boards.values()]
    done = dict(Wish.objects.filter(pk__in=[pk for pk in wishes if pk]).values_list("pk", "progress"))
    return sum(done.get(pk, 0) for pk in wishes) // len(wishes) if wishes else 0
