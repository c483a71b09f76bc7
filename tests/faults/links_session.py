"""One session of an EV driver, played to its end whatever happens to the link or to the process that holds it.

What is asked of the station by the central system is asked again until there is an answer, as an operator would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F

from charging import services
from charging.domain.observation import Pilot
from charging.models import JournalEntry, PresentedCard
from charging.models import Transaction as Row
from charging.services.cards import PRESENTED, SAME_CARD_WITHIN_S
from ocpp_client import configuration
from ocpp_client.models import Attempt, SentStatus
from ocpp_client.owed import TAKEN, anything_owed
from tests.central_system import CentralSystem, Kind, Transaction
from tests.central_system.central import NoLink
from tests.charging.rows import connector
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served

PATIENCE_S: Final = 30.0
CARD: Final = "04A2B3C4D5E6F7"
KEY: Final = "HeartbeatInterval"
WH: Final = 7
SLACK: Final = timedelta(seconds=1)
HERE: Final = 1
FAULTS: Final = 1  # in each session


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What physically happened, and what the central system was promised."""

    begun_at: datetime
    ended_at: datetime
    start_wh: int
    stop_wh: int
    interval: str  # of KEY, as it was accepted


class Session:
    """Sessions at one connector, one after the other; registers go on."""

    def __init__(self, station: Served, central: CentralSystem) -> None:
        self.station = station
        self.central = central
        self.register_wh = 1000
        self._number = 0

    def play(self, *, remotely: bool) -> Played:
        """Plug, card or remote start, energy, remote stop, a changed key, unplug; until everything was told."""
        self._number += 1
        start_wh, interval = self.register_wh, str(1_000 + self._number)
        self.look(plugged=True)
        begun_at = self.station.moment().at
        if remotely:
            self.insist("RemoteStartTransaction", {"connectorId": HERE, "idTag": CARD})
        else:
            self.tap()
        self.until(lambda: connector(HERE).transaction is not None, plugged=True)
        self.flow()
        wait_until(lambda: self._central_number() is not None, PATIENCE_S)
        self.insist("ChangeConfiguration", {"key": KEY, "value": interval})
        self.register_wh += WH
        self.flow()
        self.insist("RemoteStopTransaction", {"transactionId": self._central_number()})
        self.flow()
        self.until(lambda: connector(HERE).transaction is None, plugged=True)
        ended_at = self.station.moment().at
        for _ in range(4):
            self.look(plugged=False)
        wait_until(self._is_told, PATIENCE_S)
        return Played(
            begun_at=begun_at, ended_at=ended_at, start_wh=start_wh, stop_wh=self.register_wh, interval=interval
        )

    # --- what happens at the connector ----------------------------------------------------------------------

    def look(self, **seen: object) -> None:
        """One turn of the connector, and one of the station."""
        self.station.look(HERE, register_wh=self.register_wh, **seen)
        services.station_turn(self.station.moment(), {})

    def flow(self) -> None:
        """One turn in which energy flows."""
        self.look(plugged=True, ev_ready=True, delivering=True, pilot=Pilot.C)

    def until(self, is_so: Callable[[], object], **seen: object) -> None:
        """Turn after turn."""

        def looked() -> object:
            self.look(**seen)
            return is_so()

        wait_until(looked, PATIENCE_S)

    def tap(self) -> None:
        """Hold the card to the reader; a refusal is no end: the card is held to it again."""
        JournalEntry.objects.filter(kind=PRESENTED).update(mono_s=F("mono_s") - SAME_CARD_WITHIN_S)
        tap = services.card_presented(CARD)
        assert tap is not None
        self.until(lambda: PresentedCard.objects.get(pk=tap.pk).state == "used", plugged=True)

    # --- what the central system asks -----------------------------------------------------------------------

    def insist(self, action: str, payload: dict[str, Any]) -> None:
        """Ask until the answer is Accepted, over as many links as it takes."""

        def accepted() -> bool:
            try:
                message_id = self.central.post(action, payload)
            except NoLink:
                return False
            link = len(self.central.record.links)
            wait_until(lambda: self._answer(message_id) or self._is_gone(link), PATIENCE_S)
            return self._answer(message_id) == "Accepted"

        wait_until(accepted, PATIENCE_S)

    def _answer(self, message_id: str) -> str:
        frames = [*self.central.frames(kind=Kind.RESULT), *self.central.frames(kind=Kind.ERROR)]
        found = [frame for frame in frames if frame.message_id == message_id and not frame.lost]
        return str(found[0].payload.get("status", "an error")) if found else ""

    def _is_gone(self, link: int) -> bool:
        return not self.central.is_connected or len(self.central.record.links) > link

    # --- what is known of it --------------------------------------------------------------------------------

    def _central_number(self) -> int | None:
        row = Row.objects.filter(connector=HERE).order_by("-pk").first()
        return row.central_number if row and row.stopped_at is None else None

    def _is_told(self) -> bool:
        """Nothing is owed any more, and the last status that was confirmed is the true one."""
        status = SentStatus.objects.filter(connector_number=HERE).values_list("status", flat=True).first()
        return not anything_owed() and status == "Available" and self.central.is_connected


def broken(played: Played, told: Sequence[Transaction]) -> list[str]:
    """I1, I2, I4 and I6 of what was played with one fault; I3 is a rule of the central system itself."""
    if len(told) != 1:
        return [f"I1: {len(told)} transactions were told instead of one."]
    row = Row.objects.filter(connector=HERE).order_by("-pk")[0]
    return [*_whole(told[0], played), *_kept(told[0], row, played), *_seldom(told[0])]


def _whole(told: Transaction, played: Played) -> list[str]:
    """I1 and I2."""
    if told.stop is None:
        return [f"I1: transaction {told.transaction_id} was left open."]
    found = []
    if (told.meter_start_wh, told.stop["meterStop"]) != (played.start_wh, played.stop_wh):
        found.append(f"I2: told {told.start} and {told.stop}; true are {played.start_wh} and {played.stop_wh} Wh.")
    if not played.begun_at - SLACK <= told.started_at <= datetime.fromisoformat(told.stop["timestamp"]):
        found.append(f"I2: it began at {played.begun_at}, told {told.start} and {told.stop}.")
    if told.reason != "Remote" or told.id_tag != CARD:
        found.append(f"I1: {told.start} and {told.stop} are of somebody else, or for another reason.")
    return found


def _kept(told: Transaction, row: Row, played: Played) -> list[str]:
    """I4: what was accepted is there, and what is in the journal was told."""
    found = []
    if (row.central_number, row.stopped_at is None) != (told.transaction_id, False):
        found.append(f"I4: the row has {row.central_number}, told was {told.transaction_id}.")
    values = JournalEntry.objects.filter(kind=TAKEN, transaction_id=row.pk).count()
    if len(told.meter_values) != values:
        found.append(f"I4: {values} meter values were taken, {len(told.meter_values)} told.")
    if configuration.text(KEY) != played.interval:
        found.append(f"I4: {KEY} is {configuration.text(KEY)}, accepted was {played.interval}.")
    if Attempt.objects.filter(parked_at__isnull=False).exists():
        found.append("I4: a message was given up.")
    return found


def _seldom(told: Transaction) -> list[str]:
    """I6: no message was repeated without a reason; that repeats are equal is a rule of the central system."""
    repeats = len(told.starts) + len(told.stops) - 2
    return [f"I6: {repeats} repeats for {FAULTS} fault."] if repeats > FAULTS else []
