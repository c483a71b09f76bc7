"""The receipt of a session as a few lines of plain text, for the QR code that a telephone reads."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone

from charging.snapshot import ConnectorShown, Snapshot, TransactionShown

from . import words

TIME: Final = "%d.%m.%Y %H:%M"
HOUR_S: Final = 3600
WH_PER_KWH: Final = 1000


def receipt_of(snapshot: Snapshot, transaction: int, language: str) -> str:
    """The lines of the session that has ended at one of the connectors; "" when none of them tells of it."""
    for connector in snapshot["connectors"]:
        for ended in (connector["finished"], connector["left"]):
            if ended and ended["id"] == transaction:
                return "\n".join(_lines(snapshot["station"]["name"], connector, ended, language))
    return ""


def _lines(station: str, connector: ConnectorShown, ended: TransactionShown, language: str) -> list[str]:
    texts = {key: text for key, text in words.sentences(language).items() if isinstance(text, str)}
    where = texts["screen.connector"].format(letter=connector["letter"])
    standard = texts.get(f"standard.{connector['standard']}", connector["standard"])
    energy = "-" if ended["energy_wh"] is None else f"{ended['energy_wh'] / WH_PER_KWH:.2f}"
    lines = [
        station,
        f"{where} · {standard}",
        f"{_at(ended['started_at'])} - {_at(ended['stopped_at'])}",
        f"{energy} {texts['unit.kwh']} · {_lasted(ended['seconds'])}",
        texts.get(f"stop.{connector['stop_reason']}", ""),
        texts["card.tail"].format(tail=ended["id_tag_tail"]),
    ]
    return [line for line in lines if line]


def _at(time: str) -> str:
    return timezone.localtime(datetime.fromisoformat(time)).strftime(TIME) if time else "-"


def _lasted(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // HOUR_S}:{whole // 60 % 60:02}:{whole % 60:02}"
