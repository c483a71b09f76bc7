"""Security events, whitepaper section A04: what happened reaches the central system once, in order, at last."""

from __future__ import annotations

import pytest

from charging import services
from charging.domain.security import SecurityEvent
from charging.models import SecurityLogEntry
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.clients import client_of, registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


def told(central: CentralSystem) -> list[str]:
    return [str(each.payload.get("techInfo")) for each in central.frames("SecurityEventNotification")]


def test_events_of_an_outage_arrive_once_and_in_their_order(central: CentralSystem) -> None:
    with registered(central):
        services.security_event(SecurityEvent.TAMPER_DETECTION_ACTIVATED, "before")
        central.wait("SecurityEventNotification", type="TamperDetectionActivated", techInfo="before")
    services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "first")
    services.security_event(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, "second")
    with client_of(central):
        central.wait("SecurityEventNotification", techInfo="second")
        services.security_event(SecurityEvent.FIRMWARE_UPDATED, "third")
        central.wait("SecurityEventNotification", techInfo="third")
    assert told(central) == ["before", "first", "second", "third"]


def test_a_central_system_without_the_security_extension_is_told_once(central: CentralSystem) -> None:
    central.refuse("SecurityEventNotification", "NotSupported")
    with registered(central):
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "one")
        central.wait("SecurityEventNotification", techInfo="one")
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "two")
        central.wait("SecurityEventNotification", techInfo="two")
    assert told(central) == ["one", "two"]


def test_bad_frames_are_one_entry_of_the_log_and_no_message(central: CentralSystem) -> None:
    with registered(central):
        for _ in range(20):
            central.say('[2,"1","Reset"]')
        wait_until(lambda: SecurityLogEntry.objects.filter(event="InvalidMessages").exists())
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "after")
        central.wait("SecurityEventNotification", techInfo="after")
    assert told(central) == ["after"]
    assert SecurityLogEntry.objects.filter(event="InvalidMessages").count() == 1


def test_an_id_that_was_used_for_another_call_is_one_entry_of_the_log(central: CentralSystem) -> None:
    with registered(central):
        central.say('[2,"again","ClearCache",{}]')
        for number in range(20):
            central.say(f'[2,"again","UnlockConnector",{{"connectorId":{number}}}]')
        wait_until(lambda: SecurityLogEntry.objects.filter(event="AttemptedReplayAttacks").exists())
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "after")
        central.wait("SecurityEventNotification", techInfo="after")
    assert told(central) == ["after"]
    assert SecurityLogEntry.objects.filter(event="AttemptedReplayAttacks").count() == 1
