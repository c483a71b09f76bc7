"""The order in hand: how it begins, moves and ends. A state, what is told of it and the journal are one commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from charging import journal, live
from charging.clock import Moment, now
from ocpp_client import orders
from ocpp_client.attempts import attempts_of, interval_s_of
from ocpp_client.firmware import holding
from ocpp_client.models import CentralSystem, FirmwareUpdate

State = FirmwareUpdate.State
ENDS: Final = frozenset(
    {
        State.DOWNLOAD_FAILED,
        State.INVALID_SIGNATURE,
        State.INSTALLED,
        State.INSTALLATION_FAILED,
        State.INSTALL_VERIFICATION_FAILED,
        State.CANCELED,
    }
)
PLAIN: Final = {  # FirmwareStatus, OCPP 1.6 section 7.25; the other states have no name there and are not told
    State.DOWNLOADING: "Downloading",
    State.DOWNLOADED: "Downloaded",
    State.DOWNLOAD_FAILED: "DownloadFailed",
    State.INSTALLING: "Installing",
    State.INSTALLED: "Installed",
    State.INSTALLATION_FAILED: "InstallationFailed",
    State.INSTALL_VERIFICATION_FAILED: "InstallationFailed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the central system said. `retries` and `retry_interval_s`: None where it left them to the station."""

    location: str
    retrieve_at: datetime
    retries: int | None = None
    retry_interval_s: int | None = None
    request_id: int | None = None  # of SignedUpdateFirmware; with it all of the following
    install_at: datetime | None = None
    signing_certificate: str = ""
    signature: str = ""

    @property
    def signed(self) -> bool:
        """Whether it came with a signature."""
        return self.request_id is not None


class Busy(Exception):
    """Firmware is being written to a board: that cannot be taken back."""


def take(order: Order, moment: Moment) -> bool:
    """Take the order in hand, instead of the one before; whether there was one. Raises Busy."""
    with journal.one_commit():
        before = FirmwareUpdate.in_hand()
        if before is not None and before.state == State.INSTALLING:
            raise Busy
        if before is not None:
            move(before, State.CANCELED, moment=moment, reason="The central system ordered another update.")
        row = FirmwareUpdate.objects.create(
            signed=order.signed,
            request_id=order.request_id,
            ordered_by=orders.place_of(CentralSystem.objects.get(pk=1)),
            ordered_at=moment.at,
            location=order.location,
            retrieve_at=order.retrieve_at,
            install_at=order.install_at,
            attempts_left=attempts_of(order.retries),
            retry_interval_s=interval_s_of(order.retry_interval_s),
            signing_certificate=order.signing_certificate,
            signature=order.signature,
            state=State.DOWNLOAD_SCHEDULED,
            untold=State.DOWNLOAD_SCHEDULED.value if order.signed and order.retrieve_at > moment.at else "",
        )
        FirmwareUpdate.objects.filter(pk__lte=row.pk - orders.KEPT).delete()
        _journal(row, moment)
    live.changed()
    return before is not None


def move(row: FirmwareUpdate, *states: FirmwareUpdate.State, moment: Moment, reason: str = "") -> None:
    """Enter *states*, one after the other, within a commit; an end lets the connectors go."""
    with journal.one_commit():
        for state in states:
            row.state, row.reason = state, reason[: orders.REASON_LENGTH] if state in ENDS else ""
            orders.tell(row, state.value if row.signed and state != State.CANCELED else PLAIN.get(state, ""))
            _journal(row, moment)
        if row.state in ENDS:
            orders.end(row, moment)
            holding.release()
        row.save()
    live.changed()


def _journal(row: FirmwareUpdate, moment: Moment) -> None:
    journal.record("FirmwareUpdate", moment=moment, update=row.pk, state=row.state, version=row.version, why=row.reason)


def give_up_unless_of(place: str) -> None:
    """End the order in hand when another central system gave it: there is nobody to be told of it any more."""
    row = FirmwareUpdate.in_hand()
    if row is not None and row.ordered_by != place:
        row.untold = ""
        move(row, State.CANCELED, moment=now(), reason=orders.NOBODY_TO_TELL)
