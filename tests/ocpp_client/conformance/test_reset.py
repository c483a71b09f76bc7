"""Resets, OCPP 1.6 section 5.14."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from charging.models import Wish
from tests.central_system import CentralSystem
from tests.charging.rows import connector
from tests.conftest import wait_until
from tests.ocpp_client.clients import client_of, registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.parents import parent, started_again

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


def boots_again(central: CentralSystem, *statuses: str) -> None:
    """The station is started anew: it registers, and tells the statuses of its connectors (1, 2, ...)."""
    central.mark()
    with started_again(), client_of(central):
        central.wait("BootNotification")
        for number, status in enumerate(statuses, 1):
            central.wait("StatusNotification", connectorId=number, status=status)
        assert Wish.objects.get(kind=Wish.Kind.RESET).state == Wish.State.DONE


@case(
    "TC_013",
    "TC_014",
    file="charging/services/resetting.py",
    before="        if _is_ready(asked, moment, told=told):",
    after="        if False:",
)
@pytest.mark.parametrize("kind", ["Hard", "Soft"])
def test_a_reset_while_nobody_charges_restarts_the_station(central: CentralSystem, kind: str) -> None:
    """TC_013, TC_014."""
    with parent() as asked:
        with registered(central):
            assert central.call("Reset", {"type": kind}) == ACCEPTED
            wait_until(asked.restarts)
        boots_again(central, "Available")
        assert asked.restarts() == 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param(
            "Hard",
            "HardReset",
            marks=case(
                "TC_015",
                file="charging/services/resetting.py",
                before='"Hard": "HardReset"}',
                after='"Hard": "SoftReset"}',
            ),
        ),
        pytest.param(
            "Soft",
            "SoftReset",
            marks=case(
                "TC_016",
                file="charging/services/resetting.py",
                before='"Soft": "SoftReset",',
                after='"Soft": "HardReset",',
            ),
        ),
    ],
)
def test_a_reset_stops_what_runs_and_tells_it_before_the_restart(
    central: CentralSystem, kind: str, reason: str
) -> None:
    """TC_015, TC_016."""
    with parent() as asked:
        with registered(central) as station:
            started = station.begin(register_wh=1000)
            assert central.call("Reset", {"type": kind}) == ACCEPTED
            wait_until(lambda: connector().stop is not None)
            assert not asked.restarts()
            station.open_contactor(register_wh=1002)
            stopped = central.wait("StopTransaction", reason=reason, meterStop=1002)
            wait_until(asked.restarts)
            assert connector().transaction is None
            assert "idTag" not in stopped.payload
            assert stopped.at_s > started.at_s
        boots_again(central, "Finishing")
        assert asked.restarts() == 1
        assert len(central.frames("StopTransaction")) == 0


def test_n18_fifty_hard_resets_are_one_and_what_is_owed_stays(central: CentralSystem) -> None:
    with parent() as asked, patch.dict("charging.services.resetting.TOLD_WITHIN_S", {"Hard": 0.5}):
        with registered(central) as station:
            station.begin()
            central.silent("StopTransaction", times=1)
            station.leave()
            central.wait("StopTransaction")
            answers = [central.call("Reset", {"type": "Hard"}) for _ in range(50)]
            assert answers == [ACCEPTED, *[REJECTED] * 49]
            wait_until(asked.restarts)
        central.mark()
        with started_again(), client_of(central):
            central.wait("StopTransaction", reason="EVDisconnected")
            assert central.call("Reset", {"type": "Hard"}) == REJECTED
        assert asked.restarts() == 1


def test_a_reset_is_refused_where_nobody_can_restart_anything(central: CentralSystem) -> None:
    with registered(central):
        assert central.call("Reset", {"type": "Soft"}) == REJECTED


def test_a_restart_that_does_not_come_is_asked_for_again_and_then_told_as_a_failure(central: CentralSystem) -> None:
    """ResetRetries (9.1.22)."""
    with parent() as asked, patch("charging.services.resetting.RESTARTS_WITHIN_S", 0.3), registered(central) as station:
        assert central.call("ChangeConfiguration", {"key": "ResetRetries", "value": "2"}) == ACCEPTED
        assert central.call("Reset", {"type": "Soft"}) == ACCEPTED
        station.tells("Available", 0, errorCode="ResetFailure")
        assert asked.restarts() == 3
