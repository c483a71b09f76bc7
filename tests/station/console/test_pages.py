"""Pages with rows in them, some of which were written by somebody who means harm."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from charging import journal, services
from charging.admin.cards import csv_cell
from charging.admin.curve import MOST_POINTS, ceiling_of, curve_of
from charging.id_tags import canonical_id_tag, refusal_of_uid, reversed_uid
from charging.models import Card, CardGroup, ChargingSession, JournalEntry, MeterSample, Station, Transaction
from hardware.models import Controller, Dump

pytestmark = [pytest.mark.django_db(databases=["default", "logs"]), pytest.mark.usefixtures("outlets")]

SCRIPT = "<script>alert(1)</script>"
BEGIN = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def history() -> Transaction:
    """One session of an hour with one sample a minute."""
    session = ChargingSession.objects.create(connector_id=1, opened_at=BEGIN, closed_at=BEGIN + timedelta(hours=1))
    transaction = Transaction.objects.create(
        session=session,
        connector_id=1,
        id_tag="04A2B3C4",
        started_at=BEGIN,
        meter_start_wh=1000,
        stopped_at=BEGIN + timedelta(hours=1),
        meter_stop_wh=12_345,
        stop_reason="Local",
    )
    MeterSample.objects.bulk_create(
        MeterSample(
            transaction_id=transaction.pk,
            at=BEGIN + timedelta(minutes=minute),
            register_wh=1000 + minute * 180,
            power_w=11_000,
            current_a=16.0,
            limit_w=22_080,
        )
        for minute in range(60)
    )
    return transaction


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def test_it_shows_the_station_now_and_renews_the_same_parts(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, "/console/")
    parts = json.loads(text_of(at_cabinet, "/console/now/"))["parts"]
    assert set(parts) == {"now-station", "now-connections", "now-journal", "now-1", "now-2", "asks-1", "asks-2"}
    assert all(f'id="{name}"' in page for name in parts)
    assert "Not polled" in parts["now-1"]


def test_it_speaks_russian(at_cabinet: Client) -> None:
    page = at_cabinet.get("/console/", headers={"Accept-Language": "ru"}).content.decode()
    assert "Станция сейчас" in page
    assert "Аварийная остановка" in page


def test_it_keeps_the_emergency_stop_on_the_page_when_the_record_cannot_be_read(
    at_cabinet: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable() -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr("station.console.now.snapshot", unreadable)
    page = text_of(at_cabinet, "/console/")
    assert "/ask/emergency_stop/" in page
    assert "No connector has been found" not in page


def test_it_asks_no_other_host_for_anything(at_cabinet: Client) -> None:
    page = text_of(at_cabinet, "/console/")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_it_says_that_the_emergency_stop_is_latched(at_cabinet: Client) -> None:
    services.emergency_stop("boris")
    assert "Emergency stop is latched." in text_of(at_cabinet, "/console/")


def test_it_shows_a_transaction_with_its_curve(at_cabinet: Client, history: Transaction) -> None:
    page = text_of(at_cabinet, f"/console/charging/transaction/{history.pk}/change/")
    assert page.count('<polyline class="curve-power"') == 1
    assert "11.35" in page or "11.34" in page
    session = text_of(at_cabinet, f"/console/charging/chargingsession/{history.session_id}/change/")
    assert '<polyline class="curve-power"' in session


def test_it_draws_hostile_and_huge_samples_within_the_picture() -> None:
    samples = [
        MeterSample(at=BEGIN + timedelta(seconds=n), power_w=(-1) ** n * 10**9, limit_w=0, soc_percent=900.0)
        for n in range(5000)
    ]
    picture = curve_of(samples)
    points = picture.split('curve-power" points="')[1].split('"')[0].split()
    assert len(points) <= MOST_POINTS + 1
    assert all(0 <= float(y) <= 220 for y in (point.split(",")[1] for point in points))
    assert curve_of(samples[:1]) == ""


@pytest.mark.parametrize(("power_w", "ceiling_w"), [(0, 1000), (1001, 2000), (22_080, 25_000), (150_001, 200_000)])
def test_it_chooses_round_axes(power_w: int, ceiling_w: float) -> None:
    assert ceiling_of(power_w) == ceiling_w


PAGES = [
    "/console/charging/connector/",
    "/console/charging/connector/1/change/",
    "/console/charging/chargingsession/",
    "/console/charging/transaction/",
    "/console/charging/journalentry/",
    "/console/charging/card/",
    "/console/charging/cardgroup/",
    "/console/charging/wish/",
    "/console/charging/station/1/change/",
    "/console/kiosk/face/1/change/",
    "/console/hardware/controller/",
    "/console/hardware/dump/",
    "/console/station/person/",
    "/console/configuration/",
    "/console/",
]


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.usefixtures("history")
def test_it_shows_hostile_rows_as_text(remote: Client, address: str) -> None:
    group = CardGroup.objects.create(parent_id_tag="G", name=SCRIPT)
    Card.objects.create(id_tag="<img/src=x>", label=SCRIPT, group=group)
    journal.record("CardPresented", connector_number=1, who=SCRIPT, id_tag=SCRIPT)
    services.wish("test_light", 1, who=SCRIPT)
    Station.objects.filter(pk=1).update(name=SCRIPT)
    Controller.objects.create(
        line_path=SCRIPT, baud_rate=1, driver_name=SCRIPT, unit=1, board_serial="S1", board_index=1, model=SCRIPT,
        connector_number=1, problem=SCRIPT, identity={"vendor": SCRIPT}, found_at=BEGIN,
    )  # fmt: skip
    page = text_of(remote, address)
    assert SCRIPT not in page
    assert "<img/src" not in page


INJECTIONS = [
    "?password__startswith=a",
    "?connector__facts__contains=x",
    "?o=1);DROP TABLE charging_card--",
    "?q=%00",
    "?q=' OR 1=1 --",
    "?outlet=1 OR 1=1",
    "?what=' UNION SELECT password FROM station_person --",
    "?p=999999999999999999999",
    "?p=-1",
    "?at__gte=tomorrow",
    "?opened_at__gte=9999-99-99",
    "?e=1",
    "?all=",
    "?id__in=1,2,3,x",
]


@pytest.mark.parametrize("query", INJECTIONS)
def test_it_answers_injected_filters_without_effect(at_cabinet: Client, query: str) -> None:
    Card.objects.create(id_tag="04A2B3C4")
    for rows in ("journalentry", "transaction", "chargingsession", "card", "wish", "connector"):
        answer = at_cabinet.get(f"/console/charging/{rows}/{query}")
        assert answer.status_code in {200, 302, 400}, (rows, answer.status_code)
    assert Card.objects.get().id_tag == "04A2B3C4"


@pytest.mark.parametrize("rows", ["connector", "chargingsession", "transaction", "journalentry", "wish"])
@pytest.mark.usefixtures("history")
def test_it_lets_not_even_a_superuser_forge_facts(at_cabinet: Client, rows: str) -> None:
    services.wish("test_light", 1, who="anna")
    for address in ("add/", "1/delete/"):
        assert at_cabinet.post(f"/console/charging/{rows}/{address}", {"post": "yes"}).status_code == 403
    answer = at_cabinet.post(f"/console/charging/{rows}/1/change/", {"id_tag": "FORGED", "meter_stop_wh": "0"})
    assert answer.status_code in {200, 403}
    assert not Transaction.objects.filter(id_tag="FORGED").exists()


def test_it_opens_a_journal_of_a_hundred_thousand_rows_without_counting_them(at_cabinet: Client) -> None:
    rows = [JournalEntry(at=BEGIN, kind="PluggedIn", connector_number=1) for _ in range(100_000)]
    JournalEntry.objects.bulk_create(rows, batch_size=5000)
    with CaptureQueriesContext(connection) as queries:
        began_s = time.process_time()  # the work, however busy the machine is
        text_of(at_cabinet, "/console/charging/journalentry/")
        lasted_s = time.process_time() - began_s
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "journalentry" in query["sql"]]
    assert all("LIMIT" in sql for sql in counts)
    assert lasted_s < 2.0


def test_it_changes_settings_through_the_services_with_the_technicians_name(at_cabinet: Client) -> None:
    Station.objects.get_or_create(pk=1)
    form = {
        "name": "North", "support_phone": "112", "messenger_url": "", "authorization_mode": "card",
        "free_id_tag": "FREE", "site_limit_w": "60000", "sample_interval_s": "60", "connection_timeout_s": "60",
        "resume_within_s": "600", "has_screen": "true", "has_reader": "unknown", "emergency": "on",
    }  # fmt: skip
    assert at_cabinet.post("/console/charging/station/1/change/", form).status_code == 302
    entry = JournalEntry.objects.get(kind="SettingsChanged")
    assert (entry.who, entry.body["changes"]["site_limit_w"]) == ("anna", ["150000", "60000"])
    assert not Station.objects.get(pk=1).emergency
    wrong = at_cabinet.post("/console/charging/station/1/change/", {**form, "site_limit_w": "-5", "name": ""})
    assert wrong.status_code == 200
    assert Station.objects.get(pk=1).site_limit_w == 60_000


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("04:a2:b3:c4", "04A2B3C4"), ("04-A2-B3-C4-D5-E6-F7", "04A2B3C4D5E6F7"), ("fleet-7", "FLEET-7"), (" ab ", "AB")],
)
def test_it_keeps_one_canonical_form_of_a_card(at_cabinet: Client, typed: str, kept: str) -> None:
    assert canonical_id_tag(typed) == kept
    answer = at_cabinet.post("/console/charging/card/add/", {"id_tag": typed, "role": "ev_driver"})
    assert answer.status_code == 302
    assert Card.objects.get().id_tag == kept
    entry = JournalEntry.objects.get(kind="CardChanged")
    assert (entry.who, entry.body["old"], entry.body["id_tag"]) == ("anna", None, kept)


def test_it_refuses_numbers_that_change_at_every_tap_and_the_same_card_twice(at_cabinet: Client) -> None:
    assert refusal_of_uid("08A2B3C4") != ""
    assert refusal_of_uid("08A2B3C4D5E6F7") == ""
    Card.objects.create(id_tag="04A2B3C4")
    for typed in ("08A2B3C4", "04:a2:b3:c4"):
        assert at_cabinet.post("/console/charging/card/add/", {"id_tag": typed, "role": "ev_driver"}).status_code == 200
    assert Card.objects.count() == 1


def test_it_turns_a_number_into_the_other_byte_order() -> None:
    assert reversed_uid("04A2B3C4") == "C4B3A204"
    assert reversed_uid("FREE") == ""


def test_it_journals_a_deleted_card(at_cabinet: Client) -> None:
    card = Card.objects.create(id_tag="04A2B3C4", label="Anna")
    at_cabinet.post(f"/console/charging/card/{card.pk}/delete/", {"post": "yes"})
    assert JournalEntry.objects.get(kind="CardRemoved").body["label"] == "Anna"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", FORMULAS)
def test_it_exports_no_formula(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


def test_it_exports_cards_that_a_spreadsheet_may_open(at_cabinet: Client) -> None:
    Card.objects.create(id_tag="=CMD|A", label='=1+1, "quoted"')
    answer = at_cabinet.get("/console/charging/card/export.csv")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[1][:2] == ["'=CMD|A", '\'=1+1, "quoted"']
    assert JournalEntry.objects.get(kind="CardsExported").who == "anna"


def upload(client: Client, content: bytes, name: str = "station.json") -> str:
    answer = client.post("/console/configuration/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_the_differences_first_and_applies_them_when_confirmed(at_cabinet: Client) -> None:
    document = json.dumps({"station": {"name": "West"}})
    page = upload(at_cabinet, document.encode())
    assert "station.name" in page
    assert Station.objects.get(pk=1).name != "West"
    assert at_cabinet.post("/console/configuration/", {"document": document}).status_code == 302
    assert Station.objects.get(pk=1).name == "West"
    entry = JournalEntry.objects.get(kind="ConfigurationChanged")
    at_cabinet.post(f"/console/configuration/revert/{entry.pk}/")
    assert Station.objects.get(pk=1).name == "Energy Station"


@pytest.mark.parametrize(
    "content",
    [b"\x00\xff", b'{"station": {"name": "<script>alert(1)</script>", "x": 1}}', b"[" * 99_999, b"{}" * 2_000_000],
)
def test_it_lists_what_is_wrong_with_an_upload_and_applies_nothing(at_cabinet: Client, content: bytes) -> None:
    page = upload(at_cabinet, content, name="../../etc/cron.d/x")
    assert "Nothing was applied" in page
    assert SCRIPT not in page
    assert not JournalEntry.objects.filter(kind="ConfigurationChanged").exists()


def test_it_judges_a_confirmed_document_anew(at_cabinet: Client) -> None:
    answer = at_cabinet.post("/console/configuration/", {"document": '{"station": {"name": ""}}'})
    assert "station.name" in answer.content.decode()


def test_n17_it_shows_that_a_password_is_set_and_not_which(at_cabinet: Client) -> None:
    shown = upload(at_cabinet, b'{"central_system": {"authorization_key": "correct-horse-battery"}}')
    assert "central_system.authorization_key" in shown
    assert "******" in shown
    # What is confirmed goes back to whoever uploaded it in a field that is not shown.
    begin, hidden, rest = shown.partition('<textarea name="document" hidden>')
    assert hidden
    assert "correct-horse-battery" not in begin + rest.partition("</textarea>")[2]


def test_it_downloads_what_it_takes_back(at_cabinet: Client) -> None:
    content = at_cabinet.get("/console/configuration/station.json").content
    assert "already as the document says" in upload(at_cabinet, content)


def test_it_hands_out_no_file_beside_the_dumps(at_cabinet: Client) -> None:
    controller = Controller.objects.create(
        line_path="x", baud_rate=1, driver_name="x", unit=1, board_serial="S1", board_index=1, connector_number=1,
        found_at=BEGIN,
    )  # fmt: skip
    dump = Dump.objects.create(controller=controller, fetched_at=BEGIN, file_name="../station.sqlite3", size_bytes=1)
    assert at_cabinet.get(f"/console/hardware/dump/{dump.pk}/file/").status_code == 404
