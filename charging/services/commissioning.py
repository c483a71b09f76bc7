"""Which connectors the station has. A number and a letter belong to (board serial, index) for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from charging import journal, live, record
from charging.clock import Moment, kernel_boot_id, now
from charging.domain import events as e
from charging.domain.capability import Capability
from charging.domain.firmware import Board
from charging.domain.security import SecurityEvent
from charging.models import Connector as Row
from charging.models import ExclusionClaim, PresentedCard, Station, StationReservation, Wish
from charging.security_log import security_event, security_log_checked
from charging.services.boards import board_columns
from charging.services.resetting import reset_ended
from charging.services.wishing import UNFINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundConnector:
    """One outlet as its board described itself."""

    board_serial: str
    board_index: int
    connector_type: str
    capability: Capability
    board: Board | None = None  # None: it does not say what decides whether firmware fits


def connectors_found(found: Sequence[FoundConnector], *, who: str = "discovery") -> dict[tuple[str, int], int]:
    """Give every found outlet its number: the one it has, or the next free. Returns (serial, index) -> number.

    What a known board says about itself anew (a limit, a standard) is taken over and journaled. A board that
    is missing keeps its number; its controller is reported lost by whoever polls.
    """
    numbers: dict[tuple[str, int], int] = {}
    moment = now()
    with journal.one_commit():
        for outlet in found:
            key = (outlet.board_serial, outlet.board_index)
            row = Row.objects.filter(board_serial=key[0], board_index=key[1]).first()
            numbers[key] = _renewed(row, outlet, moment, who) if row else _added(outlet, moment, who)
        _claims_checked(moment)
    live.changed()
    return numbers


def _added(outlet: FoundConnector, moment: Moment, who: str) -> int:
    highest = Row.objects.order_by("-number").values_list("number", flat=True).first() or 0
    number = highest + 1
    Row.objects.create(
        number=number,
        letter=letter_of(number),
        board_serial=outlet.board_serial,
        board_index=outlet.board_index,
        connector_type=outlet.connector_type,
        capability=record.capability_columns(outlet.capability),
        board=board_columns(outlet.board),
    )
    station = record.station_row()
    if station.emergency:
        record.happen(number, [e.FaultRaised(now_s=moment.mono_s, name="EmergencyStop")], moment=moment)
    for source in station.inoperative:
        held = e.AvailabilityRequested(now_s=moment.mono_s, operative=False, source=source)
        record.happen(number, [held], moment=moment, who=who)
    _journal("ConnectorAdded", number, outlet, moment, who)
    return number


def _renewed(row: Row, outlet: FoundConnector, moment: Moment, who: str) -> int:
    columns: dict[str, Any] = {
        "connector_type": outlet.connector_type,
        "capability": record.capability_columns(outlet.capability),
        "board": board_columns(outlet.board),
    }
    if any(getattr(row, name) != value for name, value in columns.items()):
        Row.objects.filter(pk=row.pk).update(version=row.version + 1, **columns)
        _journal("ConnectorChanged", row.pk, outlet, moment, who)
    return row.pk


def _journal(kind: str, number: int, outlet: FoundConnector, moment: Moment, who: str) -> None:
    journal.record(
        kind,
        connector_number=number,
        who=who,
        moment=moment,
        board_serial=outlet.board_serial,
        board_index=outlet.board_index,
        standard=outlet.connector_type,
        capability=record.capability_columns(outlet.capability),
        firmware=outlet.board.firmware if outlet.board else "",
    )


def confirm_replacement(connector_number: int, board_serial: str, board_index: int, *, who: str) -> bool:
    """A technician confirms that another board has this outlet now: its number and letter stay. False: no such number.

    A transaction that ran on the old board ends with the last register known of it; the other board counts its own.
    """
    moment = now()
    with journal.one_commit():
        row = Row.objects.filter(pk=connector_number).first()
        if row is None:
            return False
        before = row.board_serial
        Row.objects.filter(pk=connector_number).update(
            board_serial=board_serial, board_index=board_index, version=row.version + 1
        )
        record.happen(connector_number, [e.BoardReplaced(now_s=moment.mono_s)], moment=moment, who=who)
        Row.objects.filter(pk=connector_number).update(register_wh=None)
        journal.record(
            "ReplacementConfirmed",
            connector_number=connector_number,
            who=who,
            moment=moment,
            before=before,
            after=board_serial,
        )
    live.changed()
    return True


def letter_of(number: int) -> str:
    """A, B, ... Z, AA, AB: what is painted beside the outlet."""
    letters = ""
    while number > 0:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def surroundings_found(*, screen: bool | None = None, reader: bool | None = None) -> list[str]:
    """What stands around the computer at this start; differences to the last start are journaled. Their names.

    None: not known yet.
    """
    moment = now()
    with journal.one_commit():
        station = record.station_row()
        found = {"screen_found": screen, "reader_found": reader}
        moved = {name: value for name, value in found.items() if value not in {None, getattr(station, name)}}
        if moved:
            record.change_station(moment=moment, who="discovery", kind="SurroundingsChanged", **moved)
            Row.objects.update(version=F("version") + 1)  # the rules read whether there is a screen
    return sorted(moved)


def power_returned(moment: Moment) -> bool:
    """Tell every connector that the software was gone, once per start of the station. True when it was so."""
    kernel = kernel_boot_id()
    with journal.one_commit():
        station = record.station_row()
        if station.boot_id == moment.boot_id:
            return False
        away_s = away_of(station, moment, kernel)
        rebase_s = 0.0 if station.kernel_boot_id == kernel else moment.mono_s - station.seen_mono_s - (away_s or 0.0)
        for number in Row.objects.values_list("pk", flat=True):
            event = e.PowerReturned(now_s=moment.mono_s, away_s=away_s, same_board=True, rebase_s=rebase_s)
            record.happen(number, [event], moment=moment)
        Wish.objects.filter(state__in=UNFINISHED).update(due_s=F("due_s") + rebase_s)
        StationReservation.objects.update(expires_s=F("expires_s") + rebase_s)
        PresentedCard.objects.filter(
            state__in=(PresentedCard.State.PRESENTED, PresentedCard.State.ACCEPTED, PresentedCard.State.CHOOSE)
        ).update(state=PresentedCard.State.EXPIRED)
        _claims_checked(moment)
        reset = reset_ended(moment)
        journal.record("StationStarted", moment=moment, away_s=away_s, kernel=kernel, reset=reset)
        security_log_checked(moment)
        _start_logged(reset, moment, same_kernel=bool(kernel) and station.kernel_boot_id == kernel)
    record.checkpoint({}, moment=moment, kernel_boot_id=kernel)
    return True


def _start_logged(reset: str, moment: Moment, *, same_kernel: bool) -> None:
    """As section 8 of the security whitepaper tells a start of the computer from one of the software."""
    if not same_kernel:
        security_event(SecurityEvent.STARTUP_OF_THE_DEVICE, "The computer was started.", moment=moment)
    if reset:
        about = f"{reset} reset, as it was asked for."
        security_event(SecurityEvent.RESET_OR_REBOOT, about, moment=moment)
    elif same_kernel:
        security_event(SecurityEvent.RESET_OR_REBOOT, "The software was started again.", moment=moment)


def away_of(station: Station, moment: Moment, kernel: str) -> float | None:
    """How long the software was gone: by the monotonic clock within one boot, else by the wall clock, else None."""
    if kernel and station.kernel_boot_id == kernel:
        return max(moment.mono_s - station.seen_mono_s, 0.0)
    if station.seen_at is None or not moment.clock_known or moment.at < station.seen_at:
        return None
    return (moment.at - station.seen_at).total_seconds()


def _claims_checked(moment: Moment) -> None:
    """Claims follow from running transactions, also where a board was added to a group or left it."""
    grouped = {c.number: c.capability.exclusion_group for c in record.connectors()}
    holders = {grouped[c.number]: c.number for c in record.connectors() if c.transaction and grouped[c.number]}
    ExclusionClaim.objects.exclude(connector_id__in=holders.values()).delete()
    for group, number in holders.items():
        ExclusionClaim.objects.update_or_create(connector_id=number, defaults={"group": group})
    for number, group in grouped.items():
        record.happen(number, [e.ClaimChanged(now_s=moment.mono_s, holder=holders.get(group))], moment=moment)
