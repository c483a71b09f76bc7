"""The boards behind the connectors: what decides whether firmware fits, and the version that was read from them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from charging import journal, live
from charging.domain.firmware import Board
from charging.models import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOfConnectors:
    """One board: its connectors by their numbers, which may have models of their own and run one firmware."""

    serial: str
    connectors: dict[int, Board]

    @property
    def firmware(self) -> str:
        """The version that it runs."""
        return next(iter(self.connectors.values())).firmware


def boards() -> list[BoardOfConnectors]:
    """Every board that has said what it is, by the number of its first connector."""
    carried: dict[str, list[Connector]] = defaultdict(list)
    for row in Connector.objects.order_by("number"):
        if row.board:
            carried[row.board_serial].append(row)
    return [
        BoardOfConnectors(serial=serial, connectors={row.pk: Board(**row.board) for row in rows})
        for serial, rows in carried.items()
    ]


def firmware_read_back(board_serial: str, board: Board, *, who: str) -> None:
    """The version that a board says it runs, after an update. Journaled when it is another one."""
    with journal.one_commit():
        before = board.firmware
        for row in Connector.objects.filter(board_serial=board_serial):
            before = row.board.get("firmware", "")
            row.board = {**asdict(board), "model": row.board.get("model", board.model)}
            row.save(update_fields=["board"])
        if before != board.firmware:
            journal.record("FirmwareReadBack", who=who, board_serial=board_serial, before=before, after=board.firmware)
    live.changed()


def board_columns(board: Board | None) -> dict[str, Any]:
    """As a connector's row keeps it."""
    return asdict(board) if board else {}
