"""server.js as a test sees it: a few words of tests/central_system, so that the same station plays against it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

FOLDER: Final = Path(__file__).resolve().parent
NODE: Final = shutil.which("node")
INSTALLED: Final = NODE is not None and (FOLDER / "node_modules" / "installed").is_file()  # scripts/peer
PATIENCE_S: Final = 10.0
NOTHING_WRONG: Final = {"strictValidationFailures": 0, "badMessages": 0, "secondCalls": 0}
Facts = dict[str, Any]


class Refused(Exception):
    """The station answered with a CALLERROR of this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Told:
    """A CALL of the station, and what the peer answered."""

    number: int
    action: str
    payload: Facts
    answered: Facts


class Peer:
    """`with Peer() as peer:` serves the identity CP1 at `peer.url`; at the end nothing may have been wrong."""

    identity = "CP1"

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._facts: list[Facts] = []
        self._mark = 0
        self._orders = 0
        self._cards: Facts = {}
        self._forgiven = False

    def __enter__(self) -> Self:
        assert NODE is not None
        self._child = subprocess.Popen(
            [NODE, "server.js"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, name="peer", daemon=True)
        self._reader.start()
        port = self._wait(lambda fact: "listening" in fact, "The port")["listening"]
        self.url = f"ws://127.0.0.1:{port}/ocpp"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self._forgiven:
                report = self.report()
                assert {name: report[name] for name in NOTHING_WRONG} == NOTHING_WRONG, self.wrong()
                assert report["frames"] > 0
        finally:
            self._child.terminate()
            self._child.communicate(timeout=PATIENCE_S)
            self._reader.join(PATIENCE_S)

    # --- what it does ---------------------------------------------------------------------------------------

    def card(self, id_tag: str, status: str = "Accepted", **more: str) -> None:
        """What it says of an idTag; Accepted of all others. `parentIdTag`, `expiryDate` as OCPP has them."""
        self._cards[id_tag] = {"status": status, **more}
        self._order(cards=self._cards)

    def shut(self, how: int) -> None:
        """Answer whoever knocks with this HTTP status."""
        self._order(shut=how)

    def open(self) -> None:
        """Let the station in again."""
        self._order(shut=0)

    def cut(self) -> None:
        """End the link without a word."""
        self._order(cut=True)

    def call(self, action: str, payload: Facts | None = None) -> Facts:
        """Send a CALL and wait for the answer; Refused for a CALLERROR, or for what its own schema does not allow."""
        self._orders += 1
        number = self._orders
        self._order(call=action, payload=payload or {}, number=number)
        answer = self._wait(lambda fact: fact.get("answer") == number, f"The answer to {action}")
        if "error" in answer:
            raise Refused(answer["error"])
        answered: Facts = answer["payload"]
        return answered

    # --- what it saw ----------------------------------------------------------------------------------------

    def mark(self) -> None:
        """`wait` and `frames` look at what comes after this."""
        with self._changed:
            self._mark = len(self._facts)

    def frames(self, action: str, **fields: Any) -> list[Told]:
        """All such CALLs of the station since the mark. A field is a value, or a function that judges it."""
        with self._changed:
            found = [
                Told(number, fact["call"], fact["payload"], fact["answered"])
                for number, fact in enumerate(self._facts)
                if number >= self._mark and fact.get("call") == action
            ]
        return [each for each in found if all(_agrees(each.payload.get(name), value) for name, value in fields.items())]

    def wait(self, action: str, *, timeout_s: float = PATIENCE_S, **fields: Any) -> Told:
        """The first such CALL since the mark."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.frames(action, **fields), timeout_s)
            assert came, f"{action} {fields or ''} did not come within {timeout_s} s: {self._facts[-12:]}"
            return came[0]

    def wait_connected(self, timeout_s: float = PATIENCE_S) -> None:
        """Until a link is open."""
        with self._changed:
            assert self._changed.wait_for(self._is_connected, timeout_s), "no link"

    def report(self) -> Facts:
        """The peer's own count of frames, and of what was wrong with them."""
        with self._changed:
            at = len(self._facts)
        self._order(report=True)
        report: Facts = self._wait(lambda fact: "report" in fact, "The report", since=at)["report"]
        return report

    def wrong(self) -> list[str]:
        """What was wrong, in the peer's words."""
        with self._changed:
            return [f"{fact['wrong']}: {fact['what']}" for fact in self._facts if "wrong" in fact]

    def forgive(self) -> None:
        """What was wrong was wanted."""
        self._forgiven = True

    # --- inside ---------------------------------------------------------------------------------------------

    def _is_connected(self) -> bool:
        last = [fact for fact in self._facts if "connected" in fact or "disconnected" in fact][-1:]
        return bool(last) and "connected" in last[0]

    def _order(self, **order: Any) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            with self._changed:
                self._facts.append(json.loads(line))
                self._changed.notify_all()

    def _wait(self, is_wanted: Callable[[Facts], bool], what: str, *, since: int = 0) -> Facts:
        with self._changed:
            found = self._changed.wait_for(
                lambda: [fact for fact in self._facts[since:] if is_wanted(fact)], PATIENCE_S
            )
            assert found, f"{what} did not come: {self._facts[-12:]}"
            return found[0]


def _agrees(found: Any, value: Any) -> bool:
    return bool(value(found)) if callable(value) else bool(found == value)
