"""Every sentence exists in every language, for every situation, reason, refusal and fault; none speaks OCPP."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from charging.domain.authorization import Mode
from charging.domain.faults import FAULTS
from charging.domain.observation import Phase
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
FORBIDDEN: Final = re.compile(
    r"\b(preparing|suspendedev(se)?|finishing|faulted|unavailable|id_?tag|evse|transaction|ocpp|central system|"
    r"deauthorized|pilot|contactor|rfid|транзакц\w*|контактор\w*|центральн\w+ систем\w*)\b",
    re.IGNORECASE,
)


def wanted_keys() -> list[str]:
    situations = [*SITUATIONS, "no_software", "stale"]
    return [
        *(f"situation.{each}.{part}" for each in situations for part in ("short", "title", "why", "todo")),
        *(f"why.{each}" for each in WHYS),
        *(f"refusal.{each}" for each in Refusal),
        *(f"fault.{each}.{part}" for each in [*FAULTS, "unknown"] for part in ("cause", "todo")),
        *(f"stop.{each}" for each in STOP_REASONS),
        *(f"phase.{each}" for each in Phase),
        *(f"standard.{each.name}" for each in ConnectorType),
        *(f"card.{each}.title" for each in PresentedCard.State),
    ]


@pytest.mark.parametrize("key", wanted_keys())
def test_it_has_a_sentence_in_every_language(key: str) -> None:
    texts = words.table()[key]
    assert sorted(texts) == sorted(words.LANGUAGES)
    assert all(text.strip() == text and text for text in texts.values())


def test_it_speaks_no_ocpp_to_the_ev_driver() -> None:
    found = {key: text for key, texts in words.table().items() for text in texts.values() if FORBIDDEN.search(text)}
    assert found == {}


def test_it_fills_in_the_same_values_in_every_language() -> None:
    for key, texts in words.table().items():
        names = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in texts.items()}
        assert len({frozenset(each) for each in names.values()}) == 1, key


def test_it_tells_russian_and_english_apart() -> None:
    cyrillic = re.compile("[\u0430-\u044f\u0451]", re.IGNORECASE)
    keys = [key for key in words.table() if not key.startswith(("standard.", "language."))]
    assert [key for key in keys if not cyrillic.search(words.table()[key]["ru"])] == []
    assert [key for key in keys if cyrillic.search(words.table()[key]["en"])] == []


def test_it_has_every_key_that_the_page_asks_for() -> None:
    code = "".join(path.read_text("utf-8") for path in sorted(STATIC.glob("*.js")))
    groups = {key.split(".")[0] for key in words.table()}
    asked = {key for key in re.findall(r"\"([a-z]+\.[a-z_0-9.]+)\"", code) if key.split(".")[0] in groups}
    assert len(asked) > 50
    assert asked - words.table().keys() == set()


@pytest.mark.parametrize("silent", ["no_contact", "no_software", "stale"])
def test_it_says_no_contact_whatever_is_silent(silent: str) -> None:
    for part in ("short", "title"):
        told = words.table()[f"situation.{silent}.{part}"]
        assert "no contact" in told["en"].lower()
        assert "нет связи" in told["ru"].lower()


def test_it_has_a_way_in_for_every_mode() -> None:
    assert {f"situation.authorize.{mode}.title" for mode in Mode if mode is not Mode.CARD} <= words.table().keys()


def test_it_gives_the_page_one_document() -> None:
    told = json.loads(words.document())
    assert list(told) == list(words.LANGUAGES)
    assert told["en"]["action.stop"] == "Stop charging"
