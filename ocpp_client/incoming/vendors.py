"""Messages beyond OCPP: who may send this station a DataTransfer, and what it answers (sections 4.3 and 5.6).

An agreement with a vendor is a row of VENDORS: vendorId -> messageId -> function from the text that came to the text
that goes back. How long these may be is for the parties to agree upon (4.3); ours bounds what it takes, and what it
tells is bounded by what it tells of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from django.conf import settings
from django.utils import translation

from charging.models import Connector
from charging.snapshot import ConnectorShown, snapshot
from charging.words import LIMITS, SITUATIONS, fault_shown, words_of
from ocpp_client.due import Payload
from ocpp_client.fault_catalogue import MESSAGE, told_in
from ocpp_client.incoming.asked import Answering, in_database, status
from ocpp_client.statuses import OWN

T = TypeVar("T")
Told = dict[str, Any]
Message = Callable[[str], str]

LONGEST: Final = 1_000  # characters of data that our own messages take
CONNECTOR: Final = "connectorId"
LANGUAGE: Final = "language"


class NotAgreed(Exception):
    """What came is not what was agreed upon; says why."""


def vendor_message(payload: Payload) -> Payload:
    """The answer to a DataTransfer. Ids are compared without regard to case (CiString); no messageId is an id, too."""
    messages = _named(VENDORS, payload["vendorId"])
    if messages is None:
        return status("UnknownVendorId")
    message = _named(messages, payload.get("messageId", ""))
    if message is None:
        return status("UnknownMessageId")
    try:
        return {"status": "Accepted", "data": message(payload.get("data", ""))}
    except NotAgreed as why:
        return {"status": "Rejected", "data": json.dumps({"why": str(why)})}


def _named(table: Mapping[str, T], ident: str) -> T | None:
    return next((value for name, value in table.items() if name.lower() == ident.lower()), None)


# --- our own agreement: JSON objects in both directions ----------------------------------------------


def connector_situation(text: str) -> str:
    """What a connector does, why, and what to do about it, in the console's words.

    Takes `connectorId` and, where it is not to be English, `language`.
    """
    asked = _fields(text, {CONNECTOR, LANGUAGE})
    number, language = asked.get(CONNECTOR), _language(asked)
    shown = next((each for each in snapshot()["connectors"] if type(number) is int and each["number"] == number), None)
    if shown is None:
        raise NotAgreed(f"{CONNECTOR} names no connector of this station")
    with translation.override(language):
        return json.dumps(_situation(shown), ensure_ascii=False)


def _situation(shown: ConnectorShown) -> Told:
    limited_by = shown["why"] or shown["limit_source"]
    faults = [fault_shown(name) for name in shown["faults"]]
    return {
        CONNECTOR: shown["number"],
        "letter": shown["letter"],
        "status": shown["status"],
        "situation": shown["situation"],
        "sentence": words_of(SITUATIONS, shown["situation"]),
        "limitW": shown["limit_w"],
        "limitedBy": words_of(LIMITS, limited_by),
        "faults": [{"name": each["name"], "sentence": each["title"], "check": each["check"]} for each in faults],
    }


def station_facts(text: str) -> str:
    """What the station is; with a `connectorId`, what that connector and its board are."""
    asked = _fields(text, {CONNECTOR})
    if CONNECTOR in asked:
        return json.dumps(_connector_facts(asked[CONNECTOR]), ensure_ascii=False)
    told = snapshot()
    station = told["station"]
    facts = {
        "software": settings.SOFTWARE_VERSION,
        "name": station["name"],
        "time": station["time"],
        "clockKnown": station["clock_known"],
        "authorization": station["authorization_mode"],
        "reader": station["reader_present"] if station["has_reader"] else None,
        "screen": station["has_screen"],
        "emergency": station["emergency"],
        "connectors": len(told["connectors"]),
    }
    return json.dumps(facts, ensure_ascii=False)


def _connector_facts(number: object) -> Told:
    row = Connector.objects.filter(pk=number).first() if type(number) is int and number > 0 else None
    if row is None:
        raise NotAgreed(f"{CONNECTOR} names no connector of this station")
    return {
        CONNECTOR: row.pk,
        "letter": row.letter,
        "standard": row.connector_type,
        "boardSerial": row.board_serial,
        "boardIndex": row.board_index,
        "model": row.board.get("model", ""),
        "firmware": row.board.get("firmware", ""),
        "registerWh": row.register_wh,
    }


def fault_catalogue(text: str) -> str:
    """What the codes of our own mean (ocpp_client.fault_catalogue); in English where no `language` is asked for."""
    return told_in(_language(_fields(text, {LANGUAGE})))


def _language(asked: Told) -> str:
    language = asked.get(LANGUAGE, settings.LANGUAGE_CODE)
    if language not in (languages := [code for code, _name in settings.LANGUAGES]):
        raise NotAgreed(f"{LANGUAGE} is none of {', '.join(languages)}")
    return str(language)


def _fields(text: str, known: set[str]) -> Told:
    """The fields that were sent; nothing at all is no field. Raises NotAgreed."""
    if len(text) > LONGEST:
        raise NotAgreed(f"data is longer than {LONGEST} characters")
    try:
        fields = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise NotAgreed("data is not JSON") from None
    if not isinstance(fields, dict) or not fields.keys() <= known:
        raise NotAgreed(f"data is no object of {', '.join(sorted(known))}")
    return fields


VENDORS: Final[dict[str, dict[str, Message]]] = {
    OWN: {"ConnectorSituation": connector_situation, "StationFacts": station_facts, MESSAGE: fault_catalogue},
}
ANSWERS: Final[dict[str, Answering]] = {"DataTransfer": in_database(vendor_message)}
