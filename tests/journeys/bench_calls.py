"""The tester's hands at a simulated station: its HTTP calls."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final

Facts = dict[str, Any]
PATIENCE_S: Final = 10.0
MOST_FACTS: Final = 5000  # in one answer of the simulator


class RefusedByBenchError(AssertionError):
    """The simulator answered with a sentence instead."""


class Bench:
    """The simulator at *url*; every call raises RefusedByBenchError when it is refused."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def call(self, path: str, **fields: Any) -> Facts:
        """POST *path* with these fields as JSON."""
        request = urllib.request.Request(  # noqa: S310 - the simulator of this test
            f"{self.url}{path}",
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        return self._answer(request)

    def state(self, connector: int) -> Facts:
        """What is physically true of one connector."""
        return self._answer(urllib.request.Request(f"{self.url}/state?connector_id={connector}"))  # noqa: S310

    def truth(self) -> list[Facts]:
        """Every physical fact since the folder is there, oldest first."""
        found: list[Facts] = []
        while True:
            since = urllib.parse.urlencode({"since": found[-1]["n"] if found else 0})
            answer = self._answer(urllib.request.Request(f"{self.url}/truth?{since}"))  # noqa: S310
            found += answer["records"]
            if len(answer["records"]) < MOST_FACTS:
                return found

    def plug_in(self, connector: int, car: str = "") -> Facts:
        """A car plugs in."""
        return self.call("/plugin", connector_id=connector, **({"car": car} if car else {}))

    def plug_out(self, connector: int) -> Facts:
        """The car leaves."""
        return self.call("/plugout", connector_id=connector)

    def hold_card(self, uid: str) -> Facts:
        """A card is held to the reader for a moment."""
        return self.call("/authorize", id=uid, hold_ms=800)

    def _answer(self, request: urllib.request.Request) -> Facts:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
                found: Facts = json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                raise RefusedByBenchError(f"{request.full_url}: {refused.read().decode()}") from None
        return found
