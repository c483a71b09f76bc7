"""F17: the password and the security profile are changed once for every point at which `links` can be killed.

The central system is as strict as A01.FR.03 and A05.FR.09 let it be: what it was told is accepted is all that it takes
from then on, and without an answer it takes what it took. Each time the station has to find in without hands.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connections

from ocpp_client import credentials
from ocpp_client.credentials import Credentials
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import Certificate
from tests.central_system import CentralSystem, NoLink
from tests.conftest import TEST_DATA_DIR, wait_until
from tests.faults.links_runner import Links
from tests.faults.links_session import PATIENCE_S
from tests.faults.links_station import IDENTITY, links_at
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.roots import install

OLD: Final = "a password of old"
KEY: Final = "00112233445566778899AABBCCDDEEFF"
ORDERS: Final = {"AuthorizationKey": KEY, "SecurityProfile": "2"}
Point = tuple[str, int]  # what is changed, and at which point of the process it ends; 0: at none


@dataclass
class Campaign:
    """The station, its central system and its worker; what was found."""

    central: CentralSystem
    links: Links
    tls: ssl.SSLContext
    say: Callable[[str], None]
    played: int = 0
    struck: int = 0
    found: list[str] = field(default_factory=list)

    def one(self, what: str, deadly: int) -> int:
        """One change; how many points there were."""
        before = Credentials(key=OLD, octets=False, profile=1)
        after = {
            "AuthorizationKey": Credentials(key=KEY, octets=True, profile=1),
            "SecurityProfile": Credentials(key=OLD, octets=False, profile=2),
        }[what]
        self._takes(before)
        Row.objects.update(registration="", candidate_key="", candidate_profile=None, **_columns(before))
        self.links.start(deadly)
        try:
            taken = self._order(what)
            wanted = after if taken else before
            if taken:
                self._takes(after)
            if not self._found_in(wanted):
                self.found.append(f"{what} killed at {deadly}: {Row.objects.get().disconnect_sentence}")
                self.say(self.found[-1])
            points, deaths = self.links.points(), self.links.deaths
        finally:
            self.links.stop()
        self.central.wait_disconnected()
        self.played += 1
        self.struck += bool(deaths)
        return len(points)

    def _takes(self, wanted: Credentials) -> None:
        """From now on the central system lets nobody in with anything else."""
        self.central.password = wanted.password
        self.central.present(self.tls if wanted.profile > 1 else None)

    def _order(self, what: str) -> bool:
        """Order a change, as soon as there is a link; whether it was accepted, as far as the central system knows."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            self.central.wait_connected(PATIENCE_S)
            with suppress(NoLink):
                asked = self.central.post("ChangeConfiguration", {"key": what, "value": ORDERS[what]})
                return self._answered(asked)
        raise AssertionError(f"There was no link.\n{self.central.story()}")

    def _answered(self, asked: str) -> bool:
        link = len(self.central.record.links)
        conversation = self.central.record
        ended: Callable[[], bool] = lambda: conversation.links[link - 1].closed_at_s is not None  # noqa: E731
        conversation.wait(lambda: ended() or self.central.has_answered(asked), PATIENCE_S, "An answer")
        return self.central.has_answered(asked) and self.central.answer_to(asked) == {"status": "Accepted"}

    def _found_in(self, wanted: Credentials) -> bool:
        def so() -> bool:
            row = Row.objects.get()
            settled = credentials.present_of(row) == wanted and not credentials.is_tried(row)
            return settled and row.connected_at is not None and self.central.is_connected

        with suppress(AssertionError):
            wait_until(so, PATIENCE_S)
        return so()


def _columns(wanted: Credentials) -> dict[str, Any]:
    return {
        "authorization_key": wanted.key,
        "authorization_key_octets": wanted.octets,
        "security_profile": wanted.profile,
    }


@contextmanager
def campaign(say: Callable[[str], None]) -> Iterator[Campaign]:
    """A station that trusts its central system's root."""
    authority = Authority(TEST_DATA_DIR)
    with CentralSystem(IDENTITY, give_up_s=2.0) as central, links_at(central.url) as links:
        Certificate.objects.all().delete()
        install(authority.pem)
        yield Campaign(central, links, authority.of_server(), say)
        central.record.violations.clear()  # a process that was killed says things twice; tests/faults/links_campaign.py


def run(most: int | None, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All points, or *most* of them; what was played and what was found."""
    begun_s = time.monotonic()
    with campaign(say) as at_work:
        points = [(what, number + 1) for what in ORDERS for number in range(at_work.one(what, 0))]
        chosen: list[Point] = points if most is None else random.Random(seed).sample(points, most)
        for what, deadly in chosen:
            at_work.one(what, deadly)
        connections.close_all()
    return {
        "ok": not at_work.found,
        "seed": seed,
        "kill_points": len(points),
        "changes": at_work.played,
        "struck": at_work.struck,
        "violations": len(at_work.found),
        "first": at_work.found[:10],
        "took_s": round(time.monotonic() - begun_s, 1),
    }
