from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client

from charging.admin.asks import CONNECTOR_ASKS, STATION_ASKS
from charging.models import Connector, JournalEntry, Station, Wish
from station.models import Person

pytestmark = [pytest.mark.django_db(databases=["default", "logs"]), pytest.mark.usefixtures("outlets")]


def ask(client: Client, number: int, what: str, **more: str) -> list[str]:
    """What the person is told."""
    answer = client.post(f"/console/charging/connector/{number}/ask/{what}/", more)
    assert answer.status_code == 302, answer.status_code
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize("what", CONNECTOR_ASKS)
def test_it_journals_every_ask_with_the_name_of_who_asked(at_cabinet: Client, what: str) -> None:
    assert len(ask(at_cabinet, 1, what)) == 1
    entry = JournalEntry.objects.get(kind="Asked")
    assert (entry.who, entry.connector_number, entry.body["what"]) == ("anna", 1, what)


@pytest.mark.parametrize("what", STATION_ASKS)
def test_it_journals_every_ask_to_the_station(at_cabinet: Client, what: str) -> None:
    ask(at_cabinet, 0, what)
    assert JournalEntry.objects.get(kind="Asked").body["what"] == what


def test_it_says_why_a_request_was_refused(at_cabinet: Client) -> None:
    assert ask(at_cabinet, 1, "stop") == ["A: Stop: Nothing runs here that could be stopped."]


def test_it_takes_a_connector_out_of_service_and_back(at_cabinet: Client) -> None:
    ask(at_cabinet, 1, "out_of_service")
    assert Connector.objects.get(pk=1).facts["inoperative"] == ["technician"]
    ask(at_cabinet, 1, "in_service")
    assert "inoperative" not in Connector.objects.get(pk=1).facts


def test_it_lets_a_technician_start_without_a_card(at_cabinet: Client) -> None:
    assert ask(at_cabinet, 1, "start") == ["A: Start: recorded."]
    assert Connector.objects.get(pk=1).facts["authorization"]["by"] == "technician"


def test_it_stops_everything_from_anywhere_but_acknowledges_at_the_cabinet_only(
    at_cabinet: Client, remote: Client
) -> None:
    ask(remote, 0, "emergency_stop")
    assert Station.objects.get(pk=1).emergency
    assert ask(remote, 0, "acknowledge")[-1].endswith("use its screen, or a technician's card.")
    assert not Station.objects.get(pk=1).emergency_acknowledged
    ask(at_cabinet, 0, "acknowledge")
    assert Station.objects.get(pk=1).emergency_acknowledged


def test_it_does_not_believe_that_a_proxy_is_the_cabinet(at_cabinet: Client) -> None:
    ask(at_cabinet, 0, "emergency_stop")
    at_cabinet.post("/console/charging/connector/0/ask/acknowledge/", headers={"X-Forwarded-For": "203.0.113.9"})
    assert not Station.objects.get(pk=1).emergency_acknowledged


def test_it_lets_a_beginner_press_nothing_but_the_emergency_stop(beginner: Client) -> None:
    assert beginner.post("/console/charging/connector/1/ask/restart_board/").status_code == 403
    assert not Wish.objects.exists()
    ask(beginner, 0, "emergency_stop")
    assert Station.objects.get(pk=1).emergency
    page = beginner.get("/console/").content.decode()
    assert "/ask/emergency_stop/" in page
    assert "/ask/discover/" not in page


def test_it_acts_on_the_connectors_chosen_in_the_list(at_cabinet: Client) -> None:
    at_cabinet.post(
        "/console/charging/connector/", {"action": "out_of_service", "_selected_action": ["1", "2"], "index": "0"}
    )
    assert [row.facts.get("inoperative") for row in Connector.objects.all()] == [["technician"]] * 2


def test_it_hides_the_actions_of_the_list_from_who_may_only_look(boris: Person, beginner: Client) -> None:
    boris.user_permissions.add(Permission.objects.get(codename="view_connector"))
    beginner.post("/console/charging/connector/", {"action": "out_of_service", "_selected_action": ["1"], "index": "0"})
    assert "inoperative" not in Connector.objects.get(pk=1).facts


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_it_returns_to_no_other_host(at_cabinet: Client, target: str) -> None:
    answer = at_cabinet.post("/console/charging/connector/1/ask/stop/", {"next": target})
    assert answer["Location"] == "/console/"


@pytest.mark.parametrize(
    "address", ["1/ask/__class__/", "0/ask/stop/", "999999999999999999999/ask/stop/", "7/ask/stop/"]
)
def test_it_knows_nothing_that_is_not_in_the_table(at_cabinet: Client, address: str) -> None:
    assert at_cabinet.post(f"/console/charging/connector/{address}").status_code == 404


def test_it_offers_to_restart_the_reader_where_there_is_one(at_cabinet: Client) -> None:
    Station.objects.update_or_create(pk=1, defaults={"has_reader": True})
    assert "/ask/restart_reader/" in at_cabinet.get("/console/").content.decode()
    Station.objects.update(has_reader=False)
    assert "/ask/restart_reader/" not in at_cabinet.get("/console/").content.decode()


def test_it_shows_and_takes_back_what_waits_for_the_end_of_a_transaction(at_cabinet: Client) -> None:
    ask(at_cabinet, 1, "start")
    ask(at_cabinet, 1, "out_of_service")
    assert Connector.objects.get(pk=1).facts["becomes_inoperative"] == ["technician"]
    page = at_cabinet.get("/console/").content.decode()
    assert page.count("Goes out of service as soon as it is free.") == 1
    assert "/connector/1/ask/in_service/" in page
    assert "/connector/1/ask/out_of_service/" not in page
    ask(at_cabinet, 1, "in_service")
    assert "becomes_inoperative" not in Connector.objects.get(pk=1).facts
