"""The page of the central system: how the link went, in the language of whoever looks, and what can be set."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from charging.models import JournalEntry
from ocpp_client import central_system
from ocpp_client.causes import NO_PONG
from ocpp_client.models import CentralSystem

pytestmark = pytest.mark.django_db(databases=["default", "logs"])

PAGE = "/console/ocpp_client/centralsystem/1/change/"
URL = "ws://central.example/ocpp"


@pytest.fixture(autouse=True)
def away() -> None:
    """A central system whose link has ended."""
    central_system.change("anna", enabled=True, primary_url=URL)
    code, sentence = NO_PONG
    CentralSystem.objects.update(
        disconnected_at=datetime(2027, 1, 1, tzinfo=UTC), disconnect_code=code, disconnect_sentence=sentence
    )


def page(client: Client, language: str) -> str:
    answer = client.get(PAGE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def test_why_there_is_no_link_is_said_in_the_language_of_the_page(at_cabinet: Client) -> None:
    assert "did not answer a ping" in page(at_cabinet, "en")
    russian = page(at_cabinet, "ru")
    assert "не ответила на ping" in russian
    assert "did not answer a ping" not in russian


def test_an_address_is_shown_as_it_is_written(at_cabinet: Client) -> None:
    shown = page(at_cabinet, "en")
    assert URL in shown
    assert "Ws://" not in shown


def test_whose_codes_a_fault_is_told_with_is_chosen_here_and_journaled(at_cabinet: Client) -> None:
    told = {"enabled": "on", "primary_url": URL, "charge_point_id": "station", "security_profile": "0"}
    told |= {"vendor": "V", "model": "M"}
    assert at_cabinet.post(PAGE, {**told, "fault_codes": "own"}).status_code == 302
    assert CentralSystem.objects.get().fault_codes == "own"
    changes = JournalEntry.objects.filter(kind="CentralSystemChanged").latest("pk").body["changes"]
    assert changes["fault_codes"] == ["MREC", "own"]
    assert at_cabinet.post(PAGE, {**told, "fault_codes": "others"}).status_code == 200
    assert CentralSystem.objects.get().fault_codes == "own"


def test_a_security_profile_is_taken_only_with_what_it_needs(at_cabinet: Client) -> None:
    told = {"enabled": "on", "primary_url": URL, "charge_point_id": "station", "fault_codes": "MREC"}
    told |= {"vendor": "V", "model": "M", "security_profile": "1"}
    assert "16 to 40 characters" in at_cabinet.post(PAGE, told).content.decode()
    assert at_cabinet.post(PAGE, {**told, "password": "long enough to be one"}).status_code == 302
    assert "a root of the central system" in at_cabinet.post(PAGE, {**told, "security_profile": "2"}).content.decode()
    assert at_cabinet.post(PAGE, {**told, "security_profile": "0"}).status_code == 302
    assert CentralSystem.objects.get().security_profile == 0
