"""The page Serial lines and the connections of Station now: truthful with the controllers process and without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client

from charging import live
from hardware.control_socket import ControlSocket
from hardware.emergency import Emergency
from hardware.modbus_rtu import sealed
from hardware.models import Controller
from kiosk.routing import admission
from station.console.addresses import addresses
from station.models import Person

pytestmark = [pytest.mark.django_db(databases=["default", "logs"]), pytest.mark.usefixtures("outlets")]

READ_STATUS = sealed(bytes.fromhex("01 04 0000 0040"))
BUS, READER = "/dev/bus1", "/dev/rfid"
SCRIPT = "<script>alert(1)</script>"


def unit(connector: int | None, **more: Any) -> dict[str, Any]:
    counters = dict.fromkeys(("no_reply", "truncated", "corrupted", "implausible", "retries", "drains"), 0)
    return {
        "unit": connector or 0, "connector": connector, "board_serial": f"SN-{connector}", "ok": 12_340, **counters,
        "p50_s": 0.0142, "p99_s": 0.0201, "answer_age_s": 0.1, "offline": False, "asked_again_s": None, **more,
    }  # fmt: skip


def line(path: str, *units: dict[str, Any], reader: bool = False) -> dict[str, Any]:
    return {"path": path, "baud_rate": 115200, "reader": reader, "strays": 0, "reopenings": 1, "units": list(units)}


@pytest.fixture
def controllers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The controllers process answers: one line with a unit that is well and one that is silent, and a reader."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    silent = {"ok": 0, "no_reply": 9, "p50_s": None, "p99_s": None, "answer_age_s": None}
    told = [
        line(BUS, unit(1, corrupted=2), unit(2, **silent, offline=True, asked_again_s=3.2)),
        line(READER, unit(None), reader=True),
    ]
    frame = {"at_s": 0.5, "direction": ">", "octets": READ_STATUS.hex(), "whole_bytes": 8, "failure": "NoReply"}

    def trace(path: str) -> dict[str, Any]:
        return {"reader": path == READER, "frames": [frame] if path in {BUS, READER} else []}

    control = ControlSocket(Emergency(), {live.LINES: lambda _about: {"lines": told}, live.FRAMES: trace})
    control.bind()
    control.start()
    yield told
    control.stop()
    control.join(5)


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


@pytest.fixture
def known() -> None:
    """The record knows where the board of connector 1 was found."""
    Controller.objects.create(
        line_path=BUS, baud_rate=115200, driver_name="native", unit=1, board_serial="SN-1", board_index=1,
        connector_number=1, found_at=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


@pytest.mark.usefixtures("controllers", "known")
def test_it_shows_what_each_unit_has_cost(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, "/console/lines/")
    for words in (BUS, "115200", "2 of 12,342 replies damaged, 9 not answered", "14.2 ms", "20.1 ms", "SN-1"):
        assert words in page
    assert "silent, asked again in 3 s" in page
    assert "no reply yet" not in page  # said by the back-off
    assert page.count('class="line-unit"') == 3
    assert "unknown" not in page


@pytest.mark.usefixtures("controllers")
def test_it_renews_what_it_shows(at_cabinet: Client) -> None:
    parts = json.loads(text_of(at_cabinet, "/console/lines/now/"))["parts"]
    assert set(parts) == {"now-lines"}
    assert 'id="now-lines"' in text_of(at_cabinet, "/console/lines/")


@pytest.mark.usefixtures("away", "known")
def test_it_says_unknown_and_never_zero_while_nobody_polls(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, "/console/lines/")
    assert page.count("The controllers process does not answer") == 1
    assert page.count("<dd>unknown</dd>") == 9
    assert "<dd>0</dd>" not in page
    assert BUS in page
    frames = text_of(at_cabinet, f"/console/lines/frames/?line={BUS}")
    assert frames.count("The controllers process does not answer") == 1


@pytest.mark.usefixtures("known")
def test_it_says_which_known_line_is_not_in_use(at_cabinet: Client, controllers: list[dict[str, Any]]) -> None:
    del controllers[0]
    page = text_of(at_cabinet, "/console/lines/")
    assert "not in use" in page
    assert "<dd>unknown</dd>" in page
    assert "does not answer" not in page


@pytest.mark.usefixtures("controllers")
def test_it_shows_the_last_frames_of_one_line_in_words(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, f"/console/lines/frames/?line={BUS}")
    for words in ("00:00:00.500", "read: status", READ_STATUS.hex(" "), "no reply"):
        assert words in page
    russian = at_cabinet.get(f"/console/lines/frames/?line={BUS}", headers={"Accept-Language": "ru"}).content.decode()
    assert "чтение: состояние" in russian
    assert "нет ответа" in russian


@pytest.mark.usefixtures("controllers")
def test_it_shows_a_line_that_nobody_knows_as_empty(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, f"/console/lines/frames/?line={SCRIPT}")
    assert "No frame is known of this line." in page
    assert SCRIPT not in page
    for wrong in ("", "x" * 201):
        assert at_cabinet.get("/console/lines/frames/", {"line": wrong}).status_code == 404


@pytest.mark.usefixtures("controllers")
def test_who_may_see_controllers_sees_lines_but_no_numbers_of_cards(boris: Person, beginner: Client) -> None:
    assert beginner.get("/console/lines/").status_code == 403
    boris.user_permissions.add(Permission.objects.get(codename="view_controller"))
    assert BUS in text_of(beginner, "/console/lines/")
    assert beginner.get(f"/console/lines/frames/?line={READER}").status_code == 403
    boris.user_permissions.add(Permission.objects.get(codename="view_card"))
    assert "no reply" in text_of(beginner, f"/console/lines/frames/?line={READER}")


@pytest.mark.usefixtures("controllers")
@pytest.mark.parametrize("address", ["", "now/", f"frames/?line={BUS}"])
def test_nothing_on_it_changes_anything(at_cabinet: Client, address: str) -> None:
    assert at_cabinet.post(f"/console/lines/{address}").status_code == 405
    page = text_of(at_cabinet, f"/console/lines/{address}")
    assert "/ask/" not in page


@pytest.mark.usefixtures("controllers")
def test_a_connector_shows_the_health_of_its_line(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, "/console/charging/connector/1/change/")
    assert "2 of 12,342 replies damaged" in page
    assert "silent, asked again in 3 s" in text_of(at_cabinet, "/console/charging/connector/2/change/")


@pytest.mark.usefixtures("away")
def test_a_connector_does_not_know_its_line_while_nobody_tells(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, "/console/charging/connector/1/change/")
    assert "replies damaged" not in page
    assert "Not known just now." in page


@pytest.mark.usefixtures("controllers")
def test_the_start_page_tells_who_is_connected(at_cabinet: Client) -> None:
    assert admission.admit("192.0.2.7")
    try:
        page = json.loads(text_of(at_cabinet, "/console/now/"))["parts"]["now-connections"]
    finally:
        admission.leave("192.0.2.7")
    assert "192.0.2.7" in page
    assert "2 of 24,682 replies damaged, 9 not answered" in page
    assert "0 of 2 answer, silent: A, B" in page
    assert all(address in page for _name, address in addresses())


def test_every_address_of_every_interface_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "if_inet6"
    table.write_text(
        "fd000000000000000000000000000002 04 40 00 82     eth0\n"
        "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
        "00000000000000000000000000000001 01 80 10 80       lo\n",
        "ascii",
    )
    monkeypatch.setattr("station.console.addresses.IPV6_TABLE", table)
    assert [address for _name, address in addresses() if ":" in address] == ["fd00::2"]
    table.unlink()
    assert not [address for _name, address in addresses() if ":" in address]
