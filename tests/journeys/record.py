"""What the station has written down, read from outside: its database file, never through its own code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Facts = dict[str, Any]
FILE: Final = "station.sqlite3"
BUSY_S: Final = 5.0


class Record:
    """The database in *data_dir*; every call reads anew."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE

    def rows(self, sql: str, *values: object) -> list[Facts]:
        """Rows of one query as dictionaries."""
        with self._open() as database:
            return [dict(row) for row in database.execute(sql, values)]

    def transactions(self, connector: int | None = None) -> list[Facts]:
        """Every transaction, oldest first; of one connector when given."""
        found = self.rows("SELECT * FROM charging_transaction ORDER BY id")
        return [row for row in found if connector in {None, row["connector_id"]}]

    def facts(self, connector: int) -> Facts:
        """The stored facts of one connector."""
        (row,) = self.rows("SELECT facts FROM charging_connector WHERE number = ?", connector)
        return dict(json.loads(row["facts"]))

    def journal(self, kind: str = "", connector: int | None = None) -> list[Facts]:
        """Journal entries, oldest first, their bodies decoded."""
        found = self.rows("SELECT * FROM charging_journalentry ORDER BY id")
        chosen = [row for row in found if kind in {"", row["kind"]} and connector in {None, row["connector_number"]}]
        return [{**row, "body": json.loads(row["body"])} for row in chosen]

    def integrity(self) -> str:
        """`ok`, or what SQLite found broken."""
        (row,) = self.rows("PRAGMA integrity_check")
        return str(row["integrity_check"])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=BUSY_S)
        database.row_factory = sqlite3.Row
        try:
            yield database
        finally:
            database.close()
