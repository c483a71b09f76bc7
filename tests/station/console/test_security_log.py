"""The page of the security log: what happened, in words, and whether the chain of its entries is whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client, override_settings

from charging import services
from charging.clock import now
from charging.domain.security import SecurityEvent
from charging.models import SecurityLogEntry
from ocpp_client import central_system
from station.models import Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

LIST = "/console/charging/securitylogentry/"
CENTRAL_SYSTEM = "/console/ocpp_client/centralsystem/1/change/"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def three(tmp_path: Path) -> Iterator[None]:
    """Three events, and a second witness of their own."""
    with override_settings(DATA_DIR=tmp_path):
        services.security_event(SecurityEvent.TAMPER_DETECTION_ACTIVATED, "Connector 2: EnclosureOpen.")
        services.security_event(SecurityEvent.INVALID_MESSAGES, SCRIPT)
        services.security_event(SecurityEvent.TAMPER_DETECTION_ACTIVATED, "Connector 1: TiltDetected.")
        yield


def text_of(client: Client, address: str, language: str = "en") -> str:
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_tells_every_event_in_words_and_that_the_chain_is_whole(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, LIST)
    assert "The chain is whole: every entry from 1 to 3 is as it was written." in page
    assert page.count("Connector 2: EnclosureOpen.") == 1
    assert "TamperDetectionActivated" in page
    assert SCRIPT not in page
    russian = text_of(at_cabinet, LIST, "ru")
    assert "Цепочка цела: все записи" in russian
    assert "Шкаф открыт или сдвинут" in russian


def test_it_says_where_the_chain_breaks(at_cabinet: Client) -> None:
    SecurityLogEntry.objects.filter(number=2).update(about="nothing")
    page = text_of(at_cabinet, LIST)
    assert "Entry 2 is not what was written." in page
    assert "chain-broken" in page
    assert "Запись 2 не такая, какой была сделана." in text_of(at_cabinet, LIST, "ru")


def test_it_says_that_the_last_entries_are_lost(at_cabinet: Client) -> None:
    SecurityLogEntry.objects.filter(number=3).delete()
    assert "The log had 3 entries and has lost the last of them." in text_of(at_cabinet, LIST)


def test_it_can_be_looked_through_by_event_and_by_time(at_cabinet: Client) -> None:
    by_event = text_of(at_cabinet, f"{LIST}?what=TamperDetectionActivated")
    assert "Connector 1: TiltDetected." in by_event
    assert "alert(1)" not in by_event
    assert "alert(1)" in text_of(at_cabinet, f"{LIST}?what=Nonsense")
    tomorrow = (now().at + timedelta(days=1)).strftime("%Y-%m-%d 00:00:00+00:00")
    answer = at_cabinet.get(LIST, {"at__gte": tomorrow})
    assert "TiltDetected" not in answer.content.decode()
    assert "EnclosureOpen" in text_of(at_cabinet, f"{LIST}?q=EnclosureOpen")


def test_an_entry_shows_its_hashes_and_nobody_changes_it(at_cabinet: Client) -> None:
    first, second = SecurityLogEntry.objects.order_by("number")[:2]
    page = text_of(at_cabinet, f"{LIST}{second.number}/change/")
    assert first.hash in page
    assert second.hash in page
    assert at_cabinet.post(f"{LIST}{second.number}/change/", {"about": "x"}).status_code == 403
    assert at_cabinet.post(f"{LIST}{second.number}/delete/", {"post": "yes"}).status_code == 403
    assert at_cabinet.get(f"{LIST}add/").status_code == 403
    assert SecurityLogEntry.objects.count() == 3


def test_only_who_may_see_it_sees_it(beginner: Client, boris: Person) -> None:
    assert beginner.get(LIST).status_code == 403
    boris.user_permissions.add(Permission.objects.get(codename="view_securitylogentry"))
    assert "The chain is whole" in text_of(beginner, LIST)


def test_the_page_of_the_central_system_leads_to_it(at_cabinet: Client) -> None:
    central_system.change("anna", primary_url="wss://central.example/ocpp")
    page = text_of(at_cabinet, CENTRAL_SYSTEM)
    assert f'href="{LIST}"' in page
    assert "Security settings were changed" in page
