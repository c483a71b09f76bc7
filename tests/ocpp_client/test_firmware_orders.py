"""Orders of firmware: from every state they go on after a kill, and what they do with files, boards and each other."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from charging import services
from charging.clock import now
from charging.models import JournalEntry, Wish
from charging.services import BoardOfConnectors
from ocpp_client.firmware import files, holding, orders, trust, updating
from ocpp_client.firmware.files import Unusable, judge
from ocpp_client.firmware.orders import Order, State
from ocpp_client.incoming import firmware as incoming
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import FirmwareUpdate
from ocpp_client.orders import place_of
from ocpp_client.trace import masked_of
from ocpp_client.transfers.asking import Servers
from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.worker_step import _forget_orders
from tests.central_system import CentralSystem
from tests.charging.rows import AC, add_connectors, connector
from tests.hardware.firmware_images import SOCKET, firmware_image
from tests.ocpp_client.clients import client_of
from tests.ocpp_client.firmware_orders import (
    IMAGE,
    LOCATION,
    OLD,
    Boards,
    described,
    newest,
    order,
    shelf,
    signed_order,
)
from tests.ocpp_client.manufacturers import Manufacturer

pytestmark = pytest.mark.django_db(databases=["default", "logs"])

MAKER = Manufacturer()
STATES = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]


@pytest.fixture
def two_boards() -> None:
    add_connectors(AC, AC)
    described()
    Row.objects.create(pk=1, enabled=True, primary_url="ws://central.example/ocpp", charge_point_id="CP1")


class Run:
    """The steps as `carry_on` takes them, one at a time; nothing is remembered from one to the next."""

    def __init__(self, content: bytes = IMAGE) -> None:
        self.content = content
        self.boards = Boards()

    def step(self, *, killed: bool = False) -> None:
        """One step; *killed*: what it does outside of the rows is done, and the end of it comes before they know."""
        work, _again_s = updating.next_step(now())
        if isinstance(work, updating.Download):
            work.into.write_bytes(self.content)
            if not killed:
                updating._downloaded(work, None)
        elif isinstance(work, updating.Verification) and not killed:
            updating._verified(work, updating._wrong_with(work))
        if not killed:
            self.boards.carry_out()

    def to_the_end(self) -> FirmwareUpdate:
        for _ in range(30):
            if newest().ended_at:
                return newest()
            self.step()
        raise AssertionError(f"{newest()} has not ended")


def ordered(*, signed: bool = True) -> None:
    """Taken in hand, by the answer to the central system."""
    if not signed:
        assert incoming.update_firmware(order()) == {}
        return
    assert incoming.take_signed(signed_order(MAKER.signer()), trust.Verdict()) == {"status": "Accepted"}


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize("steps", range(11))
def test_a_kill_between_any_two_steps_costs_that_step(steps: int) -> None:
    """F2: every state once, each board asked once, every connector back in service."""
    ordered()
    for _ in range(steps):
        Run().step()
    Run().step(killed=True)
    assert Run().to_the_end().untold.split(",") == STATES
    assert Wish.objects.count() == 2
    assert {board.firmware for board in services.boards()} == {"2.0.1"}
    assert not any(connector(number).inoperative for number in (1, 2))
    updating.next_step(now())
    assert list(files.folder().iterdir()) == []


@pytest.mark.django_db(transaction=True, databases=["default", "logs"])
@pytest.mark.parametrize("state", ["DownloadScheduled", "Downloading", "Downloaded", "SignatureVerified", "Installing"])
def test_a_client_that_starts_anew_goes_on_from_every_state(central: CentralSystem, state: str) -> None:
    """What was told before the kill is not told again."""
    add_connectors(AC)
    described()
    Row.objects.create(pk=1, enabled=True, primary_url=central.url, charge_point_id=central.identity)
    ordered()
    while newest().state != state:
        Run().step()
    before = [each for each in newest().untold.split(",") if each]
    FirmwareUpdate.objects.update(untold="", told=before[-1] if before else "")
    with shelf(file=IMAGE), Boards().at_work(), client_of(central):
        central.wait("SignedFirmwareStatusNotification", status="Installed")
        frames = central.frames("SignedFirmwareStatusNotification")
        assert before + [frame.payload["status"] for frame in frames] == STATES


@pytest.mark.usefixtures("two_boards")
def test_a_board_that_says_done_and_runs_what_it_ran_is_not_called_installed() -> None:
    ordered(signed=False)
    run = Run()
    run.boards.lazy = {1}
    ended = run.to_the_end()
    assert (ended.state, ended.reason) == ("InstallationFailed", "Board SN-1 says that it runs 1.4.2, not 2.0.1.")
    assert not JournalEntry.objects.filter(kind="SecurityEvent", body__event="FirmwareUpdated").exists()


@pytest.mark.usefixtures("two_boards")
def test_a_board_that_has_changed_is_said_to_have_though_the_next_one_fails() -> None:
    ordered(signed=False)
    run = Run()
    run.boards.broken = {2: "It has no supply."}
    assert (run.to_the_end().state, newest().reason) == ("InstallationFailed", "Board SN-2: It has no supply.")
    told = JournalEntry.objects.get(kind="SecurityEvent", body__event="FirmwareUpdated")
    assert told.body["about"] == "Board SN-1: 1.4.2 -> 2.0.1"


def bundle(name: str = files.RELEASE, described: object = None) -> bytes:
    """A software bundle, or something that looks a little like one."""
    content = json.dumps({"version": "1.2.0"} if described is None else described).encode()
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return held.getvalue()


BOARDS = [
    BoardOfConnectors(serial="SN-1", connectors={1: OLD}),
    BoardOfConnectors(serial="SN-2", connectors={2: replace(OLD, model=SOCKET), 3: OLD}),
]
UPDATED = [BoardOfConnectors(serial="SN-1", connectors={1: replace(OLD, firmware="2.0.1")})]
ANOTHER_KIND = "The file is neither an image of controller firmware (it would begin with NFW1) nor a bundle"


@pytest.mark.parametrize(
    ("content", "boards", "why"),
    [
        (
            bundle(),
            BOARDS,
            "a bundle of the station's own software, version 1.2.0: this version of the software cannot",
        ),
        (bundle("../../etc/passwd"), BOARDS, ANOTHER_KIND),
        (bundle(described=["version"]), BOARDS, ANOTHER_KIND),
        (bundle()[:40], BOARDS, ANOTHER_KIND),
        (b"", BOARDS, ANOTHER_KIND),
        (b"#!/bin/sh\nreboot\n", BOARDS, ANOTHER_KIND),
        (IMAGE[:-1], BOARDS, "1499 follow: it was changed"),
        (
            firmware_image("Somebody else's"),
            BOARDS,
            "No controller of this station takes it. The image is for Somebody",
        ),
        (firmware_image(revisions=(7, 9)), BOARDS, "the board has 2"),
        (IMAGE, UPDATED, "Every controller that it is for runs 2.0.1 already."),
        (IMAGE, [], "The station has no controller that takes firmware."),
    ],
)
def test_a_file_that_cannot_be_installed_is_named(
    tmp_path: Path, content: bytes, boards: list[BoardOfConnectors], why: str
) -> None:
    file = tmp_path / "update.bin"
    file.write_bytes(content)
    with pytest.raises(Unusable) as unusable:
        judge(file, boards)
    assert why in str(unusable.value)


def test_each_board_is_asked_through_one_connector_that_the_image_is_for(tmp_path: Path) -> None:
    file = tmp_path / "update.bin"
    file.write_bytes(IMAGE)
    assert judge(file, BOARDS).boards == {"SN-1": 1, "SN-2": 3}


def test_what_is_too_large_to_be_an_image_is_not_read_into_memory(tmp_path: Path) -> None:
    file = tmp_path / "update.bin"
    with file.open("wb") as opened:
        opened.write(b"NFW1")
        opened.truncate(300 * 1024 * 1024)
    with pytest.raises(Unusable, match="neither an image"):
        judge(file, BOARDS)


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize(
    ("content", "states"),
    [(bundle(), "Installing,InstallationFailed"), (IMAGE[:-1], "Installing,InstallationFailed")],
    ids=["a software bundle", "a damaged image"],
)
def test_plain_orders_have_no_other_word_for_what_cannot_be_installed(content: bytes, states: str) -> None:
    ordered(signed=False)
    ended = Run(content).to_the_end()
    assert ended.untold == f"Downloading,Downloaded,{states}"
    told = JournalEntry.objects.filter(kind="FirmwareUpdate")[0]
    assert told.body["why"] == ended.reason != ""


@pytest.mark.usefixtures("two_boards")
def test_nothing_begins_before_its_time_or_without_a_clock() -> None:
    moment = now()
    orders.take(Order(location=LOCATION, retrieve_at=moment.at + timedelta(hours=1)), moment)
    without_clock = replace(moment, at=datetime(2100, 6, 1, tzinfo=UTC))
    for at in (moment, without_clock):
        updating.next_step(at)
        assert newest().state == "DownloadScheduled"
    updating.next_step(replace(moment, at=moment.at + timedelta(hours=1)))
    assert newest().state == "Downloading"


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize(
    ("retries", "attempts", "interval_s", "waits_s"),
    [(None, 3, None, 60), (0, 1, 0, 0), (-5, 1, -5, 0), (4, 4, 30, 30), (10**9, 100, 10**9, 7 * 86_400)],
)
def test_retries_are_bounded(retries: int | None, attempts: int, interval_s: int | None, waits_s: int) -> None:
    asked = Order(location=LOCATION, retrieve_at=now().at, retries=retries, retry_interval_s=interval_s)
    orders.take(asked, now())
    assert (newest().attempts_left, newest().retry_interval_s) == (attempts, waits_s)


@pytest.mark.usefixtures("two_boards")
def test_between_two_attempts_it_waits_as_long_as_asked() -> None:
    orders.take(Order(location=LOCATION, retrieve_at=now().at, retries=2, retry_interval_s=60), now())
    updating.next_step(now())
    work, _again_s = updating.next_step(now())
    assert isinstance(work, updating.Download)
    updating._downloaded(work, TransferFailed(Why.UNREACHABLE, "The server is away."))
    assert (newest().state, newest().reason) == ("Downloading", "The server is away.")
    assert updating.next_step(now())[0] is None
    later = replace(now(), at=now().at + timedelta(seconds=61))
    assert isinstance(updating.next_step(later)[0], updating.Download)


@pytest.mark.usefixtures("two_boards")
def test_another_order_cancels_the_one_in_hand_and_lets_the_connectors_go() -> None:
    ordered()
    row = newest()
    holding.hold({1, 2})
    assert connector().inoperative == {holding.SOURCE}
    ordered(signed=False)
    row.refresh_from_db()
    assert (row.state, row.untold) == ("Canceled", "")
    assert connector().inoperative == frozenset()
    assert newest().state == "DownloadScheduled"


@pytest.mark.usefixtures("two_boards")
def test_what_others_hold_out_of_service_stays_so() -> None:
    services.set_availability(1, operative=False, source="technician", who="test")
    ordered(signed=False)
    Run().to_the_end()
    assert [connector(number).inoperative for number in (1, 2)] == [{"technician"}, frozenset()]


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize("gone", ["another", "none"])
def test_the_order_of_another_central_system_is_given_up(gone: str) -> None:
    ordered()
    holding.hold({1})
    if gone == "another":
        Row.objects.update(primary_url="ws://another.example/ocpp")
        orders.give_up_unless_of(place_of(Row.objects.get()))
    else:
        _forget_orders()
    assert (newest().state, newest().untold) == ("Canceled", "")
    assert connector().inoperative == frozenset()


@pytest.mark.usefixtures("two_boards")
def test_a_connector_that_nobody_holds_any_more_is_let_go() -> None:
    holding.hold({1})
    updating.next_step(now())
    assert connector().inoperative == frozenset()


@pytest.mark.usefixtures("two_boards")
def test_a_file_that_vanished_is_a_failure_and_no_crash() -> None:
    ordered(signed=False)
    for _ in range(2):
        Run().step()
    files.file_of(newest()).unlink()
    assert Run().to_the_end().state == State.INSTALLATION_FAILED


@pytest.mark.usefixtures("two_boards")
async def test_a_full_disk_is_a_failed_download() -> None:
    work = updating.Download(1, LOCATION, files.folder() / "ordered-1.part", 0, Servers())
    with shelf(file=IMAGE) as attempts:
        assert str(await updating._fetched(work)) == "There is no room for it on the disk: free some."
        assert attempts == []


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize("more", [{"location": "x" * 513}, {"retrieveDate": "2026-01-01"}])
def test_an_order_that_cannot_be_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="cannot be used"):
        incoming.update_firmware(order(**more))
    assert not FirmwareUpdate.objects.exists()


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        ('[2,"1","UpdateFirmware",{"location":"ftp:\\/\\/u:secret@h\\/x"}]', "ftp://******@h/x"),
        ('[2,"1","GetLog",{"log":{"remoteLocation":"sftp://u:secret@h"}}]', "sftp://******@h"),
        ('[2,"1","UpdateFirmware",{"location":"ftp://u:secret@h"', "******"),
    ],
    ids=["an address", "one deeper in", "a frame that cannot be read"],
)
def test_a_password_in_an_address_is_not_kept_with_the_frames(frame: str, shown: str) -> None:
    assert shown in masked_of(frame)
    assert "secret" not in masked_of(frame)
