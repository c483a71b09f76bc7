"""The RFID reader's thread: polls it, knows whether it is there, and hands every new card on (RFD-1, RFD-2)."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from django.db import DatabaseError

from charging import live, services
from charging.models import Wish
from hardware.database import healed
from hardware.errors import HardwareError
from hardware.line import Line
from hardware.readers import pn532

log = logging.getLogger(__name__)

PAUSE_S: Final = 0.1
RETRY_S: Final = 1.0
LOOK_FOR_WISHES_S: Final = 1.0
BEAT_EVERY_S: Final = 1.0
KEPT_S: Final = 10.0  # whoever held a card still stands there; a later start or stop would surprise
RESTARTED: Final = "The reader's driver was restarted and the reader answers."
STILL_SILENT: Final = "The reader does not answer: check its cable and its supply."


class ReaderLoop:
    """`turn()` is one poll, so that a test can call it; `present` is what the last one found."""

    def __init__(self, path: str) -> None:
        self.line = Line(path, pn532.BAUD_RATE)
        self._reader = pn532.Pn532(self.line)
        self.present: bool | None = None
        self.answered_s: float | None = None  # monotonic, of the last answer
        self._untold: bool | None = None  # whether a reader is there, until the station knows it
        self._beat_due_s = 0.0
        self._look_due_s = 0.0
        self._unrecorded: dict[str, float] = {}  # idTags in the order of their taps, and until when each is kept

    def turn(self) -> float:
        """Poll once; how long to wait until the next one."""
        try:
            card = self._reader.poll()
        except HardwareError as error:
            self._lost(error)
            self._tell()
            self._wishes()
            return RETRY_S
        self._found()
        self._tell()
        if card:
            self._presented(card)
        self._record()
        self._wishes()
        return 0.0 if card else PAUSE_S  # where one card is, there may be another one

    def _lost(self, error: HardwareError) -> None:
        if self.present is not False:
            log.warning(
                "The RFID reader does not answer (%s): check its cable; cards are read again when it is back.", error
            )
        if self.present is None:
            self._untold = False  # not found at this start; one that is lost later is a silent reader
        self.present = False

    def _found(self) -> None:
        if self.present is False:
            log.warning("The RFID reader answers again.")
        if not self.present:
            self._untold = True
        self.present = True
        self.answered_s = time.monotonic()
        if time.monotonic() >= self._beat_due_s:
            self._beat_due_s = time.monotonic() + BEAT_EVERY_S
            live.beat("reader")

    def _tell(self) -> None:
        """The station shows cards only where there is a reader (GEN-4)."""
        if self._untold is None:
            return
        try:
            services.surroundings_found(reader=self._untold)
        except DatabaseError as error:
            log.warning("Whether there is a reader could not be recorded (%s); it is tried again.", error)
            healed()
        else:
            self._untold = None

    def _presented(self, card: pn532.Card) -> None:
        """A card that is still to be recorded is held again by somebody who saw nothing happen: that is one tap."""
        self._unrecorded[pn532.id_tag_of(card.uid)] = time.monotonic() + KEPT_S

    def _record(self) -> None:
        """Record every card in order; a busy database is asked again next turn, because a tap may be a stop."""
        for id_tag, until_s in list(self._unrecorded.items()):
            try:
                services.card_presented(id_tag)
            except DatabaseError as error:
                healed()
                if time.monotonic() < until_s:
                    return
                log.warning("A card could not be recorded (%s): hold it to the reader again.", error)
            del self._unrecorded[id_tag]

    def _wishes(self) -> None:
        """A reader that does not answer is the one that somebody wishes restarted."""
        if time.monotonic() < self._look_due_s:
            return
        self._look_due_s = time.monotonic() + LOOK_FOR_WISHES_S
        try:
            for asked in services.wishes((Wish.Kind.RESTART_READER,), [0]):
                self.line.close()
                alive = self._reader.alive()
                services.wish_ended(asked.pk, done=alive, result=RESTARTED if alive else STILL_SILENT)
        except DatabaseError as error:
            log.warning("A wish to the reader could not be read or answered (%s); it is tried again.", error)
            healed()

    def close(self) -> None:
        """Give the port back."""
        self.line.close()


def run_reader(loop: ReaderLoop, stop: threading.Event) -> None:
    """Poll until *stop*."""
    while not stop.wait(loop.turn()):
        pass
    loop.close()
