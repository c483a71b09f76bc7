"""The sections `central_system` and `ocpp_keys` of station.json."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from charging.models import JournalEntry, Station
from ocpp_client import configuration as ocpp
from ocpp_client.configuration import KEYS
from ocpp_client.keys import Kind
from ocpp_client.models import CentralSystem, ConfigurationKey, Frame
from station import document as configuration
from station.document_check import SCHEMA_PATH, Invalid, validate
from station.document_ocpp import COLUMNS, SECRET, STATION_KEYS
from station.document_parts import STATION_COLUMNS

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
Document = dict[str, Any]

PASSWORD: Final = "correct-horse-battery"
NAMED: Final[Document] = {
    "enabled": True,
    "primary_url": "wss://central.example/ocpp",
    "secondary_url": "ws://10.0.0.2:9000/ocpp",
    "charge_point_id": "DE*ABC*E1",
    "security_profile": 0,
    "vendor": "Vendor",
    "model": "Model 1",
    "fault_codes": "own",
    "file_networks": "10.20.0.0/16, 192.168.4.7, fd00::/8",
}


def problems_of(document: Document) -> list[str]:
    return [problem.path for problem in validate(document)]


def central() -> CentralSystem:
    return CentralSystem.objects.get(pk=1)


WRONG: Final[list[tuple[Document, list[str]]]] = [
    ({"central_system": []}, ["central_system"]),
    ({"central_system": {"enabled": "yes"}}, ["central_system.enabled"]),
    ({"central_system": {"enabled": True}}, ["central_system.primary_url"]),
    ({"central_system": {"enabled": True, "primary_url": ""}}, ["central_system.primary_url"]),
    ({"central_system": {"primary_url": "http://central.example"}}, ["central_system.primary_url"]),
    ({"central_system": {"primary_url": "wss://user:word@central.example"}}, ["central_system.primary_url"]),
    ({"central_system": {"primary_url": "wss://central.example/ocpp?a=1"}}, ["central_system.primary_url"]),
    ({"central_system": {"secondary_url": "central.example"}}, ["central_system.secondary_url"]),
    ({"central_system": {"primary_url": "ws://" + "x" * 251}}, ["central_system.primary_url"]),
    ({"central_system": {"charge_point_id": ""}}, ["central_system.charge_point_id"]),
    ({"central_system": {"charge_point_id": "with space"}}, ["central_system.charge_point_id"]),
    ({"central_system": {"charge_point_id": "x" * 49}}, ["central_system.charge_point_id"]),
    ({"central_system": {"authorization_key": "x" * 41}}, ["central_system.authorization_key"]),
    ({"central_system": {"authorization_key": "a\nb"}}, ["central_system.authorization_key"]),
    ({"central_system": {"security_profile": 4}}, ["central_system.security_profile"]),
    ({"central_system": {"security_profile": "1"}}, ["central_system.security_profile"]),
    ({"central_system": {"security_profile": 1}}, ["central_system.security_profile"]),
    ({"central_system": {"security_profile": 1, "authorization_key": "short"}}, ["central_system.security_profile"]),
    ({"central_system": {"security_profile": 2, "authorization_key": "x" * 16}}, ["central_system.security_profile"]),
    ({"ocpp_keys": {"AuthorizationKey": "0" * 32}}, ["ocpp_keys.AuthorizationKey"]),
    ({"ocpp_keys": {"CpoName": "x" * 65}}, ["ocpp_keys.CpoName"]),
    ({"ocpp_keys": {"SecurityProfile": 2}}, ["ocpp_keys.SecurityProfile"]),
    ({"central_system": {"vendor": "", "model": "x" * 21}}, ["central_system.vendor", "central_system.model"]),
    ({"central_system": {"fault_codes": "mrec"}}, ["central_system.fault_codes"]),
    ({"central_system": {"file_networks": "files.example"}}, ["central_system.file_networks"]),
    ({"central_system": {"file_networks": "10.20.0.0/16,"}}, ["central_system.file_networks"]),
    ({"central_system": {"registration": "Accepted"}}, ["central_system.registration"]),
    ({"ocpp_keys": {"HeartbeatIntervall": 60}}, ["ocpp_keys.HeartbeatIntervall"]),
    ({"ocpp_keys": {"NumberOfConnectors": 2}}, ["ocpp_keys.NumberOfConnectors"]),
    ({"ocpp_keys": {"SupportedFeatureProfiles": "Core"}}, ["ocpp_keys.SupportedFeatureProfiles"]),
    ({"ocpp_keys": {"LocalAuthListMaxLength": 10_001}}, ["ocpp_keys.LocalAuthListMaxLength"]),
    ({"ocpp_keys": {"ConnectorPhaseRotation": "1.RRR"}}, ["ocpp_keys.ConnectorPhaseRotation"]),
    ({"ocpp_keys": {"HeartbeatInterval": 60, "heartbeatinterval": 60}}, ["ocpp_keys.heartbeatinterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": -1}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": 86_401}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": "soon"}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": True}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": 60.5}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": 10**30}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"HeartbeatInterval": None}}, ["ocpp_keys.HeartbeatInterval"]),
    ({"ocpp_keys": {"ClockAlignedDataInterval": 4}}, ["ocpp_keys.ClockAlignedDataInterval"]),
    ({"ocpp_keys": {"LocalPreAuthorize": 1}}, ["ocpp_keys.LocalPreAuthorize"]),
    ({"ocpp_keys": {"LocalPreAuthorize": "yes"}}, ["ocpp_keys.LocalPreAuthorize"]),
    ({"ocpp_keys": {"MeterValuesSampledData": "SoC,Frequency"}}, ["ocpp_keys.MeterValuesSampledData"]),
    ({"ocpp_keys": {"MeterValuesSampledData": "SoC,SoC"}}, ["ocpp_keys.MeterValuesSampledData"]),
    ({"ocpp_keys": {"MeterValuesSampledData": "S\u0000C"}}, ["ocpp_keys.MeterValuesSampledData"]),
    (
        {"station": {"connection_timeout_s": 60}, "ocpp_keys": {"ConnectionTimeOut": 90}},
        ["ocpp_keys.ConnectionTimeOut"],
    ),
    (
        {"station": {"sample_interval_s": 60}, "ocpp_keys": {"metervaluesampleinterval": "30"}},
        ["ocpp_keys.metervaluesampleinterval"],
    ),
    # A mistake in the shape hides none in the sense, and every place is told once.
    (
        {"central_system": {"enabled": 1, "secondary_url": "x"}, "ocpp_keys": {"HeartbeatInterval": [], "SoC": 1}},
        [
            *("central_system.enabled", "ocpp_keys.HeartbeatInterval"),
            *("central_system.secondary_url", "ocpp_keys.SoC"),
        ],
    ),
]


@pytest.mark.parametrize(("document", "paths"), WRONG, ids=[json.dumps(row[0])[:60] for row in WRONG])
def test_it_names_every_wrong_place_and_applies_nothing(document: Document, paths: list[str]) -> None:
    assert problems_of(document) == paths
    before = configuration.export()
    with pytest.raises(Invalid) as refused:
        configuration.apply({"cards": [{"id_tag": "A"}], **document}, "anna")
    assert all(problem.sentence.endswith(".") for problem in refused.value.problems)
    assert configuration.export() == before
    assert not JournalEntry.objects.exists()


def test_it_says_which_of_two_values_to_keep() -> None:
    (problem,) = validate({"station": {"sample_interval_s": 60}, "ocpp_keys": {"MeterValueSampleInterval": 30}})
    assert "station.sample_interval_s" in problem.sentence
    assert "MeterValueSampleInterval" in problem.sentence
    assert problems_of({"station": {"sample_interval_s": 60}, "ocpp_keys": {"MeterValueSampleInterval": "60"}}) == []


def test_it_applies_the_central_system_whole_and_reverts_it() -> None:
    before = configuration.export()
    entry_id = configuration.apply({"central_system": NAMED}, "anna")
    assert entry_id is not None
    row = central()
    assert {name: getattr(row, name) for name in NAMED} == NAMED
    assert configuration.export()["central_system"] == NAMED
    changed = {row["key"]: (row["now"], row["then"]) for row in JournalEntry.objects.get(pk=entry_id).body["changes"]}
    assert changed["primary_url"] == ("", NAMED["primary_url"])
    assert configuration.apply({"central_system": NAMED}, "anna") is None
    assert configuration.revert(entry_id, "clara") is not None
    assert configuration.export() == before
    assert not central().enabled


def test_it_judges_a_part_of_the_section_by_what_is_set_already() -> None:
    configuration.apply({"central_system": {"primary_url": "ws://127.0.0.1:9000/ocpp"}}, "anna")
    assert problems_of({"central_system": {"enabled": True}}) == []
    configuration.apply({"central_system": {"enabled": True}}, "anna")
    assert problems_of({"central_system": {"primary_url": ""}}) == ["central_system.primary_url"]
    assert problems_of({"central_system": {"primary_url": "", "enabled": False}}) == []


def test_it_leaves_the_password_as_it_is_when_no_document_names_it() -> None:
    configuration.apply({"central_system": {**NAMED, SECRET: PASSWORD}}, "anna")
    configuration.apply(configuration.export() | {"central_system": {**NAMED, "vendor": "Another"}}, "anna")
    assert central().authorization_key == PASSWORD
    configuration.apply({"central_system": {SECRET: ""}}, "anna")
    assert central().authorization_key == ""


def test_it_puts_no_password_back() -> None:
    entry_id = configuration.apply({"central_system": {**NAMED, SECRET: PASSWORD}}, "anna")
    assert entry_id is not None
    configuration.revert(entry_id, "clara")
    assert (central().enabled, central().authorization_key) == (False, PASSWORD)


def test_n17_the_password_is_in_no_journal_no_export_no_difference_and_no_log(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    document = {"central_system": {**NAMED, SECRET: PASSWORD}}
    path = tmp_path / "station.json"
    path.write_text(json.dumps(document), "utf-8")
    call_command("configuration", "check", str(path))
    call_command("configuration", "apply", str(path))
    assert central().authorization_key == PASSWORD
    configuration.apply({"central_system": {SECRET: PASSWORD + "2"}}, "anna")
    call_command("configuration", "export")
    wrong = [
        *validate({"central_system": {SECRET: PASSWORD * 2}}),
        *validate({"central_system": {SECRET: PASSWORD + "\n"}}),
        *validate({"central_system": {SECRET: [PASSWORD]}}),
        *validate({"central_system": PASSWORD}),
        *validate({"central_system": {"primary_url": f"wss://DE*ABC*E1:{PASSWORD}@central.example"}}),
    ]
    assert len(wrong) == 5
    journal = [json.dumps(entry.body) for entry in JournalEntry.objects.all()]
    assert len(journal) == 6  # two of them the security events of the change
    told = capsys.readouterr()
    everything = [
        *journal,
        *map(str, wrong),
        *map(repr, configuration.difference(document)),
        *(frame.text for frame in Frame.objects.all()),
        configuration.written(configuration.export()),
        told.out,
        told.err,
        caplog.text,
    ]
    assert any("******" in text for text in everything)
    for written in (PASSWORD, PASSWORD.encode().hex()):
        assert [text for text in everything if written in text] == []


def test_it_exports_every_key_that_can_be_set_once() -> None:
    keys = configuration.export()["ocpp_keys"]
    assert set(keys) == {key.name for key in KEYS.values() if key.settable} - STATION_KEYS
    assert sorted(STATION_KEYS) == ["ConnectionTimeOut", "MeterValueSampleInterval"]
    kinds = {Kind.INTEGER: int, Kind.BOOLEAN: bool, Kind.LIST: str, Kind.TEXT: str}
    assert [name for name, value in keys.items() if type(value) is not kinds[KEYS[name.lower()].kind]] == []
    assert validate({"ocpp_keys": keys}) == []
    assert configuration.apply({"ocpp_keys": keys}, "anna") is None


def another(name: str, value: Any) -> Any:
    """A value that the key does not have now."""
    key = KEYS[name.lower()]
    if key.kind is Kind.BOOLEAN:
        return not value
    if key.kind is Kind.TEXT:
        return f"{value}Another"
    if key.kind is Kind.LIST:
        return "1.STR,2.NotApplicable" if key.canonical else "SoC,Power.Offered"
    more = (value or 10) + 10
    return more if more <= key.most else value - 1


def as_sent(value: Any) -> str:
    """The text of a value on the wire."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("as_text", [False, True], ids=["JSON's own", "as ChangeConfiguration has it"])
def test_it_sets_every_key_in_any_case_and_reverts_them(as_text: bool) -> None:
    before = configuration.export()
    wanted = {name: another(name, value) for name, value in before["ocpp_keys"].items()}
    written = {name.upper(): as_sent(value) if as_text else value for name, value in wanted.items()}
    entry_id = configuration.apply({"ocpp_keys": written}, "anna")
    assert entry_id is not None
    assert configuration.export()["ocpp_keys"] == wanted
    assert {name: ocpp.text(name) for name in wanted} == {name: as_sent(value) for name, value in wanted.items()}
    assert len(JournalEntry.objects.get(pk=entry_id).body["changes"]) == len(wanted)
    configuration.apply({"station": {"name": "later"}}, "boris")
    configuration.revert(entry_id, "clara")
    before["station"]["name"] = "later"
    assert configuration.export() == before


def test_a_key_that_the_station_names_itself_changes_that() -> None:
    entry_id = configuration.apply({"ocpp_keys": {"ConnectionTimeOut": "90"}}, "anna")
    assert Station.objects.get(pk=1).connection_timeout_s == 90
    assert configuration.export()["station"]["connection_timeout_s"] == 90
    assert entry_id is not None
    configuration.revert(entry_id, "clara")
    assert Station.objects.get(pk=1).connection_timeout_s == 60
    assert not ConfigurationKey.objects.exists()


def test_it_has_the_same_bounds_in_the_schema_as_in_the_database() -> None:
    schema = json.loads(SCHEMA_PATH.read_text())["$defs"]["central_system"]["properties"]
    assert set(schema) == {*COLUMNS, SECRET}
    for name, rule in schema.items():
        field: Any = CentralSystem._meta.get_field(name)
        assert rule.get("enum") == (field.choices and [value for value, _words in field.choices]), name
        assert field.choices or rule.get("maxLength") == field.max_length, name
    assert {key.column for key in KEYS.values() if key.name in STATION_KEYS} <= set(STATION_COLUMNS)


def start_with(address: str) -> None:
    """What every start of a station does before its services."""
    call_command("prepare", central_system=address)


def test_a_start_with_an_address_puts_it_in_use_and_journals_only_what_differs() -> None:
    start_with("ws://127.0.0.1:9000/ocpp")
    start_with("ws://127.0.0.1:9000/ocpp")
    assert (central().enabled, central().primary_url) == (True, "ws://127.0.0.1:9000/ocpp")
    (entry,) = JournalEntry.objects.filter(kind=configuration.KIND)
    assert {row["key"]: row["then"] for row in entry.body["changes"]} == {
        "enabled": True,
        "primary_url": "ws://127.0.0.1:9000/ocpp",
    }


def test_a_start_without_an_address_leaves_the_central_system_as_it_is() -> None:
    start_with("ws://127.0.0.1:9000/ocpp")
    start_with("")
    assert central().enabled


def test_a_start_with_no_address_of_a_central_system_is_refused() -> None:
    with pytest.raises(CommandError, match=r"central_system\.primary_url"):
        start_with("ws://user:word@127.0.0.1")


def test_it_takes_a_fact_that_is_one_and_presets_what_the_central_system_can_only_read() -> None:
    facts = {key.name: ocpp.text(key.name) for key in KEYS.values() if not key.settable}
    assert facts["NumberOfConnectors"] == "0"
    assert configuration.apply({"ocpp_keys": facts}, "anna") is None
    preset = {"LocalAuthListMaxLength": 3, "ReserveConnectorZeroSupported": False}
    assert configuration.apply({"ocpp_keys": preset}, "anna") is not None
    assert (ocpp.integer("LocalAuthListMaxLength"), ocpp.text("ReserveConnectorZeroSupported")) == (3, "false")
    assert ocpp.change("LocalAuthListMaxLength", "5", "central_system") is ocpp.Change.REJECTED
