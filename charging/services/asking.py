"""Requests to a connector, whoever asks: a short database transaction that records an intent, then a wake-up."""

from __future__ import annotations

from typing import Final

from django.db.models import F

from charging import journal, live, record
from charging.clock import now
from charging.domain import events as e
from charging.domain.authorization import needs_its_card
from charging.domain.connector import Policy
from charging.domain.metering import METER_FAULTS
from charging.domain.requests import Refusal
from charging.models import Connector as Row
from charging.models import Wish
from charging.services.answer import Answer, answer_of, refused
from charging.services.recording import recorded
from charging.services.wishing import wish

SCREEN: Final = "screen"
LOCAL_STOP: Final = "Local"  # OCPP 1.6 section 7.36: stopped by the EV driver at the station


def stop(connector_number: int, *, by: str, who: str, reason: str = LOCAL_STOP) -> Answer:
    """Want the transaction stopped, or drop what was authorized. `by` as in start.

    A cable that the lock keeps for its owner is not for whoever stands at the screen, and what was begun with a card
    is stopped with that card (or a master's).
    """
    if by == SCREEN and (refusal := _not_for_everybody(connector_number)):
        return refused(refusal)
    return ask(connector_number, e.StopRequested(now_s=now().mono_s, reason=reason), who=f"{who} ({by})")


def set_availability(connector_number: int, *, operative: bool, source: str, who: str) -> Answer:
    """Operative or not, per source, for one connector or (0) the whole station; takes effect when idle.

    The answer is `scheduled` when that is later (OCPP 1.6 section 5.2: Accepted, Scheduled; refused is Rejected).
    What holds for the whole station is kept in its row as well, for connectors that are found later.
    """
    event = e.AvailabilityRequested(now_s=now().mono_s, operative=operative, source=source)
    numbers = [connector_number] if connector_number else list(Row.objects.values_list("pk", flat=True))

    def changed() -> Answer:
        if not connector_number:
            _hold_station(operative=operative, source=source, who=who)
        outcomes = [record.happen(number, [event], moment=now(), who=who) for number in numbers]
        waits = any(source in outcome.connector.becomes_inoperative for outcome in outcomes)
        return Answer(accepted=True, scheduled=waits and not operative)

    return recorded(connector_number, changed)


def _hold_station(*, operative: bool, source: str, who: str) -> None:
    held = record.station_row().inoperative
    wanted = sorted({*held} - {source} if operative else {*held, source})
    if wanted != held:
        record.change_station(moment=now(), who=who, kind="StationAvailability", inoperative=wanted)


def release_cable(connector_number: int, who: str, *, by: str = SCREEN) -> Answer:
    """Let go of the EV driver's own cable: stops what runs, and asks the board to open its lock once.

    Accepted with the id of the wish: done = Unlocked, failed or expired = UnlockFailed. UNKNOWN_CONNECTOR and
    NOT_SUPPORTED: NotSupported (OCPP 1.6 section 7.46). A cable that is kept for its owner is released by a
    technician and by the central system (`by` "technician", "remote"), not at the screen.
    """
    row = Row.objects.filter(pk=connector_number).first()
    if row is None:
        return refused(Refusal.UNKNOWN_CONNECTOR)
    if not row.capability.get("has_lock"):
        return refused(Refusal.NOT_SUPPORTED)
    if by == SCREEN and (refusal := _not_for_everybody(connector_number)):
        return refused(refusal)
    stop(connector_number, by="release", who=who, reason="UnlockCommand" if by == "remote" else LOCAL_STOP)
    return Answer(accepted=True, wish_id=wish(Wish.Kind.UNLOCK, connector_number, who=who, after_transaction=True).pk)


def _not_for_everybody(connector_number: int) -> Refusal | None:
    """Why a touch alone ends nothing here, or None."""
    row = Row.objects.filter(pk=connector_number).first()
    connector = record.connector_of(row, Policy()) if row else None
    if connector is None:
        return None
    if connector.cable_owner:
        return Refusal.CABLE_KEPT
    return Refusal.NOT_YOURS if needs_its_card(connector, record.station_row().free_id_tag) else None


def acknowledge_faults(connector_number: int, who: str, *, at_cabinet: bool) -> Answer:
    """A technician has seen what is latched on one connector. Only at the cabinet, never from afar.

    A meter that lied begins anew; a transaction never spans two beginnings of a register, so it ends here.
    """
    if not at_cabinet:
        return refused(Refusal.NOT_AT_CABINET)
    mono_s = now().mono_s
    events: list[e.Event] = [e.FaultsAcknowledged(now_s=mono_s)]
    row = Row.objects.filter(pk=connector_number).first()
    connector = record.connector_of(row, Policy()) if row else None
    if connector and connector.transaction and connector.faults & METER_FAULTS:
        events.insert(0, e.StopRequested(now_s=mono_s, reason="Other"))
    answer = ask(connector_number, *events, who=who)
    if answer.accepted:
        wish(Wish.Kind.CLEAR_FAULTS, connector_number, who=who)
    return answer


def raise_fault(connector_number: int, name: str, *, who: str) -> Answer:
    """Raise one of our own faults, for example ControllerLost when nobody polls (architecture.md, Watchdog)."""
    return ask(connector_number, e.FaultRaised(now_s=now().mono_s, name=name), who=who)


def ask(connector_number: int, *events: e.Event, who: str) -> Answer:
    """Record one request; the answer is durable when it says accepted."""

    def asked() -> Answer:
        return answer_of(record.happen(connector_number, events, moment=now(), who=who).refusal)

    return recorded(connector_number, asked)


def change_settings(who: str, **columns: object) -> None:
    """Change the owner's settings (columns of charging.models.Station), journaled with what they were before.

    Raises django.core.exceptions.ValidationError when a value is out of its bounds; then nothing is changed.
    """
    with journal.one_commit():
        station = record.station_row()
        before = {name: getattr(station, name) for name in columns}
        for name, value in columns.items():
            setattr(station, name, value)
        station.full_clean()
        station.version += 1
        station.save(update_fields=[*columns, "version"])
        Row.objects.update(version=F("version") + 1)  # the rules read these settings: polling reads again
        changes = {name: [str(before[name]), str(value)] for name, value in columns.items() if before[name] != value}
        journal.record("SettingsChanged", who=who, changes=changes)
    live.wake()
    live.changed()
