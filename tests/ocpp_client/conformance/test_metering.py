"""Meter values, OCPP 1.6 section 3.16."""

from __future__ import annotations

from typing import Any

import pytest

from tests.central_system import CentralSystem, Frame
from tests.ocpp_client.clients import Served, number_of_running, of_context, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

POWER = "Power.Active.Import"
REGISTER = "Energy.Active.Import.Register"


def measured(frame: Frame) -> dict[str, str]:
    """Measurand -> value."""
    [value] = frame.payload["meterValue"]
    return {each["measurand"]: each["value"] for each in value["sampledValue"]}


def charge_for(station: Served, seconds: float) -> None:
    """A vehicle goes on to charge, 1 Wh more, and what is to be kept is kept."""
    station.flow(register_wh=1000, power_w=7000)
    station.measure()
    station.later(seconds)
    station.flow(register_wh=1001, power_w=7000)
    station.measure()


@case("TC_070", file="charging/sampling.py", before="return _went_on(before, self._beat)", after="return False")
def test_sampled_meter_values(central: CentralSystem) -> None:
    """TC_070."""
    keys: dict[str, Any] = {"sample_interval_s": 60, "meter_values_sampled_data": f"{REGISTER},{POWER}"}
    with registered(central, **keys) as station:
        station.begin()
        charge_for(station, 60.0)
        told = central.wait("MeterValues", connectorId=1, meterValue=of_context("Sample.Periodic"))
        assert told.payload["transactionId"] == number_of_running()
        assert measured(told) == {REGISTER: "1001", POWER: "7000"}


@case("TC_071", file="charging/sampling.py", before="return _went_on(before, self._period)", after="return False")
def test_clock_aligned_meter_values(central: CentralSystem) -> None:
    """TC_071."""
    keys: dict[str, Any] = {"clock_aligned_interval_s": 900, "meter_values_aligned_data": POWER}
    with registered(central, **keys) as station:
        station.begin()
        charge_for(station, 900.0)
        told = central.wait("MeterValues", connectorId=1, meterValue=of_context("Sample.Clock"))
        assert told.payload["transactionId"] == number_of_running()
        assert measured(told) == {POWER: "7000"}


@case(
    "TC_071",
    file="charging/sampling.py",
    before="owed += [(number, Context.CLOCK) for number in seen]",
    after="owed += [(number, Context.CLOCK) for number in running]",
)
def test_clock_aligned_meter_values_of_a_connector_where_nobody_charges(central: CentralSystem) -> None:
    """TC_071: they belong to no transaction."""
    with registered(central, clock_aligned_interval_s=900) as station:
        station.measure()
        station.later(900.0)
        station.look(plugged=False)
        station.measure()
        told = central.wait("MeterValues", connectorId=1, meterValue=of_context("Sample.Clock"))
        assert "transactionId" not in told.payload
