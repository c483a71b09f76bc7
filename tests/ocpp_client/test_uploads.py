"""Uploads of diagnostics and logs: what is in them and what is not, and how they go on after a kill."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings

from charging import journal, lines, services
from charging.clock import now
from charging.domain.security import SecurityEvent
from charging.models import JournalEntry, SecurityLogEntry
from ocpp_client.errors import Refuse
from ocpp_client.incoming.diagnostics import diagnostics_order, log_order
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import Frame, Upload
from ocpp_client.orders import place_of
from ocpp_client.transfers.asking import Servers
from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.uploads import contents, files, notifications, orders, privacy, uploading
from ocpp_client.worker_step import _forget_orders
from tests.central_system import CentralSystem
from tests.charging.rows import AC, add_connectors
from tests.ocpp_client.clients import client_of
from tests.ocpp_client.transfers.servers import HERE, http_server

pytestmark = pytest.mark.django_db(databases=["default", "logs"])

LOCATION = "ftp://anna:verysecret@files.example/in/"
KEY = "correct-horse-battery"
CANDIDATE = "0123456789abcdef0123456789abcdef"
CARD = "04A2B3C4D5E6F7"
State = Upload.State


@pytest.fixture
def station() -> None:
    add_connectors(AC)
    Row.objects.create(
        pk=1, enabled=True, primary_url="ws://central.example/ocpp", charge_point_id="CP/1 é", authorization_key=KEY
    )
    Row.objects.update(candidate_key=CANDIDATE)
    journal.record("CardPresented", id_tag=CARD, connector_number=1)


def newest() -> Upload:
    found = Upload.objects.order_by("-pk").first()
    assert found is not None
    return found


def ordered(**more: Any) -> str:
    """The answer's file name."""
    row, _canceled = orders.take(diagnostics_order({"location": LOCATION, **more}), now())
    return row.file_name


# --- contents ----------------------------------------------------------------------------------------


def made() -> dict[str, str]:
    """The parts of the diagnostics of the order in hand."""
    path = files.file_of(newest())
    contents.write(newest(), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}


@pytest.mark.usefixtures("station")
def test_n28_diagnostics_say_what_happened_and_not_who_it_was() -> None:
    """N17: the password of the station is nowhere, in whatever form."""
    frame = f'[2,"1","Authorize",{{"idTag":"{CARD}","more":"wss://u:{KEY}@central.example"}}]'
    for text in (frame, frame[:-30], '[2,"1","Authorize",{"idTag":"Anna 12"}]'):
        Frame.objects.create(at=now().at, sent=True, action="Authorize", text=text)
    journal.record("ConfigurationChanged", who="anna", changes=[["cards", CARD.lower(), None, {"label": "Anna"}]])
    ordered()
    parts = made()
    everything = "".join(parts.values())
    for secret in (KEY, CANDIDATE, KEY.encode().hex(), "verysecret", CARD, CARD.lower(), "Anna 12"):
        assert secret not in everything, secret
    assert json.loads(parts["about.json"])["software"] == settings.SOFTWARE_VERSION
    entries = [json.loads(line) for line in parts["journal.jsonl"].splitlines()]
    assert [entry["id"] for entry in entries] == sorted((entry["id"] for entry in entries), reverse=True)
    assert {"…E6F7"} == {entry["body"]["id_tag"] for entry in entries if entry["kind"] == "CardPresented"}
    assert len(parts["frames.jsonl"].splitlines()) == 3
    assert json.loads(parts["configuration.json"])["ocpp_keys"]["NumberOfConnectors"] == "1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"id_tag": CARD}, {"id_tag": "…E6F7"}),
        ({"id_tag": "ab"}, {"id_tag": "…"}),
        ({"id_tag": ""}, {"id_tag": ""}),
        ({"parentIdTag": "FAMILY"}, {"parentIdTag": "…MILY"}),
        ({CARD: [1, CARD]}, {"…E6F7": [1, "…E6F7"]}),
        ("card 04A2B3C4 of Anna", "card …B3C4 of Anna"),
        ("SN-04A2B3C4D5 stays", "SN-04A2B3C4D5 stays"),
        ({"plug_starts_as": "FREE-1"}, {"plug_starts_as": "…EE-1"}),
        (
            {"section": "cards", "key": "ANNA 12", "now": None, "then": {"label": "Anna"}},
            {"section": "cards", "key": "…A 12"},
        ),
        ({"label": "Anna"}, {"label": "******"}),
        ({"energy_wh": 12_345_678}, {"energy_wh": 12_345_678}),
        ({"authorization_key": "x"}, {"authorization_key": "******"}),
        ({"password": ""}, {"password": ""}),
        ("ftp://anna:secret@files.example/", "ftp://******@files.example/"),
    ],
)
def test_n28_what_is_nobodys_business_is_hidden(value: object, shown: object) -> None:
    assert privacy.shown(value) == shown


@pytest.mark.usefixtures("station")
def test_n28_the_frames_of_the_lines_are_there_but_for_those_of_the_reader() -> None:
    frame = lines.FrameTold(at_s=1.5, direction=">", octets="0103000000", whole_bytes=5, failure="NoReply")
    trace = lines.TraceTold(reader=False, frames=[frame])
    told = [{"path": "/dev/ttyS1", "reader": False}, {"path": "/dev/ttyS2", "reader": True}]
    ordered()
    with patch.object(lines, "lines", lambda: told), patch.object(lines, "trace", lambda _path: trace):
        found = json.loads(made()["lines.json"])
    assert found["frames"] == {"/dev/ttyS1": ["1.500 > 01 03 00 00 00 NoReply"]}


@pytest.mark.usefixtures("station")
def test_n28_nothing_is_read_through_a_link(tmp_path: Path) -> None:
    dumps = Path(settings.DATA_DIR) / "dumps"
    dumps.mkdir()
    secret = tmp_path / "shadow"
    secret.write_text("root:verysecret")
    (dumps / "connector-1-a.bin").symlink_to(secret)
    os.mkfifo(dumps / "connector-1-b.bin")
    (dumps / "connector-1-c.bin").write_bytes(b"dump")
    ordered()
    assert {name for name in made() if name.startswith("dumps/")} == {"dumps/connector-1-c.bin"}


@pytest.mark.usefixtures("station")
def test_the_oldest_entries_are_left_out_of_what_becomes_too_large() -> None:
    for number in range(3 * contents.BATCH):
        journal.record("PluggedIn", connector_number=1, number=number)
    ordered()
    with patch.object(contents, "MOST_BYTES", 20_000):
        lines = made()["journal.jsonl"].splitlines()
    assert lines[-1] == contents.CUT
    assert json.loads(lines[1])["body"] == {"number": 3 * contents.BATCH - 1}
    assert sum(map(len, lines)) < 21_000


@pytest.mark.usefixtures("station")
def test_diagnostics_are_of_the_time_that_was_asked_for() -> None:
    begin = datetime(2026, 6, 1, tzinfo=UTC)
    for day in range(5):
        row = journal.record("PluggedIn", connector_number=1, day=day)
        JournalEntry.objects.filter(pk=row.pk).update(at=begin + timedelta(days=day))
    window = (begin - timedelta(days=9), begin - timedelta(hours=1))
    assert not contents.anything(Upload.Kind.DIAGNOSTICS, *window)
    assert contents.anything(Upload.Kind.DIAGNOSTICS, begin, begin + timedelta(hours=1))
    ordered(startTime="2026-06-02T00:00:00Z", stopTime="2026-06-04T02:00:00+02:00")
    entries = [json.loads(line) for line in made()["journal.jsonl"].splitlines()]
    assert [entry["body"]["day"] for entry in entries] == [3, 2, 1]


def test_the_security_log_is_of_the_time_that_was_asked_for() -> None:
    for day in (1, 2, 3):
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, f"day {day}")
    SecurityLogEntry.objects.filter(about="day 1").update(at=datetime(2026, 1, 1, tzinfo=UTC))
    log = {"remoteLocation": LOCATION, "oldestTimestamp": "2026-01-02T00:00:00Z"}
    order = log_order({"logType": "SecurityLog", "requestId": 1, "log": log})
    row, canceled = orders.take(order, now())
    assert row.file_name.startswith("security-log-station-")
    assert not canceled
    contents.write(newest(), files.file_of(newest()))
    lines = files.file_of(newest()).read_text().splitlines()
    assert [line.split("\t")[3] for line in lines] == ["day 2", "day 3"]
    assert files.file_of(newest()).stat().st_mode & 0o777 == 0o600


# --- orders ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("station")
def test_n29_the_name_of_the_file_is_ours() -> None:
    name = ordered()
    assert name.startswith("diagnostics-CP-1-2")
    assert name.endswith("Z.zip")
    assert name.isascii()
    assert files.file_of(newest()).name == f"ordered-{newest().pk}.zip"


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize("more", [{"startTime": "2026-01-01"}, {"stopTime": "yesterday"}, {"location": "x" * 513}])
def test_an_order_that_cannot_be_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Refuse):
        diagnostics_order({"location": LOCATION, **more})
    assert not Upload.objects.exists()


def attempted(*, failed: TransferFailed | None, killed: bool = False) -> None:
    """One step as `carry_on` takes it, with an upload that ends so; *killed*: before the row knows of it."""
    attempt, _again_s = uploading.next_step(now())
    if attempt is not None:
        contents.write(attempt.row, attempt.file)
        if not killed:
            uploading.ended(attempt.row.pk, failed)


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize("steps", range(3))
def test_a_kill_between_any_two_steps_costs_that_step(steps: int) -> None:
    """F2: every status once; what was put together is not kept longer than needed."""
    ordered(retries=5, retryInterval=0)
    away = TransferFailed(Why.UNREACHABLE, "The server is away.")
    for _ in range(steps):
        attempted(failed=away)
    attempted(failed=None, killed=True)
    attempted(failed=None)
    assert (newest().state, newest().untold) == (State.UPLOADED, "Uploading,Uploaded")
    assert newest().location == "ftp://******@files.example/in/"
    uploading.next_step(now())
    assert list(files.folder().iterdir()) == []


@pytest.mark.usefixtures("station")
def test_an_attempt_waits_for_its_time() -> None:
    ordered(retries=2, retryInterval=60)
    attempted(failed=TransferFailed(Why.UNREACHABLE, "The server is away."))
    assert uploading.next_step(now())[0] is None
    Upload.objects.update(due_at=now().at)
    attempted(failed=TransferFailed(Why.UNREACHABLE, "The server is still away."))
    assert (newest().state, newest().reason) == (State.UPLOAD_FAILURE, "The server is still away.")


@pytest.mark.usefixtures("station")
def test_n27_a_server_that_is_not_trusted_is_a_security_event() -> None:
    ordered(retries=1)
    attempted(failed=TransferFailed(Why.CERTIFICATE, "The certificate of files.example is not trusted."))
    event = SecurityLogEntry.objects.get()
    assert (event.event, event.about) == (
        "InvalidCentralSystemCertificate",
        "The certificate of files.example is not trusted.",
    )


@pytest.mark.usefixtures("station")
async def test_a_full_disk_is_a_failed_upload() -> None:
    def no_room() -> bool:
        return False

    row = Upload(pk=1, kind=Upload.Kind.DIAGNOSTICS, location=LOCATION, file_name="d.zip")
    attempt = uploading.Attempt(row, files.folder() / "ordered-1.zip", Servers())
    with patch.object(files, "is_room", no_room):
        failed = await uploading._uploaded(attempt)
    assert failed is not None
    assert failed.code == Why.NO_ROOM
    with patch.object(contents, "write", side_effect=OSError("No space left on device")):
        assert "could not be put together" in str(await uploading._uploaded(attempt))


@pytest.mark.usefixtures("station")
def test_an_order_of_another_central_system_is_given_up() -> None:
    ordered()
    uploading.next_step(now())
    Row.objects.update(primary_url="ws://another.example/ocpp")
    orders.give_up_unless_of(place_of(Row.objects.get()))
    assert (newest().state, newest().untold) == (State.CANCELED, "")


@pytest.mark.usefixtures("station")
def test_an_order_is_given_up_where_there_is_no_central_system_any_more() -> None:
    ordered()
    _forget_orders()
    assert newest().state == State.CANCELED
    assert notifications.notifications().due() is None


@pytest.mark.usefixtures("station")
def test_a_cancelled_order_that_ends_later_changes_nothing() -> None:
    ordered()
    first, _again_s = uploading.next_step(now())
    assert first is not None
    ordered()
    uploading.ended(first.row.pk, None)
    assert Upload.objects.get(pk=first.row.pk).state == State.CANCELED
    assert newest().state == State.ORDERED


@pytest.mark.django_db(transaction=True, databases=["default", "logs"])
@pytest.mark.parametrize("state", [State.ORDERED, State.UPLOADING])
def test_a_client_that_starts_anew_goes_on(central: CentralSystem, state: str) -> None:
    """What was told before the kill is not told again."""
    add_connectors(AC)
    Row.objects.create(pk=1, enabled=True, primary_url=central.url, charge_point_id="CP1", file_networks=HERE)
    with http_server() as server:
        row, _canceled = orders.take(diagnostics_order({"location": server.url("/in/")}), now())
        if state == State.UPLOADING:
            uploading.next_step(now())
            Upload.objects.update(untold="", told="Uploading")
        with client_of(central):
            central.wait("DiagnosticsStatusNotification", status="Uploaded", timeout_s=30.0)
            frames = central.frames("DiagnosticsStatusNotification")
        assert [frame.payload["status"] for frame in frames] == ["Uploading", "Uploaded"][state == State.UPLOADING :]
        assert f"/in/{row.file_name}" in server.files
