"""The page, its words and its QR code, as HTTP answers them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import OperationalError
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import include, path

from kiosk import views, words
from kiosk.edition import edition
from kiosk.face import FaceShown
from kiosk.receipts import receipt_of
from tests.kiosk.fakes import StationInMemory
from tests.kiosk.stations import SITUATIONS, connector, snapshot

urlpatterns: list[object] = []


@pytest.fixture(autouse=True)
def own_addresses(settings: object) -> None:
    """The kiosk's addresses alone: the console's need a record."""
    settings.ROOT_URLCONF = "tests.kiosk.test_views"  # type: ignore[attr-defined]
    urlpatterns[:] = [path("", include("kiosk.urls"))]


class SpanishStation(StationInMemory):
    def face(self) -> FaceShown:
        return super().face() | {"language": "es"}


@pytest.fixture(autouse=True)
def station(monkeypatch: pytest.MonkeyPatch) -> None:
    """A station without a record behind the page."""
    monkeypatch.setattr(views, "Hub", StationInMemory)


@pytest.mark.parametrize("address", ["/", "/connector/1", "/connector/64"])
def test_it_serves_the_page_without_inline_code(address: str) -> None:
    answer = Client(headers={"host": "127.0.0.1"}).get(address)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=|https?://", body)


@pytest.mark.parametrize(
    ("query", "cookie", "language"),
    [
        ("", "", "en"),
        ("?lang=ru", "", "ru"),
        ("", "ru", "ru"),
        ("?lang=en", "ru", "en"),
        ("?lang=xx", "", "en"),
        ("", "<b>", "en"),
    ],
)
def test_it_speaks_the_language_asked_for(query: str, cookie: str, language: str) -> None:
    client = Client(headers={"host": "127.0.0.1"})
    if cookie:
        client.cookies["kiosk_language"] = cookie
    assert f'<html lang="{language}"' in client.get(f"/{query}").content.decode()


@pytest.mark.parametrize(("query", "language"), [("", "es"), ("?lang=xx", "es"), ("?lang=zh", "zh")])
def test_it_speaks_the_language_of_the_owner(monkeypatch: pytest.MonkeyPatch, query: str, language: str) -> None:
    monkeypatch.setattr(views, "Hub", SpanishStation)
    body = Client(headers={"host": "127.0.0.1"}).get(f"/{query}").content.decode()
    assert f'<html lang="{language}"' in body
    assert 'data-default-language="es"' in body


def test_it_comes_even_when_the_record_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_: StationInMemory) -> FaceShown:
        raise OperationalError("database is locked")

    monkeypatch.setattr(StationInMemory, "face", locked)
    assert '<html lang="en"' in Client(headers={"host": "127.0.0.1"}).get("/").content.decode()


def test_it_serves_the_words_for_ever_by_their_edition() -> None:
    lasting = Client(headers={"host": "127.0.0.1"}).get(f"/kiosk/words.json?v={edition()}")
    passing = Client(headers={"host": "127.0.0.1"}).get("/kiosk/words.json?v=old")
    assert lasting.json() == passing.json()
    assert "immutable" in lasting.headers["Cache-Control"]
    assert passing.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(("query", "start"), [("", "Start"), ("?lang=fr", "Démarrer"), ("?lang=xx", "Start")])
def test_it_serves_the_words_of_one_language(query: str, start: str) -> None:
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies["kiosk_language"] = "ru"
    told = client.get(f"/kiosk/words.json{query}").json()
    assert told["action.start"] == start
    assert told.keys() == words.sentences("en").keys()


@pytest.mark.parametrize("address", ["/", "/kiosk/words.json", "/kiosk/messenger.svg"])
def test_it_only_answers_to_reading(address: str) -> None:
    assert Client(headers={"host": "127.0.0.1"}).post(address).status_code == 405


def test_the_browser_that_shows_the_key_is_known_by_a_cookie(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SCREEN_KEY = "k" * 40
    station = StationInMemory()
    monkeypatch.setattr(views, "Hub", lambda: station)
    client = Client(headers={"host": "127.0.0.1"})
    answer = client.get("/screen", {"key": settings.SCREEN_KEY, "why": "silent"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    cookie = answer.cookies["station_screen"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == (settings.SCREEN_KEY, True, "Strict")
    assert station.causes == ["silent"]


@pytest.mark.parametrize(("language", "says"), [("en", "own screen only"), ("ru", "собственном экране")])
def test_others_see_the_page_only_where_the_owner_lets_them(
    settings: Any, monkeypatch: pytest.MonkeyPatch, language: str, says: str
) -> None:
    station = StationInMemory()
    monkeypatch.setattr(views, "Hub", lambda: station)
    other = Client(headers={"host": "127.0.0.1"}, REMOTE_ADDR="192.0.2.7")
    assert other.get("/").status_code == 200
    station.seen_over_network = False
    answer = other.get(f"/connector/1?lang={language}")
    assert answer.status_code == 403
    assert says in answer.content.decode()
    assert Client(headers={"host": "127.0.0.1"}).get("/").status_code == 200
    settings.SCREEN_KEY = "k" * 40
    assert Client(headers={"host": "127.0.0.1"}).get("/").status_code == 403


@pytest.mark.parametrize(
    ("key", "address"),
    [("", "127.0.0.1"), ("k" * 39, "127.0.0.1"), ("\u044f" * 40, "127.0.0.1"), ("k" * 40, "192.0.2.7")],
)
def test_nobody_else_is_given_the_cookie(
    settings: Any, monkeypatch: pytest.MonkeyPatch, key: str, address: str
) -> None:
    settings.SCREEN_KEY = "k" * 40
    station = StationInMemory()
    monkeypatch.setattr(views, "Hub", lambda: station)
    answer = Client(headers={"host": "127.0.0.1"}, REMOTE_ADDR=address).get("/screen", {"key": key, "why": "silent"})
    assert answer.status_code == 403
    assert answer.content.decode() == views.NOT_THE_SCREEN
    assert not answer.cookies
    assert station.causes == []


def shown_messenger(monkeypatch: pytest.MonkeyPatch, address: str) -> bytes:
    station = StationInMemory()
    station.shown = snapshot(connector(1), messenger_url=address)
    monkeypatch.setattr(views, "Hub", lambda: station)
    return bytes(views.messenger(RequestFactory().get("/kiosk/messenger.svg")).content)


def test_it_draws_the_messenger_address(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = shown_messenger(monkeypatch, "https://chat.example/a")
    assert drawn == views.qr_of("https://chat.example/a")
    assert drawn != views.qr_of("https://chat.example/b")
    assert b"<svg" in drawn


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"])
def test_it_draws_nothing_but_a_messenger_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(Http404):
        shown_messenger(monkeypatch, address)


def test_it_gives_the_receipt_of_a_session_that_it_still_tells_of(monkeypatch: pytest.MonkeyPatch) -> None:
    station = StationInMemory()
    station.shown = SITUATIONS["unplug"]
    monkeypatch.setattr(views, "Hub", lambda: station)
    client = Client(headers={"host": "127.0.0.1"})
    assert client.get("/kiosk/receipt/7.svg").headers["Content-Type"] == "image/svg+xml"
    assert client.get("/kiosk/receipt/6.svg").status_code == 404


def test_its_receipt_reads_like_one() -> None:
    lines = receipt_of(SITUATIONS["unplug"], 7, "en").splitlines()
    assert lines == [
        "Harbour Street 12",
        "Connector A · Type 2 socket",
        "22.11.2026 19:00 - 22.11.2026 20:07",
        "12.34 kWh · 1:07:01",
        "It was stopped here at the station.",
        "Card ending in 5D6E",
    ]
