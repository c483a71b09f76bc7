from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Field

from charging import services
from charging.domain.capability import Capability
from charging.models import Card, CardGroup, Connector, JournalEntry, Station
from station import document as configuration
from station.document_awaited import connectors_appeared
from station.document_check import LARGEST_BYTES, SCHEMA_PATH, Invalid, Unreadable, parse, validate
from station.document_parts import STATION_COLUMNS

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
Document = dict[str, Any]


def found() -> None:
    services.connectors_found(
        [
            services.FoundConnector(
                board_serial="S1", board_index=n, connector_type="TYPE2_CABLE", capability=Capability()
            )
            for n in (1, 2)
        ]
    )


@pytest.fixture
def outlets() -> None:
    """Two connectors, A and B, as discovery finds them."""
    found()


def problems_of(document: Document) -> list[str]:
    return [problem.path for problem in validate(document)]


WRONG: list[tuple[Document, list[str]]] = [
    ({"stations": {}}, ["stations"]),
    ({"station": {"nmae": "x", "colour": 1}}, ["station.nmae", "station.colour"]),
    ({"station": []}, ["station"]),
    ({"station": {"name": ""}}, ["station.name"]),
    ({"station": {"name": "x" * 51}}, ["station.name"]),
    ({"station": {"name": "a\nb"}}, ["station.name"]),
    ({"station": {"name": "a\n"}}, ["station.name"]),
    ({"station": {"name": "\ud800"}}, ["station.name"]),
    ({"station": {"site_limit_w": -1, "sample_interval_s": -4}}, ["station.site_limit_w", "station.sample_interval_s"]),
    ({"station": {"sample_interval_s": 4}}, ["station.sample_interval_s"]),
    ({"station": {"site_limit_w": "150000"}}, ["station.site_limit_w"]),
    ({"station": {"site_limit_w": True}}, ["station.site_limit_w"]),
    ({"station": {"has_screen": "yes"}}, ["station.has_screen"]),
    ({"station": {"authorization_mode": "anything"}}, ["station.authorization_mode"]),
    ({"station": {"messenger_url": "javascript:alert(1)"}}, ["station.messenger_url"]),
    ({"station": {"free_id_tag": "Ы"}}, ["station.free_id_tag"]),
    ({"station": {"emergency": False}}, ["station.emergency"]),
    ({"cards": [{"label": "no tag"}]}, ["cards[0]"]),
    ({"cards": [{"id_tag": "x" * 21}]}, ["cards[0].id_tag"]),
    ({"cards": [{"id_tag": "AB\n"}]}, ["cards[0].id_tag"]),
    ({"cards": [{"id_tag": "AB"}, {"id_tag": "ab"}]}, ["cards[1].id_tag"]),
    ({"cards": [{"id_tag": "A", "group": "NONE"}]}, ["cards[0].group"]),
    ({"cards": [{"id_tag": "A"}, {"id_tag": "B", "valid_until": "tomorrow"}]}, ["cards[1].valid_until"]),
    ({"cards": [{"id_tag": "A", "valid_until": "2027-01-31T12:00:00"}]}, ["cards[0].valid_until"]),
    ({"cards": [{"id_tag": "A", "valid_until": "0001-01-01T00:00:00+14:00"}]}, ["cards[0].valid_until"]),
    (
        {"cards": [{"id_tag": "A", "valid_from": "2027-01-02T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}]},
        ["cards[0].valid_until"],
    ),
    ({"cards": [{"id_tag": "A", "valid_from": 5}]}, ["cards[0].valid_from"]),
    ({"cards": [{"id_tag": "A", "is_superuser": True}]}, ["cards[0].is_superuser"]),
    ({"card_groups": [{"parent_id_tag": "F"}, {"parent_id_tag": "f"}]}, ["card_groups[1].parent_id_tag"]),
    ({"connectors": [{"number": 7}]}, ["connectors[0].number"]),
    ({"connectors": [{"number": 1, "letter": "B"}]}, ["connectors[0].letter"]),
    ({"connectors": [{"number": 1, "letter": "<b>"}]}, ["connectors[0].letter"]),
    ({"connectors": [{"number": 1}, {"number": 1}]}, ["connectors[1].number"]),
    ({"ocpp_keys": {"NumberOfConnectors": "60"}}, ["ocpp_keys.NumberOfConnectors"]),
    ({"version": 2}, ["version"]),
    # A mistake in the shape hides no mistake in the sense, neither beside it nor in the same row.
    (
        {
            "station": {"name": "", "messenger_url": "javascript:alert(1)"},
            "cards": [{"id_tag": "x y", "valid_until": "tomorrow"}, 7, {"id_tag": "AB"}, {"id_tag": "ab"}],
            "connectors": [{"number": 0, "letter": "A"}, {"number": 7}],
            "ocpp_keys": {"NumberOfConnectors": "60"},
        },
        [
            *("station.name", "cards[0].id_tag", "cards[1]", "connectors[0].number"),
            *("station.messenger_url", "cards[3].id_tag", "cards[0].valid_until", "connectors[1].number"),
            "ocpp_keys.NumberOfConnectors",
        ],
    ),
    ({"cards": 1, "card_groups": 2, "connectors": 3}, ["card_groups", "cards", "connectors"]),
]


@pytest.mark.usefixtures("outlets")
@pytest.mark.parametrize(("document", "paths"), WRONG, ids=[json.dumps(row[0])[:60] for row in WRONG])
def test_it_names_every_wrong_place_and_applies_nothing(document: Document, paths: list[str]) -> None:
    assert problems_of(document) == paths
    before = configuration.export()
    with pytest.raises(Invalid) as refused:
        configuration.apply(
            {**document, "station": {"support_phone": "1", **document["station"]}}
            if isinstance(document.get("station"), dict)
            else document,
            "anna",
        )
    assert all(problem.sentence.endswith(".") for problem in refused.value.problems)
    assert configuration.export() == before
    assert not JournalEntry.objects.filter(kind=configuration.KIND).exists()


def test_it_stops_listing_after_two_hundred_problems() -> None:
    problems = validate({"cards": [{"id_tag": ""} for _ in range(1000)]})
    assert (len(problems), problems[-1].path) == (201, "")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe{}",
        b'{"station": {"name": NaN}}',
        b'{"version": 1, "version": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"station": {"site_limit_w": ' + b"9" * 5000 + b"}}",
        b" " * (LARGEST_BYTES + 1),
    ],
    ids=["empty", "list", "null", "cut", "utf-16", "NaN", "twice", "deep list", "deep object", "huge number", "large"],
)
def test_it_says_in_one_sentence_why_bytes_are_no_document(raw: bytes) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        parse(raw)


def test_it_shows_hostile_text_without_control_characters() -> None:
    (problem,) = validate({"\x1b[31m" + "k" * 100: 1})
    assert problem.path == "�[31m" + "k" * 35 + "…"


@pytest.mark.usefixtures("outlets")
def test_it_exports_what_it_accepts_and_applying_that_changes_nothing() -> None:
    group = CardGroup.objects.create(parent_id_tag="family", name="Family")
    Card.objects.create(id_tag="04a2", group=group, valid_until=datetime(2030, 1, 1, tzinfo=UTC), label="Anna")
    document = parse(configuration.written(configuration.export()).encode())
    assert document == configuration.export()
    assert validate(document) == []
    assert configuration.difference(document) == []
    assert configuration.apply(document, "anna") is None


FULL: Document = {
    "version": 1,
    "station": {"name": "North", "site_limit_w": 60_000, "authorization_mode": "none", "has_screen": False},
    "card_groups": [{"parent_id_tag": "FAMILY"}],
    "cards": [{"id_tag": "04a2", "group": "family", "label": "Anna"}, {"id_tag": "04A3", "role": "technician"}],
    "connectors": [{"number": 1, "letter": "L"}, {"number": 2, "availability": "Inoperative"}],
    "ocpp_keys": {},
}


@pytest.mark.usefixtures("outlets")
def test_it_applies_every_section_and_journals_what_was_and_what_is() -> None:
    Card.objects.create(id_tag="OLD", label="gone after this")
    entry_id = configuration.apply(FULL, "anna")
    station = Station.objects.get(pk=1)
    assert (station.name, station.site_limit_w, station.has_screen) == ("North", 60_000, False)
    assert list(Card.objects.order_by("id_tag").values_list("id_tag", "group__parent_id_tag", "role")) == [
        ("04A2", "FAMILY", "ev_driver"),
        ("04A3", None, "technician"),
    ]
    assert Connector.objects.get(pk=1).letter == "L"
    assert Connector.objects.get(pk=2).facts["inoperative"] == ["technician"]
    assert entry_id is not None
    entry = JournalEntry.objects.get(pk=entry_id)
    assert entry.who == "anna"
    changed = {(row["section"], row["key"]): (row["now"], row["then"]) for row in entry.body["changes"]}
    assert changed["station", "site_limit_w"] == (150_000, 60_000)
    assert changed["connectors", "2.availability"] == ("Operative", "Inoperative")
    assert changed["cards", "OLD"][1] is None
    assert configuration.difference(FULL) == []


@pytest.mark.usefixtures("outlets")
def test_it_reverts_one_change_and_keeps_what_came_later() -> None:
    Card.objects.create(id_tag="OLD", label="comes back")
    before = configuration.export()
    entry_id = configuration.apply(FULL, "anna")
    assert entry_id is not None
    configuration.apply({"station": {"support_phone": "112"}}, "boris")
    configuration.revert(entry_id, "clara")
    before["station"]["support_phone"] = "112"
    assert configuration.export() == before
    assert configuration.revert(entry_id, "clara") is None


def test_it_reverts_only_changes_of_the_configuration() -> None:
    with pytest.raises(configuration.NotRevertible):
        configuration.revert(12345, "anna")


def test_it_keeps_lists_and_settings_that_the_document_does_not_name() -> None:
    Card.objects.create(id_tag="KEPT")
    configuration.apply({"station": {"name": "South"}}, "anna")
    assert Card.objects.filter(id_tag="KEPT").exists()


def test_it_refuses_to_remove_a_group_that_cards_still_need() -> None:
    Card.objects.create(id_tag="A", group=CardGroup.objects.create(parent_id_tag="FAMILY"))
    assert problems_of({"card_groups": []}) == ["card_groups"]
    assert problems_of({"card_groups": [], "cards": [{"id_tag": "A"}]}) == []


def test_it_rolls_everything_back_when_a_late_part_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object, **_more: object) -> None:
        raise OSError("disk full")

    before = configuration.export()
    monkeypatch.setattr("charging.journal.record", fails)
    with pytest.raises(OSError, match="disk full"):
        configuration.apply({"cards": [{"id_tag": "A"}]}, "anna")
    assert configuration.export() == before


def test_it_takes_ten_thousand_cards() -> None:
    cards = [{"id_tag": f"{n:014X}", "label": f"Card {n}"} for n in range(10_000)]
    configuration.apply({"cards": cards}, "anna")
    assert Card.objects.count() == 10_000


def test_it_has_the_same_bounds_in_the_schema_as_in_the_database() -> None:
    schema = json.loads(SCHEMA_PATH.read_text())["$defs"]["station"]["properties"]
    assert set(schema) == set(STATION_COLUMNS)
    for name, rule in schema.items():
        field = Station._meta.get_field(name)
        assert isinstance(field, Field)
        for kind, bound in ((MinValueValidator, "minimum"), (MaxValueValidator, "maximum")):
            limits = [v.limit_value for v in field.validators if isinstance(v, kind)]
            if bound in rule:
                assert rule[bound] in limits, name
        if "maxLength" in rule:
            assert rule["maxLength"] == field.max_length, name
        if "enum" in rule:
            assert rule["enum"] == [value for value, _label in field.choices or ()], name


def test_it_keeps_what_it_was_told_about_connectors_until_they_appear() -> None:
    configuration.apply({"connectors": [{"number": 2, "letter": "R", "availability": "Inoperative"}]}, "anna")
    assert connectors_appeared() == []
    found()
    assert connectors_appeared() == [2]
    second = Connector.objects.get(pk=2)
    assert (second.letter, second.facts["inoperative"]) == ("R", ["technician"])
    assert connectors_appeared() == []


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[[Document], str]:
    def write(document: Document) -> str:
        path = tmp_path / "station.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return write


def test_it_checks_and_applies_from_the_command_line(
    file_of: Callable[[Document], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of({"station": {"name": "West"}})
    call_command("configuration", "check", path)
    assert 'station.name: "Energy Station" -> "West"' in capsys.readouterr().out
    call_command("configuration", "apply", path)
    call_command("configuration", "export")
    assert '"name": "West"' in capsys.readouterr().out


def test_it_refuses_a_wrong_file_with_every_path(file_of: Callable[[Document], str]) -> None:
    path = file_of({"station": {"name": "", "has_screen": 1}})
    with pytest.raises(CommandError, match=r"(?s)station\.name: .*station\.has_screen: "):
        call_command("configuration", "apply", path)


def test_it_says_that_a_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        configuration.apply_file(tmp_path / "absent.json")
