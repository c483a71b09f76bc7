from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from charging import live
from charging.clock import LATEST_CREDIBLE
from hardware.control_socket import ControlSocket
from hardware.emergency import Emergency
from station.health import polling_problem
from station.hosts import is_our_name
from station.models import Person
from tests.conftest import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(headers={"host": "192.0.2.7:8000"})


@pytest.fixture
def polled(redis_server: str) -> str:
    def is_heard() -> bool:
        live.beat("polling")
        return "polling" in live.heartbeats()

    # After a failure in another test Redis is left alone for a second.
    wait_until(is_heard)
    return redis_server


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("192.0.2.7", True),
        ("192.0.2.7:8000", True),
        ("[2001:db8::1]:8000", True),
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("192.0.2.7.evil.example", False),
        ("", False),
        ("[", False),
        ("user@evil.example", False),
    ],
)
def test_it_answers_to_every_address_and_to_its_own_names_only(host: str, *, ours: bool) -> None:
    assert is_our_name(host) is ours


def test_it_refuses_a_page_that_points_its_own_name_at_the_station() -> None:
    answer = Client().get("/healthz", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert b"STATION_HOST_NAMES" in answer.content


@pytest.mark.usefixtures("polled")
def test_it_is_healthy_when_the_controllers_are_polled(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["problems"]) == (200, [])
    assert answer.json()["heartbeats"]["polling"] < 3


@pytest.mark.parametrize(
    ("ages_s", "problem"),
    [
        ({"polling": 2.9}, ""),
        ({"polling": 3.1}, "not been polled for 3 s"),
        ({"polling": 75.0}, "not been polled for 75 s"),
        ({}, "not been polled yet"),
        ({"canary.links": 0.1}, "not been polled yet"),
    ],
)
def test_it_judges_the_age_of_the_last_turn(ages_s: dict[str, float], problem: str) -> None:
    sentence = polling_problem(ages_s)
    assert problem in sentence
    assert bool(sentence) is bool(problem)


def test_it_names_redis_when_redis_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "unix:///nowhere/redis.sock?db=0")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert any(sentence.startswith("Redis does not answer") for sentence in answer.json()["problems"])


@pytest.mark.usefixtures("redis_server")  # what is read of it by a connection that is open still is nothing
def test_connectors_charge_without_redis_and_its_absence_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "unix:///nowhere/redis.sock?db=0")
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    controllers = ControlSocket(Emergency(), {live.ASK: lambda _about: {"lines": [], "beats": {"polling": 0.1}}})
    controllers.bind()
    controllers.start()
    answer = client.get("/healthz")
    controllers.stop()
    assert (answer.status_code, answer.json()["healthy"], answer.json()["heartbeats"]) == (200, True, {})
    assert [sentence.split()[0] for sentence in answer.json()["problems"]] == ["Redis"]


def test_the_console_says_in_one_sentence_that_the_disk_is_full_and_that_the_clock_is_not_known(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(Person.objects.create_superuser("t", password="secret"))
    for path in ("/healthz", "/console/"):
        assert b"disk of" not in client.get(path).content
    assert b"clock is not known" not in client.get("/console/").content
    monkeypatch.setattr("station.health.free_bytes", lambda _folder: 4096)
    monkeypatch.setattr("charging.clock.EARLIEST_CREDIBLE", LATEST_CREDIBLE)
    for path in ("/healthz", "/console/"):
        assert client.get(path).content.count(b"is full: delete files that are not needed.") == 1
    assert client.get("/console/").content.count(b"The clock is not known: check the network, or set it.") == 1


def test_it_refuses_to_change_anything_through_healthz(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_it_loads_nothing_from_other_hosts(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_it_allows_inline_scripts_in_the_console_only(client: Client) -> None:
    answer = client.get("/console/login/")
    assert answer.status_code == 200
    assert "'unsafe-eval'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert re.findall(rb"(?:src|href)=\"(?:https?:)?//[^\"]+", answer.content) == []


def test_it_serves_static_files_without_a_copy_of_them(client: Client) -> None:
    answer = client.get("/static/unfold/css/styles.css")
    assert answer.status_code == 200
    answer.close()


def test_it_lets_a_technician_in(client: Client) -> None:
    Person.objects.create_superuser("anna", password="three-words-long")
    client.login(username="anna", password="three-words-long")
    assert client.get("/console/").status_code == 200
