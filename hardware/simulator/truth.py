"""What has truly happened? The append-only record of physical facts, in memory order and in truth.jsonl."""

from __future__ import annotations

import json
import time
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from .unit import Unit

LONGEST_ANSWER: Final = 5000  # facts in one answer


class Recorder(Protocol):
    """Appends one physical fact of *unit* at *at_s* to the record."""

    def __call__(self, kind: str, unit: Unit, at_s: float, **details: Any) -> None:
        """Append it."""
        ...


class Truth:
    """One JSON object a line: n, at (UTC), monotonic_s, kind, connector_id, register_wh, register_reported_wh, ...

    `n` goes on over restarts. Append under the station's lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = array("Q", _places_of(path))  # where fact n = index + 1 begins
        self._file = path.open("ab")

    @property
    def last_n(self) -> int:
        """The number of the newest fact."""
        return len(self._places)

    def append(self, kind: str, unit: Unit | None, at_s: float, **details: Any) -> None:
        """Record that *kind* happened to *unit* (None: to the station) at *at_s* of the monotonic clock."""
        wall = datetime.fromtimestamp(at_s + time.time() - time.monotonic(), UTC)
        fact: dict[str, Any] = {
            "n": self.last_n + 1,
            "at": wall.isoformat(timespec="milliseconds"),
            "monotonic_s": round(at_s, 6),
            "kind": kind,
            "connector_id": None if unit is None else unit.spec.connector_id,
        }
        if unit is not None:
            fact["register_wh"] = round(unit.register.true_wh, 3)
            fact["register_reported_wh"] = unit.register.reported_wh
        self._places.append(self._file.tell())
        self._file.write(json.dumps({**fact, **details}).encode() + b"\n")
        self._file.flush()

    def facts_after(self, n: int) -> list[dict[str, Any]]:
        """The facts with a number above *n*, oldest first, at most LONGEST_ANSWER of them."""
        if n >= self.last_n:
            return []
        with self._path.open("rb") as file:
            file.seek(self._places[max(0, n)])
            count = min(LONGEST_ANSWER, self.last_n - max(0, n))
            return [json.loads(file.readline()) for _ in range(count)]

    def close(self) -> None:
        """Close truth.jsonl."""
        self._file.close()


def _places_of(path: Path) -> list[int]:
    """Where the complete lines of an earlier run begin; a line that was cut short by its end is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    places, place = [], 0
    with path.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            places.append(place)
            place += len(line)
        file.truncate(place)
    return places
