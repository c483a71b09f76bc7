"""What does a well-behaved central system answer? To every CALL that a charge point may make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .frames import Frame
from .ledger import Book


@dataclass(frozen=True, slots=True)
class Card:
    """What is said of an idTag: Accepted, Blocked, Expired, Invalid or ConcurrentTx."""

    status: str = "Accepted"
    parent: str | None = None
    expires_at: datetime | None = None

    def id_tag_info(self) -> dict[str, Any]:
        """As OCPP says it."""
        expiry = None if self.expires_at is None else utc(self.expires_at)
        told = {"status": self.status, "parentIdTag": self.parent, "expiryDate": expiry}
        return {name: value for name, value in told.items() if value is not None}


class Answers:
    """Changed by the test under the record's lock."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.boots = ["Accepted"]  # one for each BootNotification; the last stays
        self.interval_s = 300
        self.clock_offset_s = 0.0
        self.cards: dict[str, Card] = {}
        self.other_cards = Card("Accepted")
        self._to: dict[str, Callable[[Frame], dict[str, Any]]] = {
            "BootNotification": self._boot,
            "Heartbeat": lambda _: {"currentTime": self.now()},
            "Authorize": lambda frame: {"idTagInfo": self.card(frame.payload["idTag"]).id_tag_info()},
            "StartTransaction": self._start,
            "StopTransaction": self._stop,
            "DataTransfer": lambda _: {"status": "UnknownVendorId"},
            "SignCertificate": lambda _: {"status": "Accepted"},
        }

    def now(self) -> str:
        """The central system's clock."""
        return utc(datetime.now(UTC) + timedelta(seconds=self.clock_offset_s))

    def card(self, id_tag: str) -> Card:
        """Upper and lower case are the same (CiString20Type)."""
        return self.cards.get(id_tag.casefold(), self.other_cards)

    def to(self, frame: Frame) -> dict[str, Any]:
        """The answer to a CALL that the book has taken; the notifications have empty answers."""
        answer = self._to.get(frame.action)
        return answer(frame) if answer else {}

    def _boot(self, _: Frame) -> dict[str, Any]:
        status = self.boots.pop(0) if len(self.boots) > 1 else self.boots[0]
        return {"status": status, "currentTime": self.now(), "interval": self.interval_s}

    def _start(self, frame: Frame) -> dict[str, Any]:
        transaction = self.book.of_start(frame.payload)
        id_tag_info = self.card(frame.payload["idTag"]).id_tag_info()
        return {"transactionId": transaction.transaction_id, "idTagInfo": id_tag_info}

    def _stop(self, frame: Frame) -> dict[str, Any]:
        id_tag = frame.payload.get("idTag")
        return {} if id_tag is None else {"idTagInfo": self.card(id_tag).id_tag_info()}


def utc(at: datetime) -> str:
    """As OCPP writes a time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
