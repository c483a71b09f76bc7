"""Wishes to controllers, carried out by the line after its turns: against a real simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charging import services
from charging.clock import now
from charging.domain.firmware import LARGEST_BYTES
from charging.models import JournalEntry, Wish
from hardware.board_updates import content_of
from hardware.dump_files import KEPT_EACH, keep_dump
from hardware.models import Controller, Dump
from tests.hardware.cabinets import Cabinet, connector
from tests.hardware.cabinets import cabinet as cabinet  # noqa: PLC0414 - a fixture
from tests.hardware.firmware_images import SOCKET, firmware_image

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
Kind = Wish.Kind


@pytest.fixture
def firmware_folder() -> Path:
    folder = Path(settings.DATA_DIR) / "firmware"
    folder.mkdir()
    return folder


def wished(cabinet: Cabinet, kind: str, number: int = 1, timeout_s: float = 15.0, **arguments: str) -> Wish:
    """The wish after its end."""
    asked = services.wish(kind, number, who="technician", **arguments)
    for turns in cabinet.lines:
        turns.look_for_wishes()

    def ended() -> bool:
        asked.refresh_from_db()
        return asked.state not in {Wish.State.WAITING, Wish.State.STARTED}

    cabinet.until(ended, timeout_s)
    return asked


@pytest.mark.parametrize("cabinet", ["ac1"], indirect=True)
def test_a_cable_is_unlocked_on_a_wish(cabinet: Cabinet) -> None:
    cabinet.polled()
    services.start(1, by="screen", who="touch")
    cabinet.bench("/plugin?connector_id=1")
    cabinet.until(lambda: cabinet.truth()["power_w"] > 3000)
    under_current = wished(cabinet, Kind.UNLOCK)
    assert (under_current.state, cabinet.truth()["lock"]) == ("failed", True)
    services.release_cable(1, "touch")
    cabinet.until(lambda: connector().transaction is None and cabinet.truth()["lock"] is False)


def test_what_a_controller_cannot_do_is_said_in_a_sentence(cabinet: Cabinet) -> None:
    cabinet.polled()
    asked = wished(cabinet, Kind.UNLOCK)
    assert asked.state == "failed"
    assert asked.result
    assert JournalEntry.objects.get(kind="WishEnded").body["done"] is False


def test_a_dump_is_a_file_and_a_row_and_few_commits(cabinet: Cabinet) -> None:
    cabinet.polled()
    with CaptureQueriesContext(connection) as queries:
        asked = wished(cabinet, Kind.FETCH_DUMP, timeout_s=60.0)
    assert (asked.state, asked.progress) == ("done", 100)
    dump = Dump.objects.get()
    content = (Path(settings.DATA_DIR) / "dumps" / dump.file_name).read_bytes()
    assert content.startswith(b"DMP1")
    assert len(content) == dump.size_bytes
    moves = [each["sql"] for each in queries if each["sql"].startswith('UPDATE "charging_wish"')]
    assert len(moves) <= 12


def test_a_short_wish_does_not_wait_behind_a_long_one(cabinet: Cabinet) -> None:
    cabinet.polled()
    dump = services.wish(Kind.FETCH_DUMP, 1, who="technician")
    assert wished(cabinet, Kind.SET_TIME, 2).state == "done"
    dump.refresh_from_db()
    assert dump.state in {"waiting", "started"}


def test_a_dump_of_a_silent_unit_does_not_hold_its_neighbours(cabinet: Cabinet) -> None:
    cabinet.polled()
    cabinet.bench("/controllers/1", {"powered": False})
    dead = services.wish(Kind.FETCH_DUMP, 1, who="technician")
    assert wished(cabinet, Kind.FETCH_DUMP, 2, timeout_s=60.0).state == "done"
    dead.refresh_from_db()
    assert dead.state in {"waiting", "started"}


def test_a_dump_whose_content_moved_meanwhile_is_fetched_from_the_beginning(cabinet: Cabinet) -> None:
    turns = cabinet.polled()
    asked = services.wish(Kind.FETCH_DUMP, 1, who="technician")
    received = turns._wishes._dumps
    cabinet.until(lambda: asked.pk in received)
    header = received[asked.pk]
    received[asked.pk] = header[:12] + bytes(4) + header[16:]  # the checksum of another snapshot
    cabinet.until(lambda: Wish.objects.get().state == Wish.State.DONE, 60.0)


def test_firmware_is_written_confirmed_and_read_back(cabinet: Cabinet, firmware_folder: Path) -> None:
    cabinet.polled()
    (firmware_folder / "image.bin").write_bytes(firmware_image())
    asked = wished(cabinet, Kind.UPDATE_FIRMWARE, timeout_s=60.0, file="image.bin")
    assert (asked.state, asked.result) == ("done", "Firmware 2.0.1 runs and is confirmed.")
    assert cabinet.truth()["controller"]["firmware"] == "2.0.1"
    assert Controller.objects.get(connector_number=1).firmware == "2.0.1"
    assert {board.serial: board.firmware for board in services.boards()} == {
        "SIM-AC-0011": "2.0.1",
        "SIM-AC-0012": "1.4.2",
    }
    assert JournalEntry.objects.get(kind="FirmwareReadBack").body == {
        "board_serial": "SIM-AC-0011",
        "before": "1.4.2",
        "after": "2.0.1",
    }


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (firmware_image(SOCKET), "The image is for Sim AC22 socket, and the board is Sim AC22 cable."),
        (firmware_image()[:-1], "The header announces 1500 bytes of program and 1499 follow: it was changed."),
        (b"#!/bin/sh", "The file does not begin with NFW1: it is no firmware of a controller."),
    ],
    ids=["another model", "cut", "another file"],
)
def test_what_does_not_fit_never_reaches_the_board(
    cabinet: Cabinet, firmware_folder: Path, content: bytes, why: str
) -> None:
    cabinet.polled()
    (firmware_folder / "image.bin").write_bytes(content)
    asked = wished(cabinet, Kind.UPDATE_FIRMWARE, file="image.bin")
    assert (asked.state, asked.result) == ("failed", why)
    assert cabinet.truth()["controller"]["firmware"] == "1.4.2"


@pytest.mark.parametrize("name", ["", "../secret_key", "/etc/passwd", ".hidden", "missing.bin", "link.bin", "huge.bin"])
def test_an_image_is_a_plain_file_of_the_firmware_folder(firmware_folder: Path, name: str) -> None:
    (firmware_folder / "link.bin").symlink_to("/etc/passwd")
    with (firmware_folder / "huge.bin").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises((ValueError, OSError)):
        content_of({"file": name})


def test_a_light_test_is_shown_and_put_right_again(cabinet: Cabinet) -> None:
    cabinet.polled()
    cabinet.until(lambda: cabinet.truth()["light"]["green"] > 0)
    assert wished(cabinet, Kind.TEST_LIGHT).state == "done"
    assert (cabinet.truth()["light"]["red"], cabinet.truth()["light"]["green"]) == (255, 0)
    cabinet.until(lambda: cabinet.truth()["light"]["green"] > 0)


def test_a_self_test_and_a_restart_say_how_it_went(cabinet: Cabinet) -> None:
    cabinet.polled()
    assert wished(cabinet, Kind.SELF_TEST, timeout_s=30.0).result == "The self test passed."
    assert wished(cabinet, Kind.RESTART_BOARD).state == "done"
    cabinet.until(lambda: cabinet.truth()["controller"]["resets"] > 0)


def test_latches_of_a_board_are_cleared_on_a_wish(cabinet: Cabinet) -> None:
    cabinet.polled()
    cabinet.bench("/estop", {"pressed": True})
    cabinet.until(lambda: "EmergencyStop" in connector().board_faults)
    assert wished(cabinet, Kind.CLEAR_FAULTS).state == "failed"
    cabinet.bench("/estop", {"pressed": False})
    assert wished(cabinet, Kind.CLEAR_FAULTS).state == "done"
    cabinet.until(lambda: "EmergencyStop" not in connector().board_faults)


def test_the_oldest_dumps_are_dropped() -> None:
    row = Controller.objects.create(
        line_path="l",
        baud_rate=1,
        driver_name="native",
        unit=1,
        board_serial="S",
        board_index=1,
        connector_number=1,
        found_at=now().at,
    )
    folder = Path(settings.DATA_DIR) / "dumps"
    for size in range(1, KEPT_EACH + 3):
        Dump.objects.create(controller=row, fetched_at=now().at, file_name=f"old-{size}.bin", size_bytes=size)
        folder.mkdir(exist_ok=True)
        (folder / f"old-{size}.bin").write_bytes(b"x" * size)
    assert keep_dump(1, b"DMP1", now()).endswith(", 4 bytes.")
    assert Dump.objects.count() == KEPT_EACH
    assert not (folder / "old-1.bin").exists()
    assert not list(folder.glob("*.part"))
