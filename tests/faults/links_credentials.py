"""F17: password, security profile and certificate are changed once for every point at which `links` can be killed.

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

from charging.clock import now
from ocpp_client import credentials
from ocpp_client.certificates import own
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import Certificate, ConfigurationKey, StationCertificate
from tests.central_system import CentralSystem, NoLink
from tests.conftest import TEST_DATA_DIR, wait_until
from tests.faults.links_runner import Links
from tests.faults.links_session import PATIENCE_S
from tests.faults.links_station import IDENTITY, links_at
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.roots import install
from tests.ocpp_client.station_certificates import certified

OLD: Final = "a password of old"
KEY: Final = "00112233445566778899AABBCCDDEEFF"
CERTIFICATE: Final = "ChargePointCertificate"
ORDERS: Final = {"AuthorizationKey": KEY, "SecurityProfile": "2"}
CHANGES: Final = (*ORDERS, CERTIFICATE)
Point = tuple[str, int]  # what is changed, and at which point of the process it ends; 0: at none
Side = tuple[str | bytes | None, ssl.SSLContext | None]  # the password that is asked for, and what is spoken


class Authorities:
    """Who vouches for the central system, and for the station before and after its certificate was changed."""

    def __init__(self) -> None:
        self.server = Authority(TEST_DATA_DIR)
        self.before = Authority(TEST_DATA_DIR, "before")
        self.after = Authority(TEST_DATA_DIR, "after")

    def sides(self, what: str) -> tuple[Side, Side]:
        """All that the central system takes before and after a change."""
        if what == CERTIFICATE:
            return (None, self.server.demanding(self.before)), (None, self.server.demanding(self.after))
        after: Side = (bytes.fromhex(KEY), None) if what == "AuthorizationKey" else (OLD, self.server.of_server())
        return (OLD, None), after


@dataclass
class Campaign:
    """The station, its central system and its worker; what was found."""

    central: CentralSystem
    links: Links
    authorities: Authorities
    say: Callable[[str], None]
    played: int = 0
    struck: int = 0
    found: list[str] = field(default_factory=list)

    def one(self, what: str, deadly: int) -> int:
        """One change; how many points there were."""
        before, after = self.authorities.sides(what)
        self._takes(before)
        self._station(what)
        self.links.start(deadly)
        try:
            taken = self._certify() if what == CERTIFICATE else self._order(what)
            if taken:
                self._takes(after)
            if not self._found_in(what, taken=taken):
                self.found.append(f"{what} killed at {deadly}: {Row.objects.get().disconnect_sentence}")
                self.say(self.found[-1])
            points, deaths = self.links.points(), self.links.deaths
        finally:
            self.links.stop()
        self.central.wait_disconnected()
        self.played += 1
        self.struck += bool(deaths)
        return len(points)

    def _takes(self, side: Side) -> None:
        """From now on the central system lets nobody in with anything else."""
        self.central.password, tls = side
        self.central.present(tls)

    def _station(self, what: str) -> None:
        """As it is before the change."""
        profile = 3 if what == CERTIFICATE else 1
        trial = {"candidate_key": "", "candidate_profile": None}
        Row.objects.update(
            registration="", authorization_key=OLD, authorization_key_octets=False, security_profile=profile, **trial
        )
        StationCertificate.objects.all().delete()
        if what == CERTIFICATE:
            certified(self.authorities.before)
            StationCertificate.objects.update(let_in_at=now().at)

    def _order(self, what: str) -> bool:
        return self._asked("ChangeConfiguration", {"key": what, "value": ORDERS[what]}) == "Accepted"

    def _certify(self) -> bool:
        asked = {"requestedMessage": "SignChargePointCertificate"}  # rejected until the station has registered
        wait_until(lambda: self._asked("ExtendedTriggerMessage", asked) == "Accepted", PATIENCE_S)
        wait_until(lambda: StationCertificate.objects.filter(pem="", sent_at__isnull=False).exists(), PATIENCE_S)
        order = own.in_hand()
        assert order is not None
        return (
            self._asked("CertificateSigned", {"certificateChain": self.authorities.after.certify(order.csr)})
            == "Accepted"
        )

    def _asked(self, action: str, payload: dict[str, Any]) -> str:
        """Ask as soon as there is a link; the status, or "" when the link ended without an answer."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            self.central.wait_connected(PATIENCE_S)
            link = len(self.central.record.links)
            with suppress(NoLink):
                return self._answer_to(self.central.post(action, payload), link)
        raise AssertionError(f"There was no link.\n{self.central.story()}")

    def _answer_to(self, asked: str, link: int) -> str:
        record = self.central.record

        def over() -> bool:
            return self.central.has_answered(asked) or record.links[link - 1].closed_at_s is not None

        record.wait(over, PATIENCE_S, "An answer, or the end of the link")
        return str(self.central.answer_to(asked)["status"]) if self.central.has_answered(asked) else ""

    def _found_in(self, what: str, *, taken: bool) -> bool:
        def so() -> bool:
            row = Row.objects.get()
            settled = not credentials.candidates_of(row) and _is_after(what, row) is taken
            return settled and row.connected_at is not None and self.central.is_connected

        with suppress(AssertionError):  # once is enough: the process may end at its point just after it has found in
            wait_until(so, PATIENCE_S)
            return True
        return False


def _is_after(what: str, row: Row) -> bool:
    """Whether what was ordered is what the station uses."""
    present = credentials.present_of(row)
    if what == CERTIFICATE:
        return present.certificate != StationCertificate.objects.order_by("pk").values_list("pk", flat=True)[0]
    return (present.key, present.octets) == (KEY, True) if what == "AuthorizationKey" else present.profile > 1


@contextmanager
def campaign(say: Callable[[str], None]) -> Iterator[Campaign]:
    """A station that trusts all authorities and knows its operator."""
    authorities = Authorities()
    with CentralSystem(IDENTITY, give_up_s=2.0) as central, links_at(central.url) as links:
        Certificate.objects.all().delete()
        for each in (authorities.server, authorities.before, authorities.after):
            install(each.pem)
        ConfigurationKey.objects.update_or_create(name="CpoName", defaults={"value": "Example Charging"})
        yield Campaign(central, links, authorities, say)
        central.record.violations.clear()  # a process that was killed says things twice; tests/faults/links_campaign.py


def run(most: int | None, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All points, or *most* of them; what was played and what was found."""
    begun_s = time.monotonic()
    with campaign(say) as at_work:
        points = [(what, number + 1) for what in CHANGES for number in range(at_work.one(what, 0))]
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
