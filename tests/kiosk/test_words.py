"""Every sentence exists in every language, for every situation, reason, refusal and fault; none speaks OCPP."""

from __future__ import annotations

import gettext
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from charging.domain.authorization import Mode
from charging.domain.faults import FAULTS
from charging.domain.requests import Refusal
from charging.domain.situation import SITUATIONS
from charging.models import PresentedCard
from hardware.native_map import ConnectorType
from kiosk import words

STATIC: Final = Path(words.__file__).parent / "static" / "kiosk"
# OCPP 1.6 section 7.36.
STOP_REASONS: Final = (
    *("DeAuthorized", "EmergencyStop", "EVDisconnected", "HardReset", "Local", "Other", "PowerLoss", "Reboot"),
    *("Remote", "SoftReset", "UnlockCommand"),
)
# What charging.snapshot._why can say: lease sources and what a controller names as its limit.
WHYS: Final = (
    "site",
    "technician",
    "profile",
    "authorization",
    "hardware",
    "setpoint",
    "cable",
    "temperature",
    "watchdog",
    "ev",
    "phase",
    "car",
    "plug",
)
# In ASCII a word also ends before a Chinese character.
FORBIDDEN: Final = re.compile(
    r"\b(preparing|suspendedev(se)?|finishing|faulted|unavailable|id_?tag|evse|transaction|ocpp|central system|"
    r"deauthorized|pilot|contactor|rfid|csms|heartbeat)\b",
    re.IGNORECASE | re.ASCII,
)
FORBIDDEN_TRANSLATIONS: Final = {
    "ru": r"транзакц|контактор|центральн\w+ систем|метк[аиу]\b|пилот",
    "de": r"transaktion|schütz(?!t)|zentralsystem|zentrales system|nicht verfügbar für|kennung|pilotsignal",
    "fr": r"transaction|contacteur|système central|identifiant|signal pilote",
    "es": r"transacci|contactor|sistema central|identificador|señal piloto",
    "zh": r"交易|事务|接触器|中央系统|中心系统|标识|导引|报文|协议",
}
# Of what stands in the narrowest places: the widest text that still fits, in letters; a Chinese one is as wide as two.
WIDEST: Final = {
    r"situation\..*short": 22,
    r"situation\..*title": 34,
    r"card\..*title": 30,
    r"step\..*": 44,
    r"action\.(start|stop|stop_yes|stop_no|release|release_plug|cancel)": 20,
    r"screen\.(emergency_stop|back|messenger|close)": 22,
}


def wanted_keys() -> list[str]:
    situations = [*SITUATIONS, "no_software", "stale"]
    return [
        *(f"situation.{each}.{part}" for each in situations for part in ("short", "title", "why", "todo")),
        *(f"why.{each}" for each in WHYS),
        *(f"refusal.{each}" for each in Refusal),
        *(f"fault.{each}.{part}" for each in [*FAULTS, "unknown"] for part in ("cause", "todo")),
        *(f"stop.{each}" for each in STOP_REASONS),
        *(f"standard.{each.name}" for each in ConnectorType),
        *(f"card.{each}.title" for each in PresentedCard.State),
    ]


OTHERS: Final = tuple(language for language in words.LANGUAGES if language != words.SOURCE)
CATALOGUES: Final = sorted((words.HERE / "locale").glob("*/LC_MESSAGES/*.po"))
KEYS: Final = words.sentences(words.SOURCE).keys()
HAN: Final = re.compile("[\u4e00-\u9fff]")
CYRILLIC: Final = re.compile("[\u0430-\u044f\u0451]", re.IGNORECASE)


def texts_of(language: str, key: str) -> list[str]:
    """The sentence, or each form of it."""
    told = words.sentences(language)[key]
    return [told] if isinstance(told, str) else list(told.values())


def all_texts(language: str) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        for text in texts_of(language, key):
            yield key, text


def entries_of(catalogue: Path) -> dict[str, list[str]]:
    """Context -> [English, one form, ...] of a catalogue as `make catalogues` writes it: a text a line."""
    line = re.compile(r'^(msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) (".*")$', re.MULTILINE)
    found: dict[str, list[str]] = {}
    context = ""
    for kind, quoted in line.findall(catalogue.read_text("utf-8")):
        text = json.loads(quoted)
        if kind == "msgctxt":
            context = text
            found[context] = []
        elif context and kind != "msgid_plural":
            found[context].append(text)
    return found


def language_of(catalogue: Path) -> str:
    return catalogue.parent.parent.name


def width_of(text: str) -> int:
    return len(text) + len(HAN.findall(text))


def test_it_has_the_sentence_of_every_situation_reason_and_fault() -> None:
    assert set(wanted_keys()) - KEYS == set()


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_has_every_sentence_in_every_language(language: str) -> None:
    assert words.sentences(language).keys() == KEYS
    assert [key for key, text in all_texts(language) if not text or text.strip() != text] == []


def test_it_keeps_one_catalogue_for_each_language_and_subject() -> None:
    wanted = {(language, subject) for language in OTHERS for subject in words.subjects()}
    assert {(language_of(each), each.stem) for each in CATALOGUES} == wanted


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: f"{language_of(path)}-{path.stem}")
def test_it_translates_every_sentence_and_nothing_else(catalogue: Path) -> None:
    english = words.subjects()[catalogue.stem]
    entries = entries_of(catalogue)
    sources = {key: text if isinstance(text, str) else text["one"] for key, text in english.items()}
    assert {key: source for key, (source, *_forms) in entries.items()} == sources
    assert [key for key, texts in entries.items() if not all(texts)] == []
    assert "fuzzy" not in catalogue.read_text("utf-8")


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: f"{language_of(path)}-{path.stem}")
def test_it_compiled_what_the_catalogue_says(catalogue: Path) -> None:
    with catalogue.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for key, (source, *forms) in entries_of(catalogue).items():
        english = words.subjects()[catalogue.stem][key]
        if isinstance(english, str):
            said = {compiled.pgettext(key, source)}
        else:
            said = {compiled.npgettext(key, source, english["other"], number) for number in range(130)}
        assert said == set(forms), key


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_speaks_no_ocpp_to_the_ev_driver(language: str) -> None:
    own = re.compile(FORBIDDEN_TRANSLATIONS.get(language, r"(?!)"), re.IGNORECASE)
    assert {key: text for key, text in all_texts(language) if FORBIDDEN.search(text) or own.search(text)} == {}


@pytest.mark.parametrize("language", OTHERS)
def test_it_fills_in_the_same_values_in_every_language(language: str) -> None:
    def names(of: str, key: str) -> set[str]:
        return {name for text in texts_of(of, key) for name in re.findall(r"\{(\w+)\}", text)}

    assert [key for key in KEYS if names(language, key) != names(words.SOURCE, key)] == []


def test_it_tells_the_alphabets_apart() -> None:
    spoken = [key for key in KEYS if not key.startswith(("standard.", "unit.", "done."))]
    assert [key for key in spoken if not CYRILLIC.search(texts_of("ru", key)[0])] == []
    assert [key for key in spoken if not HAN.search(texts_of("zh", key)[0])] == []
    for language in ("en", "de", "fr", "es"):
        assert [key for key, text in all_texts(language) if CYRILLIC.search(text) or HAN.search(text)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_it_leaves_no_sentence_in_english(language: str) -> None:
    same = {key for key, text in all_texts(language) if text in texts_of(words.SOURCE, key) and " " in text}
    assert {key for key in same if not key.startswith(("standard.", "done."))} <= {"screen.code", "screen.page"}


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_keeps_to_the_width_of_narrow_places(language: str) -> None:
    wide = {
        key: text
        for narrow, widest in WIDEST.items()
        for key, text in all_texts(language)
        if re.fullmatch(narrow, key) and width_of(text) > widest
    }
    assert wide == {}


def page_code() -> str:
    templates = sorted((words.HERE / "templates" / "kiosk").glob("*.html"))
    return "".join(path.read_text("utf-8") for path in (*templates, *sorted(STATIC.glob("*.js"))))


def test_it_has_no_sentence_that_the_page_never_says() -> None:
    code = page_code()
    begun = tuple(re.findall(r"`([a-z]+\.[a-z_.]*)\$\{", code))
    left = [key for key in KEYS if f'"{key}"' not in code and not key.startswith(begun)]
    assert [key for key in left if f"words.{key.replace('.', '_')}" not in code] == []


def test_it_has_every_key_that_the_page_asks_for() -> None:
    groups = {key.split(".")[0] for key in KEYS}
    asked = {key for key in re.findall(r"\"([a-z]+\.[a-z_0-9.]+)\"", page_code()) if key.split(".")[0] in groups}
    assert len(asked) > 50
    assert asked - KEYS == set()


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("silent", ["no_contact", "no_software", "stale"])
def test_it_says_no_contact_whatever_is_silent(silent: str, language: str) -> None:
    no_contact = texts_of(language, "situation.no_contact.short")[0].lower()
    for part in ("short", "title"):
        assert no_contact in texts_of(language, f"situation.{silent}.{part}")[0].lower().replace("gerade ", "")


def test_it_has_a_way_in_for_every_mode() -> None:
    assert {f"situation.authorize.{mode}.title" for mode in Mode if mode is not Mode.CARD} <= KEYS


@pytest.mark.parametrize(("language", "stop"), [("en", "Stop charging"), ("de", "Laden beenden"), ("zh", "停止充电")])
def test_it_gives_the_page_one_language(language: str, stop: str) -> None:
    told = json.loads(words.document(language))
    assert told.keys() == KEYS
    assert told["action.stop"] == stop


def test_it_has_the_plural_forms_of_each_language() -> None:
    assert words.sentences("ru")["screen.free_count"] == {
        "one": "Свободен {free} из {total}",
        "few": "Свободно {free} из {total}",
        "many": "Свободно {free} из {total}",
        "other": "Свободно {free} из {total}",
    }
    assert len(set(texts_of("fr", "screen.free_count"))) == 2


def test_its_catalogues_are_as_the_command_writes_them(tmp_path: Path) -> None:
    if not shutil.which("msgmerge"):
        pytest.skip("gettext is not installed")
    copy = tmp_path / "kiosk"
    shutil.copytree(words.HERE, copy, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copytree(words.HERE.parent / "scripts", tmp_path / "scripts")
    subprocess.run([sys.executable, tmp_path / "scripts" / "catalogues.py"], check=True, cwd=tmp_path)
    for catalogue in CATALOGUES:
        for file in (catalogue, catalogue.with_suffix(".mo")):
            assert (copy / file.relative_to(words.HERE)).read_bytes() == file.read_bytes(), file.name
