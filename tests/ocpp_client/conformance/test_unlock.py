"""UnlockConnector, OCPP 1.6 section 5.18: the answer is what the lock's own feedback says."""

from __future__ import annotations

import pytest

from charging import services
from charging.models import Wish
from tests.central_system import CentralSystem
from tests.charging.rows import AC, connector
from tests.conftest import wait_until
from tests.ocpp_client.clients import SOCKET, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

HERE = {"connectorId": 1}


def lock_says(*, opened: bool) -> None:
    """The board has tried."""
    wait_until(Wish.objects.filter(kind=Wish.Kind.UNLOCK).exists)
    services.wish_ended(Wish.objects.get(kind=Wish.Kind.UNLOCK).pk, done=opened, result="as the test wants")


@case(
    "TC_017_1",
    file="ocpp_client/incoming/core.py",
    before='return status("Unlocked" if',
    after='return status("UnlockFailed" if',
)
def test_a_cable_where_nobody_charges(central: CentralSystem) -> None:
    """TC_017_1."""
    with registered(central, capability=SOCKET):
        asked = central.post("UnlockConnector", HERE)
        lock_says(opened=True)
        assert central.answer_to(asked) == {"status": "Unlocked"}


@case(
    "TC_017_2", file="charging/services/asking.py", before='if not row.capability.get("has_lock"):', after="if False:"
)
def test_a_fixed_cable_where_nobody_charges(central: CentralSystem) -> None:
    """TC_017_2."""
    with registered(central, capability=AC):
        assert central.call("UnlockConnector", HERE) == {"status": "NotSupported"}


@case(
    "TC_018_1",
    file="charging/services/asking.py",
    before='reason="UnlockCommand" if by == "remote" else LOCAL_STOP',
    after="reason=LOCAL_STOP",
)
def test_a_cable_while_somebody_charges_ends_the_transaction_first(central: CentralSystem) -> None:
    """TC_018_1."""
    with registered(central, capability=SOCKET) as station:
        station.begin(locked=True)
        asked = central.post("UnlockConnector", HERE)
        station.open_contactor(register_wh=1001, locked=True)
        central.wait("StopTransaction", reason="UnlockCommand", meterStop=1001)
        lock_says(opened=True)
        assert central.answer_to(asked) == {"status": "Unlocked"}


@case(
    "TC_018_2",
    file="charging/services/asking.py",
    before='if not row.capability.get("has_lock"):',
    after='if stop(connector_number, by=by, who=who) and not row.capability.get("has_lock"):',
)
def test_a_fixed_cable_while_somebody_charges_changes_nothing(central: CentralSystem) -> None:
    """TC_018_2."""
    with registered(central, capability=AC) as station:
        station.begin()
        assert central.call("UnlockConnector", HERE) == {"status": "NotSupported"}
        station.flow(register_wh=1001)
        assert connector().transaction is not None
        assert connector().stop is None


@case("TC_030", file="ocpp_client/incoming/core.py", before='else "UnlockFailed")', after='else "Unlocked")')
def test_a_lock_that_does_not_open(central: CentralSystem) -> None:
    """TC_030."""
    with registered(central, capability=SOCKET):
        asked = central.post("UnlockConnector", HERE)
        lock_says(opened=False)
        assert central.answer_to(asked) == {"status": "UnlockFailed"}


@pytest.mark.parametrize("number", [0, 9, -1])
@case(
    "TC_031",
    file="ocpp_client/incoming/core.py",
    before='return status("NotSupported")',
    after='return status("UnlockFailed")',
)
def test_a_connector_that_is_not_there(central: CentralSystem, number: int) -> None:
    """TC_031."""
    with registered(central, capability=SOCKET):
        assert central.call("UnlockConnector", {"connectorId": number}) == {"status": "NotSupported"}
