"""Smart charging, OCPP 1.6 sections 3.13, 5.5, 5.7 and 5.16: what is accepted is what the controller is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging import services
from charging.models import ChargingProfile, JournalEntry
from tests.central_system import CentralSystem, Refused
from tests.charging.rows import connector
from tests.conftest import wait_until
from tests.ocpp_client.clients import Served, number_of_running, registered
from tests.ocpp_client.conformance.cases import case

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


def told(purpose: str, *limits: float, every_s: int = 600, unit: str = "A", **more: Any) -> dict[str, Any]:
    """A ChargingProfile that has begun a minute ago, with these limits one after the other."""
    began = (datetime.now(UTC) - timedelta(seconds=60)).isoformat(timespec="seconds").replace("+00:00", "Z")
    schedule = {
        "startSchedule": began,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": n * every_s, "limit": limit} for n, limit in enumerate(limits)],
    }
    known = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    return known | more


def set_profile(central: CentralSystem, number: int, profile: dict[str, Any]) -> dict[str, Any]:
    """The answer to SetChargingProfile."""
    return central.call("SetChargingProfile", {"connectorId": number, "csChargingProfiles": profile})


def limit_a(station: Served, number: int = 1) -> float:
    """What the controller is told now, after a turn of the station and one of the connector."""
    services.station_turn(station.moment(), {})
    station.flow(number, register_wh=1000)
    return station.outputs[number].limit_a


@case(
    "TC_056",
    file="charging/services/profile_limits.py",
    before="if ceiling == Ceiling():",
    after="if True:",
)
def test_a_default_limits_the_transactions_that_follow(central: CentralSystem) -> None:
    """TC_056."""
    with registered(central) as station:
        assert set_profile(central, 1, told("TxDefaultProfile", 10.0)) == ACCEPTED
        services.station_turn(station.moment(), {})
        station.begin()
        assert limit_a(station) == 10.0
        assert connector().limit.source == "profile"


@case(
    "TC_057",
    file="charging/domain/profiles.py",
    before="if own.period is not None:",
    after="if False:",
)
def test_a_profile_of_the_transaction_goes_before_the_default_and_ends_with_it(central: CentralSystem) -> None:
    """TC_057."""
    with registered(central) as station:
        assert set_profile(central, 0, told("TxDefaultProfile", 20.0)) == ACCEPTED
        station.begin()
        own = told("TxProfile", 8.0, chargingProfileId=2, transactionId=number_of_running())
        assert set_profile(central, 1, own) == ACCEPTED
        assert limit_a(station) == 8.0
        station.finish()
        services.station_turn(station.moment(), {})
        assert list(ChargingProfile.objects.values_list("profile_id", flat=True)) == [1]


@case(
    "TC_058_1",
    file="charging/services/profiles.py",
    before="return NO_TRANSACTION",
    after='return ""',
)
def test_without_a_transaction_there_is_no_profile_for_it(central: CentralSystem) -> None:
    """TC_058_1."""
    with registered(central):
        assert set_profile(central, 1, told("TxProfile", 8.0)) == REJECTED
        assert not ChargingProfile.objects.exists()


@case(
    "TC_058_2",
    file="charging/services/profiles.py",
    before="if central_number not in {None, running.central_number}:",
    after="if False:",
)
def test_a_profile_of_another_transaction_is_rejected(central: CentralSystem) -> None:
    """TC_058_2."""
    with registered(central) as station:
        station.begin()
        wrong = told("TxProfile", 8.0, transactionId=(number_of_running() or 0) + 1)
        assert set_profile(central, 1, wrong) == REJECTED
        assert limit_a(station) == 32.0


@case(
    "TC_082",
    file="charging/domain/profiles.py",
    before="default = prevailing(sorted(defaults, key=lambda each: -each.connector_number), at, began_at)",
    after="default = prevailing((), at, began_at)",
)
def test_a_default_limits_the_transaction_that_runs_as_well(central: CentralSystem) -> None:
    """TC_082; removed again, the transaction goes on without it (errata v4.0, 3.8)."""
    with registered(central) as station:
        station.begin()
        assert limit_a(station) == 32.0
        assert set_profile(central, 1, told("TxDefaultProfile", 6.0)) == ACCEPTED
        assert limit_a(station) == 6.0
        assert central.call("ClearChargingProfile", {"id": 1}) == ACCEPTED
        assert limit_a(station) == 32.0


@case(
    "TC_059",
    file="charging/services/starting.py",
    before="if answer.accepted and asked.profile:",
    after="if False:",
)
@pytest.mark.parametrize("checked", [False, True])
def test_a_remote_start_brings_the_profile_of_its_transaction(central: CentralSystem, checked: bool) -> None:
    """TC_059."""
    with registered(central, authorize_remote_tx_requests=checked) as station:
        station.look(plugged=True)
        start = {"connectorId": 1, "idTag": "APP1", "chargingProfile": told("TxProfile", 7.0)}
        assert central.call("RemoteStartTransaction", start) == ACCEPTED
        wait_until(lambda: connector().authorization is not None)
        services.station_turn(station.moment(), {})
        station.charge_now()
        station.started()
        assert limit_a(station) == 7.0
        [row] = ChargingProfile.objects.all()
        assert row.transaction_id is not None
        own = told("TxProfile", 9.0, chargingProfileId=5, transactionId=number_of_running())
        assert set_profile(central, 1, own) == ACCEPTED  # the same level: it takes the place of the first
        assert limit_a(station) == 9.0


@case(
    "TC_060",
    file="charging/services/profiles.py",
    before="return profile.purpose is Purpose.TRANSACTION and flaw_of(profile) is None and not full",
    after="return flaw_of(profile) is None and not full",
)
@pytest.mark.parametrize("purpose", ["TxDefaultProfile", "ChargePointMaxProfile"])
def test_a_remote_start_with_another_profile_is_rejected(central: CentralSystem, purpose: str) -> None:
    """TC_060: nothing starts."""
    with registered(central) as station:
        station.look(plugged=True)
        start = {"connectorId": 1, "idTag": "APP1", "chargingProfile": told(purpose, 7.0)}
        assert central.call("RemoteStartTransaction", start) == REJECTED
        assert connector().authorization is None


@case(
    "TC_066",
    file="ocpp_client/incoming/smart_charging.py",
    before="min(duration_s, LONGEST_S), unit)",
    after="min(duration_s, LONGEST_S), Unit.AMPERES)",
)
def test_the_composite_schedule_is_told(central: CentralSystem) -> None:
    """TC_066."""
    with registered(central) as station:
        assert set_profile(central, 0, told("ChargePointMaxProfile", 16.0, 6.0)) == ACCEPTED
        station.begin()
        own = told("TxProfile", 10.0, chargingProfileId=2, transactionId=number_of_running())
        assert set_profile(central, 1, own) == ACCEPTED
        asked = {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"}
        answer = central.call("GetCompositeSchedule", asked)
        assert answer["status"] == "Accepted"
        assert answer["connectorId"] == 1
        first, second = answer["chargingSchedule"]["chargingSchedulePeriod"]
        assert (first, second["limit"]) == ({"startPeriod": 0, "limit": 6900.0}, 4140.0)
        assert 500 <= second["startPeriod"] <= 540
        assert central.call("GetCompositeSchedule", {"connectorId": 9, "duration": 600}) == REJECTED
        whole = central.call("GetCompositeSchedule", {"connectorId": 0, "duration": 60})
        assert whole["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 16.0}]


@case(
    "TC_067",
    file="charging/services/profiles.py",
    before='found = list(ChargingProfile.objects.filter(**fields).values_list("profile_id", flat=True))',
    after="found = []",
)
@pytest.mark.parametrize(
    ("asked", "stays"),
    [
        ({"id": 2}, [1, 3]),
        ({"connectorId": 1}, [1]),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, [1, 3]),
        ({}, []),
    ],
)
def test_profiles_are_cleared_by_all_that_is_said(
    central: CentralSystem, asked: dict[str, Any], stays: list[int]
) -> None:
    """TC_067."""
    with registered(central):
        assert set_profile(central, 0, told("ChargePointMaxProfile", 16.0)) == ACCEPTED
        assert set_profile(central, 1, told("TxDefaultProfile", 10.0, chargingProfileId=2)) == ACCEPTED
        assert set_profile(central, 1, told("TxDefaultProfile", 12.0, chargingProfileId=3, stackLevel=4)) == ACCEPTED
        assert central.call("ClearChargingProfile", {"id": 77}) == {"status": "Unknown"}
        assert central.call("ClearChargingProfile", asked) == ACCEPTED
        assert sorted(ChargingProfile.objects.values_list("profile_id", flat=True)) == stays


@case(
    "TC_072",
    file="charging/domain/profiles.py",
    before="for profile in sorted(profiles, key=lambda each: -each.stack_level):",
    after="for profile in sorted(profiles, key=lambda each: each.stack_level):",
)
def test_the_highest_level_prevails_for_as_long_as_it_runs(central: CentralSystem) -> None:
    """TC_072: and falls to the lower one by itself, by the lease, even when no turn of the station renews it."""
    with registered(central) as station:
        station.begin()
        high = told("TxDefaultProfile", 12.0, chargingProfileId=2, stackLevel=3)
        high["chargingSchedule"]["duration"] = 90  # a minute of it has passed
        assert set_profile(central, 1, told("TxDefaultProfile", 8.0)) == ACCEPTED
        assert set_profile(central, 1, high) == ACCEPTED
        assert limit_a(station) == 12.0
        station._ahead_s += 31.0
        station.flow()
        assert station.outputs[1].limit_a == 8.0
        assert limit_a(station) == 8.0


def test_the_station_shares_what_its_profile_allows(central: CentralSystem) -> None:
    """Section 3.13.3: the limit of a ChargePointMaxProfile is for all connectors together."""
    with registered(central, connectors=2) as station:
        assert set_profile(central, 0, told("ChargePointMaxProfile", 14_000.0, unit="W")) == ACCEPTED
        services.station_turn(station.moment(), {})
        station.begin(number=1)
        station.begin("04BB", number=2)
        assert limit_a(station) + limit_a(station, 2) <= 14_000 / 690


def test_a_limit_of_0_pauses_and_a_higher_one_goes_on(central: CentralSystem) -> None:
    with registered(central) as station:
        station.begin()
        assert set_profile(central, 1, told("TxDefaultProfile", 0.0)) == ACCEPTED
        assert limit_a(station) == 0.0
        station.look(ev_ready=True)
        station.tells("SuspendedEVSE")
        assert set_profile(central, 1, told("TxDefaultProfile", 16.0)) == ACCEPTED
        assert limit_a(station) == 16.0
        assert number_of_running() is not None


HOSTILE: dict[str, dict[str, Any]] = {
    "negative": {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1.0}]},
    "10,000 periods": {"chargingSchedulePeriod": [{"startPeriod": n, "limit": 6.0} for n in range(900)]},
    "begins in 9999": {"startSchedule": "9999-12-31T23:59:59Z"},
    "begins late": {"chargingSchedulePeriod": [{"startPeriod": 5, "limit": 6.0}]},
    "lasts no time": {"duration": 0},
    "lasts for ever": {"duration": 10**12},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_n14_what_nobody_can_mean_is_rejected_and_nothing_changes(central: CentralSystem, what: str) -> None:
    with registered(central) as station:
        station.begin()
        profile = told("TxDefaultProfile", 16.0)
        profile["chargingSchedule"] |= HOSTILE[what]
        assert set_profile(central, 1, profile) == REJECTED
        assert limit_a(station) == 32.0


def test_n14_no_limit_is_higher_than_the_hardware(central: CentralSystem) -> None:
    with registered(central) as station:
        assert set_profile(central, 1, told("TxDefaultProfile", 1e9)) == ACCEPTED
        station.begin()
        assert limit_a(station) == 32.0


def test_a_connector_that_is_not_there_is_an_error_of_the_message(central: CentralSystem) -> None:
    """Errata v4.0, 3.39."""
    with registered(central):
        asked = {"connectorId": 9, "csChargingProfiles": told("TxDefaultProfile", 16.0)}
        with pytest.raises(Refused, match="PropertyConstraintViolation"):
            central.call("SetChargingProfile", asked)
        assert not JournalEntry.objects.filter(kind="ProfileSet").exists()
