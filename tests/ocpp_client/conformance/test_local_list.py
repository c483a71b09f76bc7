"""The Local Authorization List, OCPP 1.6 sections 3.5.2, 5.10 and 5.15."""

from __future__ import annotations

from typing import Any

import pytest

from charging.models import ListedIdTag
from charging.services.local_list import MOST_SENT
from ocpp_client import conflicts
from tests.central_system import CentralSystem, Refused
from tests.conftest import wait_until
from tests.ocpp_client.clients import CARD, COLLEAGUE, offline, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED = {"status": "Accepted"}


def entry(id_tag: str, status: str = "Accepted", **more: str) -> dict[str, Any]:
    """AuthorizationData, section 7.1; without a status the idTag is to be removed."""
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status, **more}} if status else {})


def send(central: CentralSystem, version: int, *entries: dict[str, Any], update: str = "Full") -> dict[str, Any]:
    """The answer to SendLocalList."""
    payload = {"listVersion": version, "updateType": update, "localAuthorizationList": [*entries]}
    return central.call("SendLocalList", payload)


def version(central: CentralSystem) -> int:
    """Of GetLocalListVersion."""
    return int(central.call("GetLocalListVersion")["listVersion"])


@case(
    "TC_042_1",
    file="ocpp_client/incoming/local_list.py",
    before="NOT_SUPPORTED: Final = -1",
    after="NOT_SUPPORTED: Final = 0",
)
@case(
    "TC_043_1",
    file="ocpp_client/incoming/local_list.py",
    before='return status("NotSupported")',
    after="return status(FAILED)",
)
def test_a_list_that_is_switched_off_has_no_version(central: CentralSystem) -> None:
    """TC_042_1: and nothing can be sent to it, TC_043_1."""
    with registered(central, local_auth_list_enabled=False):
        assert version(central) == -1
        assert send(central, 1, entry(CARD)) == {"status": "NotSupported"}
        assert not ListedIdTag.objects.exists()


@case(
    "TC_042_2",
    file="charging/services/local_list.py",
    before="at_version = version if count else 0",
    after="at_version = version",
)
def test_an_empty_list_has_the_version_0(central: CentralSystem) -> None:
    """TC_042_2."""
    with registered(central):
        assert version(central) == 0
        assert send(central, 5, entry(CARD)) == ACCEPTED
        assert version(central) == 5
        assert send(central, 6) == ACCEPTED
        assert version(central) == 0


@case(
    "TC_043",
    file="charging/services/local_list.py",
    before="ListedIdTag.objects.filter(pk__in=dropped).delete()",
    after="pass",
)
def test_a_list_is_replaced_and_changed(central: CentralSystem) -> None:
    """TC_043: full, then what differs: one comes, one changes, one goes."""
    with registered(central):
        assert send(central, 1, entry(CARD), entry(COLLEAGUE)) == ACCEPTED
        changes = [entry(CARD, ""), entry(COLLEAGUE, "Blocked"), entry("NEW", parentIdTag="FLEET")]
        assert send(central, 2, *changes, update="Differential") == ACCEPTED
        found = {row.pk: (row.status, row.parent_id_tag) for row in ListedIdTag.objects.all()}
        assert found == {COLLEAGUE: ("Blocked", ""), "NEW": ("Accepted", "FLEET")}
        assert version(central) == 2


@case(
    "TC_043_2",
    file="charging/services/local_list.py",
    before="version <= station.local_list_version",
    after="version < station.local_list_version",
)
def test_a_change_of_an_older_list_is_refused(central: CentralSystem) -> None:
    """TC_043_2."""
    with registered(central):
        assert send(central, 5, entry(CARD)) == ACCEPTED
        for older in (4, 5):
            answer = send(central, older, entry(COLLEAGUE), update="Differential")
            assert answer == {"status": "VersionMismatch"}
        assert version(central) == 5
        assert [row.pk for row in ListedIdTag.objects.all()] == [CARD]


@pytest.mark.parametrize(
    "entries",
    [
        [entry(CARD, "")],
        [entry(CARD), entry(CARD.lower(), "Blocked")],
        [entry(f"CARD{number}") for number in range(MOST_SENT + 1)],
    ],
    ids=["an entry without a status", "an idTag twice", "more than SendLocalListMaxLength"],
)
@case(
    "TC_043_3",
    file="charging/services/local_list.py",
    before="version <= 0 or len(entries) > most_sent:",
    after="version <= 0:",
)
def test_a_list_that_cannot_be_leaves_the_old_one(central: CentralSystem, entries: list[dict[str, Any]]) -> None:
    """TC_043_3."""
    with registered(central):
        assert send(central, 5, entry("KEPT")) == ACCEPTED
        assert send(central, 6, *entries) == {"status": "Failed"}
        assert version(central) == 5
        assert [row.pk for row in ListedIdTag.objects.all()] == ["KEPT"]


@pytest.mark.parametrize("impossible", [0, -1])
@case("TC_043_3", file="charging/services/local_list.py", before="or version <= 0 or", after="or version < 0 or")
def test_a_version_that_cannot_be_fails(central: CentralSystem, impossible: int) -> None:
    """TC_043_3: 0 is the version of an empty list."""
    with registered(central):
        assert send(central, impossible, entry(CARD)) == {"status": "Failed"}
        assert version(central) == 0


def test_a_list_with_a_field_that_nobody_knows_is_a_bad_frame(central: CentralSystem) -> None:
    with registered(central):
        wrong = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [{"idTag": CARD, "colour": "red"}]}
        with pytest.raises(Refused) as refused:
            central.answer_to(central.post("SendLocalList", wrong, checked=False))
        assert refused.value.code == "FormationViolation"
        assert version(central) == 0


@case(
    "TC_008",
    file="charging/domain/central_authorization.py",
    before="if rules.local_auth_list_enabled and listed:",
    after="if False:",
)
def test_a_card_of_the_list_begins_without_being_asked_about(central: CentralSystem) -> None:
    """TC_008: LocalPreAuthorize."""
    with registered(central, local_pre_authorize=True) as station:
        assert send(central, 1, entry(CARD)) == ACCEPTED
        station.begin()
        assert central.frames("Authorize") == []
        central.wait("StartTransaction", idTag=CARD)


@case(
    "TC_008",
    file="charging/domain/central_authorization.py",
    before="if status not in (None, IdTagStatus.ACCEPTED):",
    after="if False:",
)
def test_a_card_of_the_list_begins_offline_and_a_blocked_one_does_not(central: CentralSystem) -> None:
    """TC_008: LocalAuthorizeOffline; a known card never counts as an unknown one (section 3.5.4)."""
    with registered(central, allow_offline_tx_for_unknown_id=True) as station:
        assert send(central, 1, entry(CARD), entry(COLLEAGUE, "Blocked")) == ACCEPTED
        with offline(central):
            station.look(plugged=True)
            assert station.tap(COLLEAGUE, ends="refused").why == "card_blocked"
            station.tap(CARD)
            station.charge_now()
        station.started()
        central.wait("StartTransaction", idTag=CARD)


def test_a_contradiction_between_list_and_central_system_is_told_once(central: CentralSystem) -> None:
    """Section 3.5.2: LocalListConflict of connector 0; a new link does not tell it again."""
    central.card(CARD, "Blocked")
    with registered(central) as station:
        assert send(central, 1, entry(CARD)) == ACCEPTED
        station.look(plugged=True)
        station.tap(ends="refused")
        told = station.tells("Available", 0, errorCode="LocalListConflict")
        assert told.payload["info"] == f"{CARD}: Accepted listed, Blocked told"
        wait_until(lambda: conflicts.due() is None)
        central.mark()
        central.close(1001)
        central.wait_disconnected()
        station.tells("Preparing")
        assert central.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == ACCEPTED
        central.wait("Heartbeat")
        assert central.frames("StatusNotification", errorCode="LocalListConflict") == []
