"""The whole station as one plain document: what the kiosk, the console and the tests read. Computed, never stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, TypedDict, cast

from charging import live, record
from charging.clock import Moment, now
from charging.domain import events as e
from charging.domain.authorization import Mode, needs_its_card
from charging.domain.connector import Connector
from charging.domain.faults import FAULTS, blocks
from charging.domain.receipt import TOLD_FOR_S, is_told
from charging.domain.requests import refusal_of
from charging.domain.situation import situation_of
from charging.domain.status import status_of
from charging.models import Connector as Row
from charging.models import PresentedCard, Station, Transaction

PROFILE: Final = "profile"  # the source of limits of charging.services.profile_limits


class TransactionShown(TypedDict):
    """A transaction, running or the last one."""

    id: int
    id_tag_tail: str  # the last four characters, never more
    started_at: str  # ISO 8601 UTC
    stopped_at: str  # the same, "" while it runs
    seconds: float  # since the start, by the monotonic clock
    energy_wh: int | None  # None: the register is not known just now
    meter_start_wh: int


class ReadingShown(TypedDict):
    """Live values; absent (None in ConnectorShown) when older than 3 s: stale is never shown as fresh."""

    age_s: float
    power_w: int
    currents_a: list[float]
    voltages_v: list[float]
    register_wh: int
    soc_percent: float | None
    limit_a: float
    limit_w: int
    limited_by: str
    temperatures_c: list[float]


class _Error(TypedDict):
    error_code: str
    mrec: str


class _Allowed(TypedDict):
    can_start: bool
    can_stop: bool
    card_stops: bool  # only the card or the app that began stops it; a touch does not
    can_release: bool  # the station's lock holds a cable that may be released
    cable_kept: bool  # it holds the cable for whoever started: only that card opens it
    leaves_service: bool  # as soon as it is idle


class _Transactions(TypedDict):
    transaction: TransactionShown | None
    finished: TransactionShown | None  # the last one, while its plug is still in
    left: TransactionShown | None  # the last one, for a while after its plug was pulled
    left_for_s: float | None  # how long it is still told
    stop_reason: str  # of `finished` or `left`


class ConnectorShown(_Error, _Allowed, _Transactions):
    """One connector, with what may be done with it."""

    number: int
    letter: str
    standard: str  # TYPE2_SOCKET, TYPE2_CABLE, CCS2, CHADEMO, GBT_AC, GBT_DC, ...
    direct_current: bool
    maximum_w: int
    maximum_a: float
    phases: int
    has_lock: bool
    status: str  # OCPP 1.6, for the console
    situation: str  # charging.domain.situation.SITUATIONS, plus "no_software": nobody polls
    plugged: bool
    fresh: bool  # a turn was done within 3 s
    faults: list[str]
    blocked: bool
    phase: str  # observation.Phase
    why: str  # key of the reason: who limits, who pauses, what is waited for; "" when nothing needs saying
    limit_w: int
    limit_source: str
    limit_until: str  # ISO 8601, when a limit of a charging profile may change; "" when nobody knows
    countdown_s: float | None  # until the present wait ends (time to plug in)
    in_use_by: str  # letter of the connector that delivers instead, "" otherwise
    needs_card: bool
    reading: ReadingShown | None


class CardShown(TypedDict):
    """The last presented card, while it is worth a word."""

    id: int
    tail: str  # the last four characters
    state: str  # PresentedCard.State
    why: str  # Refusal code, "" when accepted
    connector: int | None
    countdown_s: float | None


class StationShown(TypedDict):
    """The cabinet and its owner's settings."""

    name: str
    support_phone: str
    messenger_url: str
    authorization_mode: str
    has_screen: bool
    has_reader: bool
    reader_present: bool | None  # None: not known just now
    emergency: bool
    emergency_acknowledged: bool
    learning: bool
    time: str  # ISO 8601 UTC
    clock_known: bool
    brightness: str  # brightness.Brightness at the screen, "" without a light sensor


class Snapshot(TypedDict):
    """Everything at one moment."""

    station: StationShown
    connectors: list[ConnectorShown]
    card: CardShown | None


FRESH_WITHIN_S: Final = 3.0  # no turn for this long: "no contact", never "charging"
WORTH_A_WORD_S: Final = 3600.0  # a deadline further away is of another boot
TAIL: Final = 4
LATELY: Final = 32  # transactions; more do not end while the last outcome is still told


def snapshot() -> Snapshot:
    """The whole station now. Raises django.db.DatabaseError when the record cannot be read."""
    moment = now()
    station = record.station_row()
    policy = record.policy_of(station)
    rows = list(Row.objects.order_by("number"))
    connectors = {row.number: record.connector_of(row, policy) for row in rows}
    letters = {row.number: row.letter for row in rows}
    readings = live.readings()
    ended = _ended_lately()
    running = {t.connector_id: t for t in Transaction.objects.filter(stopped_at__isnull=True)}
    beats = live.heartbeats()
    return Snapshot(
        station=_station(station, moment, beats),
        connectors=[
            _connector(
                _Sight(
                    row=row,
                    connector=_overlaid(connectors[row.number], readings.get(row.number)),
                    station=station,
                    reading=_reading(readings.get(row.number)),
                    transaction=running.get(row.number),
                    ended=ended.get(row.number),
                    letters=letters,
                    moment=moment,
                )
            )
            for row in rows
        ],
        card=_card(moment),
    )


def _overlaid(c: Connector, reading: Mapping[str, Any] | None) -> Connector:
    """A fault that the record itself cannot hold: whoever polls has switched off what it could not write down."""
    if reading is None or reading["age_s"] >= FRESH_WITHIN_S or not reading.get("not_recorded"):
        return c
    return replace(c, own_faults=c.own_faults | {"NotRecorded"})


def _station(row: Station, moment: Moment, beats: dict[str, float]) -> StationShown:
    return StationShown(
        name=row.name,
        support_phone=row.support_phone,
        messenger_url=row.messenger_url,
        authorization_mode=row.authorization_mode,
        has_screen=row.with_screen,
        has_reader=row.with_reader,
        reader_present=_reader_present(beats),
        emergency=row.emergency,
        emergency_acknowledged=row.emergency_acknowledged,
        learning=row.learning_until_s is not None
        and moment.mono_s < row.learning_until_s < moment.mono_s + WORTH_A_WORD_S,
        time=moment.at.isoformat(),
        clock_known=moment.clock_known,
        brightness=live.brightness(),
    )


def _reader_present(beats: dict[str, float]) -> bool | None:
    """None while nobody knows: no beat at all, or none of the reader because Redis is away."""
    if "reader" in beats:
        return live.in_time(beats, "reader")
    return False if beats and live.present() else None


@dataclass(frozen=True, slots=True)
class _Sight:
    """Everything that one connector is shown from."""

    row: Row
    connector: Connector
    station: Station
    reading: ReadingShown | None  # None when older than 3 s
    transaction: Transaction | None
    ended: Transaction | None  # among the last ones of the station
    letters: dict[int, str]
    moment: Moment


def _connector(sight: _Sight) -> ConnectorShown:
    row, c = sight.row, sight.connector
    return ConnectorShown(
        number=row.number,
        letter=row.letter,
        standard=row.connector_type,
        direct_current=c.capability.direct_current,
        maximum_w=c.capability.maximum_w,
        maximum_a=c.capability.maximum_a,
        phases=c.capability.phases,
        has_lock=c.capability.has_lock,
        status=status_of(c).value,
        situation=_situation(sight),
        plugged=c.plugged,
        fresh=sight.reading is not None,
        faults=sorted(c.faults),
        blocked=c.blocked,
        phase=c.phase.value,
        why=_why(c, sight.reading),
        limit_w=c.limit.power_w,
        limit_source=c.limit.source,
        limit_until=_limit_until(c, sight.moment),
        countdown_s=_countdown(c, sight.moment),
        in_use_by=sight.letters.get(c.claimed_by or 0, ""),
        needs_card=sight.station.authorization_mode != Mode.NONE,
        reading=sight.reading,
        **_error(c),
        **_allowed(sight),
        **_transactions(sight),
    )


def _situation(sight: _Sight) -> str:
    """The rules' word, or "no_software" when nobody has polled for 3 s: never "charging" from memory."""
    c = sight.connector
    known = sight.reading is not None or c.lost_s is not None or c.blocked
    return situation_of(c) if known else "no_software"


def _error(c: Connector) -> _Error:
    """The fault to quote: a blocking one before any other."""
    first = min(c.faults, key=lambda name: (not blocks(frozenset({name})), name), default="")
    fault = FAULTS.get(first)
    return _Error(error_code=fault.error_code if fault else "NoError", mrec=fault.mrec if fault else "")


def _allowed(sight: _Sight) -> _Allowed:
    c = sight.connector
    refusal = refusal_of(c, e.Authorized(id_tag=sight.station.free_id_tag))
    return _Allowed(
        can_start=refusal is None and c.authorization is None,
        leaves_service=bool(c.becomes_inoperative),
        can_stop=bool((c.transaction and not c.stop) or c.authorization),
        card_stops=needs_its_card(c, sight.station.free_id_tag),
        can_release=bool(c.capability.has_lock and c.locked and not c.transaction and not c.cable_owner),
        cable_kept=bool(c.cable_owner),
    )


def _transactions(sight: _Sight) -> _Transactions:
    running = sight.transaction
    finished = _last(sight.row) if sight.connector.finishing else None
    left = _left(sight)
    last = finished or left
    return _Transactions(
        transaction=_transaction(running, sight.reading, sight.moment) if running else None,
        finished=_transaction(finished, None, sight.moment) if finished else None,
        left=_transaction(left, None, sight.moment) if left else None,
        left_for_s=max(TOLD_FOR_S - _gone_s(sight), 0.0) if left else None,
        stop_reason=last.stop_reason if last else "",
    )


def _reading(reading: dict[str, Any] | None) -> ReadingShown | None:
    if reading is None or reading["age_s"] >= FRESH_WITHIN_S:
        return None
    names = ReadingShown.__annotations__
    return cast("ReadingShown", {name: reading.get(name) for name in names})


def _why(c: Connector, reading: ReadingShown | None) -> str:
    """Who limits or pauses: site, cable, temperature, car, hardware, ... or "" when nothing needs saying."""
    situation = situation_of(c)
    if situation == "paused_by_car":
        return "car" if c.plugged else "plug"
    if situation == "paused_by_station":
        return c.limit.source if c.limit.power_w <= 0 else "hardware"
    if situation != "charging":
        return ""
    if c.limit.source != "hardware":
        return c.limit.source
    limited_by = reading["limited_by"] if reading else ""
    return "" if limited_by in {"setpoint", "hardware"} else limited_by


def _limit_until(c: Connector, moment: Moment) -> str:
    lease = next((each for each in c.leases if each.source == c.limit.source == PROFILE), None)
    if lease is None or lease.expires_s is None or not moment.clock_known:
        return ""
    return (moment.at + timedelta(seconds=lease.expires_s - moment.mono_s)).isoformat(timespec="seconds")


def _countdown(c: Connector, moment: Moment) -> float | None:
    if c.authorization is None or c.waits_for_turn:
        return None
    return max(c.authorization.due_s - moment.mono_s, 0.0)


def _last(row: Row) -> Transaction | None:
    return Transaction.objects.filter(connector=row, stopped_at__isnull=False).order_by("-pk").first()


def _ended_lately() -> dict[int, Transaction]:
    """The last transaction of each connector, among the last ones of the station: one short look at the record."""
    ended = Transaction.objects.filter(stopped_at__isnull=False).select_related("session").order_by("-pk")
    return {row.connector_id: row for row in reversed(ended[:LATELY])}


def _left(sight: _Sight) -> Transaction | None:
    return sight.ended if is_told(sight.connector, _gone_s(sight)) else None


def _gone_s(sight: _Sight) -> float:
    """Since the plug of the last session was pulled; infinite while it is in, or without any."""
    session = sight.ended.session if sight.ended else None
    if session is None or session.closed_at is None:
        return math.inf
    return (sight.moment.at - session.closed_at).total_seconds()


def _transaction(row: Transaction, reading: ReadingShown | None, moment: Moment) -> TransactionShown:
    if row.meter_stop_wh is not None:
        energy_wh: int | None = row.meter_stop_wh - row.meter_start_wh
    else:
        energy_wh = reading["register_wh"] - row.meter_start_wh if reading else None
    return TransactionShown(
        id=row.pk,
        id_tag_tail=row.id_tag[-TAIL:],
        started_at=row.started_at.isoformat(),
        stopped_at=row.stopped_at.isoformat() if row.stopped_at else "",
        seconds=_seconds(row, moment),
        energy_wh=None if energy_wh is None else max(energy_wh, 0),
        meter_start_wh=row.meter_start_wh,
    )


def _seconds(row: Transaction, moment: Moment) -> float:
    """By the monotonic clock while the boot is the same; the wall clock may have been set meanwhile."""
    if row.stopped_at is None and row.boot_id == moment.boot_id:
        return max(moment.mono_s - row.started_mono_s, 0.0)
    return max(((row.stopped_at or moment.at) - row.started_at).total_seconds(), 0.0)


def _card(moment: Moment) -> CardShown | None:
    last = PresentedCard.objects.order_by("-pk").first()
    if last is None or not moment.mono_s < last.shown_until_s < moment.mono_s + WORTH_A_WORD_S:
        return None
    waits = last.state in {PresentedCard.State.ACCEPTED, PresentedCard.State.CHOOSE}
    return CardShown(
        id=last.pk,
        tail=last.id_tag[-TAIL:],
        state=last.state,
        why=last.why,
        connector=last.connector_number,
        countdown_s=max(last.due_s - moment.mono_s, 0.0) if waits else None,
    )
