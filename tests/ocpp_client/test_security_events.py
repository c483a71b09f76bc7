"""Which security event becomes of what the link and the settings of the central system see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from charging.models import SecurityLogEntry
from ocpp_client import central_system, client, configuration
from ocpp_client.causes import Cause, Disconnect
from ocpp_client.models import CentralSystem
from ocpp_client.security_events import BY_CAUSE

pytestmark = pytest.mark.django_db(databases=["default", "logs"])

AT = datetime(2027, 1, 1, tzinfo=UTC)
RECONFIGURED = "ReconfigurationOfSecurityParameters"


def logged() -> list[tuple[str, str]]:
    return list(SecurityLogEntry.objects.order_by("number").values_list("event", "about"))


@pytest.mark.parametrize("cause", Cause)
def test_the_end_of_a_link_is_the_event_that_its_cause_means(cause: Cause) -> None:
    """Where the cause is one of security; tests/ocpp_client/test_connection_tls.py shows the causes themselves."""
    client._link_ended(Disconnect(cause, "Why it ended.", AT))
    event = BY_CAUSE.get(cause)
    assert logged() == ([(event.value, "Why it ended.")] if event else [])


def test_a_change_of_whom_to_trust_is_an_event_without_its_secrets() -> None:
    central_system.change("anna", primary_url="wss://central.example", authorization_key="a secret of mine")
    assert logged() == [(RECONFIGURED, "anna changed authorization_key, primary_url of the central system.")]
    central_system.change("anna", primary_url="wss://central.example", vendor="Another")
    assert len(logged()) == 1
    assert CentralSystem.objects.get().vendor == "Another"


def test_a_key_of_security_that_is_set_to_something_else_is_an_event() -> None:
    key = configuration.key_named("AdditionalRootCertificateCheck")
    assert key
    for value in ("true", "true"):
        configuration.put(key, value, "anna")
    assert logged() == [(RECONFIGURED, "anna changed AdditionalRootCertificateCheck.")]
    configuration.change("HeartbeatInterval", "60", "anna")
    assert len(logged()) == 1
