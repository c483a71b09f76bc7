"""The owner's settings of the screen: their bounds, their journal, and their way into the console and the document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Field
from django.test import Client

from charging.models import JournalEntry
from kiosk import face, words
from kiosk.contrast import contrast
from kiosk.models import Face
from station import document as configuration
from station.document_check import SCHEMA_PATH, validate
from station.models import Person
from tests.kiosk.test_pictures import jpeg, png, svg

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
PAGE: Final = "/console/kiosk/face/1/change/"

RIGHT: Final[list[dict[str, Any]]] = [
    {"accent": "#0a5c41"},
    {"theme": "automatic", "light_from": "06:30", "light_until": "21:00"},
    {"sunlight_from": "11:00", "sunlight_until": "16:00"},
    {"open_monday": "07:00-22:00", "open_sunday": "07:00-12:00, 13:00-18:00"},
    {"open_friday": "00:00-24:00", "open_saturday": "22:00-02:00"},
    {"message": "Closed for repairs on Friday <b>", "message_until": "2027-01-31"},
    {"billing": "billed", "billed_by": "Stadtwerke"},
    {"billing": "free"},
    {"message_en": "Closed", "message_zh": "关闭", "cost": "0.45 € per kWh", "cost_de": "0,45 € je kWh"},
    {"language": "ru", "lower_reach": True, "seen_over_network": False},
    {"sound_percent": 0, "night_percent": 100, "night_from": "", "night_until": ""},
]
WRONG: Final[list[tuple[dict[str, Any], str]]] = [
    ({"accent": "#5df2b0"}, "accent"),
    ({"accent": "#777777"}, "accent"),
    ({"accent": "red"}, "accent"),
    ({"accent": "#0A5C41"}, "accent"),
    ({"accent": ""}, "accent"),
    ({"theme": "pink"}, "theme"),
    ({"light_from": "7:00"}, "light_from"),
    ({"light_from": "24:00"}, "light_from"),
    ({"light_from": ""}, "light_until"),
    ({"sunlight_from": "11:00"}, "sunlight_until"),
    ({"open_monday": "7-22"}, "open_monday"),
    ({"open_monday": "closed"}, "open_monday"),
    ({"open_monday": "13:00-18:00, 07:00-12:00"}, "open_monday"),
    ({"open_monday": "07:00-12:00, 11:00-18:00"}, "open_monday"),
    ({"open_monday": "22:00-02:00, 03:00-04:00"}, "open_monday"),
    ({"open_monday": "07:00-22:00,"}, "open_monday"),
    ({"message": "x" * 161}, "message"),
    ({"message_zh": "充" * 161}, "message_zh"),
    ({"cost_fr": "x" * 81}, "cost_fr"),
    ({"message_until": "2027-02-30"}, "message_until"),
    ({"billing": "billed"}, "billed_by"),
    ({"billing": "billed", "billed_by": "  "}, "billed_by"),
    ({"billing": "cheap"}, "billing"),
    ({"language": "xx"}, "language"),
    ({"idle_after_min": 0}, "idle_after_min"),
    ({"sound_percent": 101}, "sound_percent"),
    ({"night_percent": -1}, "night_percent"),
    ({"logo": "../../etc/passwd"}, "logo"),
    ({"logo": f"{'0' * 32}.svg"}, "logo"),
    ({"idle_picture": f"{'0' * 32}.jpg"}, "idle_picture"),
]


@pytest.mark.parametrize("columns", RIGHT, ids=str)
def test_it_takes_settings_and_journals_what_they_were(columns: dict[str, Any]) -> None:
    before = face.columns_of(face.face_row())
    face.change_face("anna", **columns)
    assert face.columns_of(face.face_row()) == before | columns
    entry = JournalEntry.objects.get(kind="SettingsChanged")
    moved = {name: [str(before[name]), str(value)] for name, value in columns.items() if before[name] != value}
    assert (entry.who, entry.body["changes"]) == ("anna", moved)


@pytest.mark.parametrize(("columns", "wrong"), WRONG, ids=str)
def test_it_refuses_what_is_out_of_bounds_and_changes_nothing(columns: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        face.change_face("anna", **columns)
    assert list(refused.value.message_dict) == [wrong]
    assert all(sentence.endswith(".") for sentence in refused.value.messages)
    assert not Face.objects.exists()
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(("columns", "wrong"), WRONG, ids=str)
def test_it_names_the_same_places_in_a_document(columns: dict[str, Any], wrong: str) -> None:
    assert [problem.path for problem in validate({"face": columns})] == [f"face.{wrong}"]


def test_it_reverts_a_face_that_a_document_set() -> None:
    logo = face.keep_picture(svg())
    face.change_face("anna", logo=logo, message="Welcome")
    entry = configuration.apply({"face": {"logo": "", "accent": "#0a5c41", "message_until": "2027-01-31"}}, "anna")
    assert entry is not None
    assert configuration.export()["face"]["message_until"] == "2027-01-31"
    configuration.apply({"face": {"message": "Later"}}, "boris")
    configuration.revert(entry, "clara")
    told = configuration.export()["face"]
    assert (told["logo"], told["accent"], told["message_until"]) == (logo, "#0f3fae", None)
    assert told["message"] == "Later"
    assert configuration.apply(configuration.export(), "anna") is None


def test_it_has_the_same_bounds_in_the_schema_as_in_the_database() -> None:
    definitions = json.loads(SCHEMA_PATH.read_text())["$defs"]
    rules = definitions["face"]["properties"]
    assert set(rules) == set(face.COLUMNS) == {field.name for field in Face._meta.concrete_fields} - {"id"}
    for name, rule in rules.items():
        field = Face._meta.get_field(name)
        assert isinstance(field, Field)
        known = definitions.get(rule.get("$ref", "").rpartition("/")[2], {}) | rule
        for kind, bound in ((MinValueValidator, "minimum"), (MaxValueValidator, "maximum")):
            limits = [v.limit_value for v in field.validators if isinstance(v, kind)]
            assert bound not in known or known[bound] in limits, name
        assert known.get("maxLength", field.max_length) == field.max_length, name
        if "enum" in known:
            assert sorted(known["enum"]) == sorted(value for value, _label in field.choices or ()), name


def test_it_gives_the_page_little_and_whole() -> None:
    assert face.shown()["opening"] == []
    face.change_face("anna", open_tuesday="07:00-22:00", message="x" * 160, message_ru="ы" * 160)
    shown = face.shown()
    assert shown["opening"] == ["", "07:00-22:00", "", "", "", "", ""]
    assert set(shown) == set(face.FaceShown.__annotations__)
    face.change_face("anna", message="", message_ru="")
    assert len(json.dumps(face.shown())) < 700


def test_it_tells_the_page_each_text_in_the_languages_that_have_one() -> None:
    face.change_face("anna", message="Hello", message_ru="Привет", cost_de="0,45 € je kWh")
    shown = face.shown()
    assert shown["message"] == {"": "Hello", "ru": "Привет"}
    assert shown["cost"] == {"de": "0,45 € je kWh"}


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
def test_it_knows_how_well_a_colour_is_read(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == pytest.approx(ratio, abs=0.01)


# --- the console -------------------------------------------------------------------------------------


@pytest.fixture
def anna() -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(Person.objects.create_superuser("anna", password="correct horse"))
    return client


def form_of(**changes: Any) -> dict[str, Any]:
    columns = face.columns_of(face.face_row())
    kept = {name: value for name, value in columns.items() if value not in {None, False} and name not in face.PICTURES}
    return kept | changes


def test_it_is_set_in_the_console_with_the_technicians_name(anna: Client) -> None:
    assert anna.get("/console/kiosk/face/", follow=True).status_code == 200
    logo = SimpleUploadedFile("<script>.exe", svg(), content_type="text/html")
    idle = SimpleUploadedFile("idle.jpg", jpeg())
    answer = anna.post(PAGE, form_of(theme="dark", logo_file=logo, idle_picture_file=idle))
    assert answer.status_code == 302
    row = face.face_row()
    assert (row.theme, row.logo[-4:], row.idle_picture[-4:]) == ("dark", ".svg", ".jpg")
    entry = JournalEntry.objects.get(kind="SettingsChanged")
    assert (entry.who, sorted(entry.body["changes"])) == ("anna", ["idle_picture", "logo", "theme"])
    assert f"/kiosk/picture/{row.logo}" in anna.get(PAGE).content.decode()
    assert anna.post(PAGE, form_of(logo_removed="on")).status_code == 302
    assert (face.face_row().logo, face.face_row().idle_picture) == ("", row.idle_picture)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"accent": "#5df2b0"}, "hard to read"),
        ({"logo_file": ("a.svg", svg("<script>1</script>"))}, "can do more than be looked at"),
        ({"logo_file": ("a.jpg", jpeg())}, "A logo is an SVG or a PNG file"),
        ({"idle_picture_file": ("a.png", png(width=5000))}, "make it smaller"),
        ({"open_monday": "always"}, "These are no hours"),
    ],
    ids=["accent", "script", "jpeg", "wide", "hours"],
)
def test_it_tells_a_technician_what_is_wrong(anna: Client, changes: dict[str, Any], sentence: str) -> None:
    files = {name: SimpleUploadedFile(*told) if isinstance(told, tuple) else told for name, told in changes.items()}
    answer = anna.post(PAGE, form_of(**files))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Face.objects.exists()


def test_nobody_without_the_right_sees_or_changes_it() -> None:
    client = Client(headers={"host": "localhost"})
    client.force_login(Person.objects.create_user("boris", password="correct horse", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, form_of(theme="dark")).status_code == 403


def test_it_is_described_where_the_document_is() -> None:
    told = (Path(words.__file__).parent.parent / "docs" / "configuration.md").read_text("utf-8")
    assert [name for name in face.COLUMNS if f'"{name}"' not in told] == []
