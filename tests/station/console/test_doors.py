"""Who gets in, generated from the URLconf: a page that is added is asked here by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from charging.models import JournalEntry
from station.console.throttle import FREE_ATTEMPTS, LONGEST_WAIT_S, MOST_KEPT, Throttle
from station.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "logs"])

OPEN = {"/console/login/", "/console/jsi18n/"}
EXAMPLES = {"<path:object_id>": "1", "<int:number>": "1", "<str:what>": "stop", "<int:entry>": "1", "<id>": "1"}


def addresses_below(resolver: URLResolver, start: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        address = start + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from addresses_below(pattern, address)
        elif isinstance(pattern, URLPattern):
            for hole, filled in EXAMPLES.items():
                address = address.replace(hole, filled)
            yield address


def console_addresses() -> list[str]:
    found = [address for address in addresses_below(get_resolver(), "/") if address.startswith("/console/")]
    plain = [address for address in found if "(?P" not in address]
    return sorted(set(plain) - OPEN)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_it_lets_nobody_in_without_a_login(client: Client, method: str) -> None:
    for address in console_addresses():
        answer = getattr(client, method)(address)
        assert answer.status_code in {302, 403, 405}, (address, answer.status_code)
        assert answer.status_code != 302 or "/console/login/" in answer["Location"] or address == "/console/logout/"
    assert not JournalEntry.objects.exists()


def test_who_opened_the_login_page_itself_comes_to_the_start_page(anna: Person) -> None:
    told = {"username": anna.username, "password": "correct horse"}
    answer = Client(HTTP_HOST="localhost").post("/console/login/", told)
    assert (answer.status_code, answer["Location"]) == (302, "/console/")


def test_it_finds_every_kind_of_page() -> None:
    found = console_addresses()
    assert {"/console/", "/console/now/", "/console/configuration/", "/console/charging/connector/1/ask/stop/"} <= set(
        found
    )
    assert len(found) > 40


@pytest.mark.usefixtures("outlets")
def test_it_shows_a_beginner_without_rights_no_more_than_the_start_page(beginner: Client) -> None:
    own = {"/console/password_change/", "/console/password_change/done/", "/console/logout/"}
    answers = {address: beginner.get(address).status_code for address in console_addresses()}
    shown = {address for address, code in answers.items() if code == 200}
    assert shown <= own | {"/console/", "/console/now/", "/console/search/"}
    assert set(answers.values()) <= {200, 302, 403, 404, 405}


@pytest.mark.usefixtures("outlets")
def test_it_refuses_a_post_without_a_token(anna: Person) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(anna)
    assert client.post("/console/charging/connector/0/ask/emergency_stop/").status_code == 403


@pytest.mark.usefixtures("outlets")
def test_it_changes_nothing_on_get(at_cabinet: Client) -> None:
    assert at_cabinet.get("/console/charging/connector/1/ask/stop/").status_code == 405
    assert at_cabinet.get("/console/configuration/revert/1/").status_code == 405


def login(address: str, name: str, password: str) -> int:
    return (
        Client(HTTP_HOST="localhost", REMOTE_ADDR=address)
        .post("/console/login/?next=/console/", {"username": name, "password": password})
        .status_code
    )


def test_it_slows_down_guessing_for_one_name_at_one_address_only(anna: Person, boris: Person) -> None:
    for _attempt in range(FREE_ATTEMPTS):
        assert login("10.0.0.66", "anna", "wrong") == 200
    assert login("10.0.0.66", "ANNA", "correct horse") == 200
    assert login("10.0.0.66", boris.username, "correct horse") == 302
    assert login("10.0.0.5", anna.username, "correct horse") == 302
    throttled = JournalEntry.objects.filter(kind="LoginThrottled")
    assert [(entry.who, entry.body["address"]) for entry in throttled] == [("anna", "10.0.0.66")]
    assert list(JournalEntry.objects.filter(kind="LoggedIn").values_list("who", flat=True)) == ["anna", "boris"]


def test_it_keeps_no_password_that_was_typed_as_a_name() -> None:
    for _attempt in range(FREE_ATTEMPTS):
        login("10.0.0.66", "my secret password", "wrong")
    assert JournalEntry.objects.get(kind="LoginThrottled").who == ""


def test_it_waits_longer_each_time_up_to_five_minutes_and_forgets_in_an_hour() -> None:
    now_s = [0.0]
    throttle = Throttle(lambda: now_s[0])
    key = ("anna", "10.0.0.1")
    waits = []
    for _attempt in range(12):
        throttle.failed(key)
        waits.append(throttle.wait_s(key))
    assert waits[: FREE_ATTEMPTS + 2] == [0, 0, 0, 0, 15, 30, 60]
    assert waits[-1] == LONGEST_WAIT_S
    now_s[0] = 4000.0
    throttle.failed(key)
    assert throttle.wait_s(key) == 0


def test_it_stays_small_whatever_is_guessed() -> None:
    throttle = Throttle(lambda: 0.0)
    for number in range(MOST_KEPT + 50):
        throttle.failed((str(number), "10.0.0.1"))
    assert len(throttle._failures) == MOST_KEPT


def test_it_does_not_let_a_lesser_person_take_over_a_superuser(anna: Person, boris: Person, beginner: Client) -> None:
    boris.user_permissions.add(*Permission.objects.filter(codename__in=("change_person", "view_person")))
    taken = {"password1": "taken over 99", "password2": "taken over 99"}
    assert beginner.post(f"/console/station/person/{anna.pk}/password/", taken).status_code == 403
    beginner.post(
        f"/console/station/person/{boris.pk}/change/", {"username": "boris", "is_superuser": "on", "is_staff": "on"}
    )
    boris.refresh_from_db()
    assert not boris.is_superuser
