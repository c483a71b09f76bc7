"""A fault is told, and what was before it comes back (OCPP 1.6 section 4.9)."""

from __future__ import annotations

from typing import Final

import pytest

from charging.domain.faults import FAULTS
from charging.domain.observation import Pilot
from ocpp_client import central_system
from tests.central_system import CentralSystem
from tests.ocpp_client.clients import registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

GROUND = frozenset({"GroundFailure"})


@case("TC_041", file="charging/domain/status.py", before="if c.blocked:", after="if False:")
def test_a_fault_while_nobody_charges(central: CentralSystem) -> None:
    """TC_041."""
    with registered(central) as station:
        station.look(plugged=False, faults=GROUND)
        fault = station.tells("Faulted", errorCode="GroundFailure")
        assert fault.payload["vendorErrorCode"] == "CX002"
        central.mark()
        station.look(plugged=False)
        station.tells("Available", errorCode="NoError")


@case(
    "TC_041",
    file="charging/domain/outputs.py",
    before="and not (c.blocked or c.returning or c.claimed_by)",
    after="and not (c.returning or c.claimed_by)",
)
def test_a_fault_while_somebody_charges(central: CentralSystem) -> None:
    """TC_041: the transaction outlives it."""
    with registered(central) as station:
        station.begin()
        central.mark()
        station.flow(faults=GROUND)
        assert not station.outputs[1].enable
        station.tells("Faulted", errorCode="GroundFailure")
        station.look(ev_ready=True, pilot=Pilot.C, faults=GROUND)
        station.look(ev_ready=True, pilot=Pilot.C)
        station.flow(register_wh=1001)
        station.tells("Charging", errorCode="NoError")
        assert central.frames("StopTransaction") == []
        station.finish(register_wh=1002)
        assert central.ledger().energy_wh == 2


@case(
    "TC_041",
    file="ocpp_client/statuses.py",
    before='fault, told_beside, after = came[0], "", (*told, came[0])',
    after='fault, told_beside, after = "", "", (*told, came[0])',
)
def test_a_fault_that_does_not_forbid_charging_is_told_beside_it(central: CentralSystem) -> None:
    """TC_041."""
    with registered(central) as station:
        station.begin()
        station.flow(faults=frozenset({"HighTemperature"}))
        station.tells("Charging", errorCode="HighTemperature")


CODES: Final = (  # scheme, fault, whose code, code
    ("MREC", "GroundFailure", "ChargeX MREC", "CX002"),
    ("MREC", "DiodeFault", None, None),
    ("own", "GroundFailure", "EnergyStation", "GroundFailure"),
    ("own", "DiodeFault", "EnergyStation", "DiodeFault"),
    ("none", "GroundFailure", None, None),
)


@pytest.mark.parametrize(("scheme", "fault", "vendor", "code"), CODES)
def test_a_fault_has_the_code_that_its_central_system_wants(
    central: CentralSystem, scheme: str, fault: str, vendor: str | None, code: str | None
) -> None:
    """One message when it came and one when it went, the second without a code: nothing is wrong any more."""
    with registered(central) as station:
        central_system.change("anna", fault_codes=scheme)
        central.mark()
        station.look(plugged=False, faults=frozenset({fault}))
        came = station.tells("Faulted", errorCode=FAULTS[fault].error_code)
        assert (came.payload.get("vendorId"), came.payload.get("vendorErrorCode")) == (vendor, code)
        station.look(plugged=False)
        went = station.tells("Available", errorCode="NoError", info=f"{fault} has cleared")
        assert not {"vendorId", "vendorErrorCode"} & set(went.payload)
        central.mark()
        central.quiet("StatusNotification", 0.6, connectorId=1)


def test_every_code_of_ours_fits_its_field() -> None:
    """Section 6.47: CiString50Type."""
    assert max(map(len, FAULTS)) <= 50
