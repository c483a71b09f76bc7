"""The upload in hand: how it begins, moves and ends. A state, what is told of it and the journal are one commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from charging import journal, live
from charging.clock import Moment, now
from ocpp_client import orders
from ocpp_client.attempts import attempts_of, interval_s_of
from ocpp_client.models import CentralSystem, Upload
from ocpp_client.transfers.failures import Why

State = Upload.State
ENDS: Final = frozenset(set(State) - {State.ORDERED, State.UPLOADING})
FAILURES: Final = {  # UploadLogStatusEnumType, whitepaper section 6.19: as precise as it can be said (N01.FR.10)
    Why.GARBLED: State.BAD_MESSAGE,
    Why.DENIED: State.PERMISSION_DENIED,
    Why.UNSUPPORTED: State.NOT_SUPPORTED_OPERATION,
}
PLAIN: Final = {  # DiagnosticsStatus, OCPP 1.6 section 7.24, which knows one failure only
    State.UPLOADING: "Uploading",
    State.UPLOADED: "Uploaded",
    State.UPLOAD_FAILURE: "UploadFailed",
    State.BAD_MESSAGE: "UploadFailed",
    State.PERMISSION_DENIED: "UploadFailed",
    State.NOT_SUPPORTED_OPERATION: "UploadFailed",
}
_ENDINGS: Final = {Upload.Kind.SECURITY_LOG: "security-log-{}.log"}
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the central system said. Whatever is None was left to the station."""

    kind: Upload.Kind
    location: str
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    request_id: int | None = None  # of GetLog


def take(order: Order, moment: Moment) -> tuple[Upload, bool]:
    """Take the order in hand, instead of the one before; and whether there was one (N01.FR.11)."""
    with journal.one_commit():
        before = Upload.in_hand()
        if before is not None:
            _replaced(before, order, moment)
        station = CentralSystem.objects.filter(pk=1).first()
        row = Upload.objects.create(
            kind=order.kind,
            request_id=order.request_id,
            ordered_by=orders.place_of(station),
            ordered_at=moment.at,
            location=order.location,
            oldest_at=order.oldest_at,
            latest_at=order.latest_at,
            file_name=_file_name(order.kind, station, moment),
            attempts_left=attempts_of(order.retries),
            retry_interval_s=interval_s_of(order.retry_interval_s),
            state=State.ORDERED,
        )
        Upload.objects.filter(pk__lte=row.pk - orders.KEPT).delete()
        _journal(row, moment)
    live.changed()
    return row, before is not None


def _replaced(before: Upload, order: Order, moment: Moment) -> None:
    """Of another message of its kind the central system would not know whose status it is; the answer says enough."""
    if (before.request_id is None) != (order.request_id is None):
        move(before, State.UPLOAD_FAILURE, moment=moment, reason="The central system wants another file first.")
    else:
        before.untold = ""
        move(before, State.CANCELED, moment=moment, reason="The central system ordered another upload.")


def _file_name(kind: Upload.Kind, row: CentralSystem | None, moment: Moment) -> str:
    """Ours: the identity of the station and the second, so that files of many stations lie side by side."""
    identity = _NOT_IN_NAMES.sub("-", row.charge_point_id if row else "").strip("-.") or "station"
    return _ENDINGS.get(kind, "diagnostics-{}.zip").format(f"{identity}-{moment.at:%Y%m%dT%H%M%SZ}")


def move(row: Upload, state: Upload.State, *, moment: Moment, reason: str = "") -> None:
    """Enter *state*, within a commit."""
    with journal.one_commit():
        row.state, row.reason = state, reason[: orders.REASON_LENGTH]
        precise = row.request_id is not None and state != State.CANCELED
        orders.tell(row, state.value if precise else PLAIN.get(state, ""))
        if state in ENDS:
            orders.end(row, moment)
        row.save()
        _journal(row, moment)
    live.changed()


def failed(row: Upload, why: Why, reason: str, moment: Moment) -> None:
    """An attempt came to nothing: the next one later, or the end with what was wrong."""
    if not orders.put_off(row, reason, moment):
        move(row, FAILURES.get(why, State.UPLOAD_FAILURE), moment=moment, reason=reason)


def _journal(row: Upload, moment: Moment) -> None:
    journal.record("Upload", moment=moment, upload=row.pk, file=row.file_name, state=row.state, why=row.reason)


def give_up_unless_of(place: str) -> None:
    """End the order in hand when another central system gave it: there is nobody to be told of it any more."""
    row = Upload.in_hand()
    if row is not None and row.ordered_by != place:
        row.untold = ""
        move(row, State.CANCELED, moment=now(), reason=orders.NOBODY_TO_TELL)
