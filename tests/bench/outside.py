"""What is outside of the station? The simulator's calls, and the record of what physically happened."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from .waiting import wait_for

Fact = dict[str, Any]
CALL_WITHIN_S: Final = 10.0


class Simulator:
    """The bench of the simulated station. Every method raises OSError when it is away."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        """One call that changes something. Raises RuntimeError with the simulator's sentence when it refuses."""
        return self._called("POST", path, json.dumps(fields))

    def state(self, connector: int | None = None) -> dict[str, Any]:
        """What is physically true now."""
        query = "" if connector is None else f"?{urlencode({'connector_id': connector})}"
        return self._called("GET", f"/state{query}", None)

    def connectors(self) -> list[dict[str, Any]]:
        """What is physically true of every connector."""
        found: list[dict[str, Any]] = self.state()["connectors"]
        return found

    def _called(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        # A connection a call: the simulator ends a kept one after half a minute, in the middle of a measurement.
        with closing(http.client.HTTPConnection(self._address, timeout=CALL_WITHIN_S)) as wire:
            wire.request(method, path, body)
            response = wire.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        if response.status != http.client.OK:
            raise RuntimeError(f"{method} {path}: {answer.get('error', response.reason)}")
        return answer


class Truth:
    """Reads truth.jsonl while it grows; costs the simulator nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._facts: list[Fact] = []  # since the last forget

    def _read(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._place)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._place += len(line)
                self._facts.append(json.loads(line))

    def forget(self) -> None:
        """What was until now is of no interest any more."""
        self._read()
        self._facts.clear()

    def facts(self, kind: str, **fields: Any) -> list[Fact]:
        """The facts of *kind* since the last forget whose fields are as given, oldest first."""
        self._read()
        return [
            fact
            for fact in self._facts
            if fact["kind"] == kind and all(fact.get(name) == value for name, value in fields.items())
        ]

    def wait(self, kind: str, within_s: float, count: int = 1, **fields: Any) -> list[Fact]:
        """The first *count* facts of that description. Raises NotInTimeError."""
        described: Callable[[], list[Fact] | None] = lambda: (  # noqa: E731 - asked again and again
            found if len(found := self.facts(kind, **fields)) >= count else None
        )
        return wait_for(f"{count} x {kind} {fields}", described, within_s)[:count]
