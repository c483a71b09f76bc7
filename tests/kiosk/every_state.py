"""Every state of a connector, with every reason for it and in every way to authorize, as snapshots of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from charging.domain.authorization import Mode
from charging.domain.faults import FAULTS
from charging.domain.requests import Refusal
from charging.domain.situation import SITUATIONS
from charging.models import PresentedCard
from charging.snapshot import CardShown, ConnectorShown, Snapshot
from tests.kiosk.stations import card, charging, connector, ended, four, reading, snapshot, transaction
from tests.kiosk.test_words import STOP_REASONS, WHYS

NUMBERS: Final = (1, 3)  # a socket with a lock, a DC outlet with its own cable
UNTIL: Final = "2026-11-22T21:40:00+00:00"


def in_situation(situation: str, mode: Mode, number: int = 1, **changes: Any) -> ConnectorShown:
    """A connector as charging.snapshot tells it in this situation."""
    open_to_all = mode == Mode.NONE
    held = {"plugged": True, "can_stop": True}
    by_situation: dict[str, dict[str, Any]] = {
        "plug_in": {"countdown_s": 42.0, "can_stop": True},
        "authorize": {"plugged": True, "can_start": open_to_all},
        "connecting": {**held, "phase": "cable_check"},
        "waiting_turn": {**held, "in_use_by": "C", "why": "turn"},
        "stopping": {"plugged": True, "transaction": transaction()},
        "unplug": {"plugged": True, "finished": ended(), "stop_reason": "Local", "can_release": number == 1},
        "fault_user": {"plugged": True, "blocked": True, "faults": ["PartialInsertion"], "mrec": "CX020"},
        "fault": {"blocked": True, "faults": ["GroundFailure"], "mrec": "CX002"},
        "emergency": {"faults": ["EmergencyStop"], "mrec": "CX008"},
        "no_contact": {"fresh": False, "reading": None},
        "no_software": {"fresh": False, "reading": None},
    }
    shown: dict[str, Any]
    if situation in {"charging", "paused_by_car", "paused_by_station"}:
        shown = {**charging(number), "situation": situation, "card_stops": not open_to_all}
        if situation != "charging":
            shown |= {"reading": reading(), "why": "site" if situation == "paused_by_station" else ""}
    else:
        shown = {**connector(number, situation=situation, **by_situation.get(situation, {}))}
    return cast("ConnectorShown", shown | {"needs_card": not open_to_all} | changes)


def in_mode(mode: Mode, *connectors: ConnectorShown, shown: CardShown | None = None, **changes: Any) -> Snapshot:
    """A station that authorizes in this way."""
    return snapshot(*connectors, card=shown, authorization_mode=str(mode), has_reader=mode != Mode.NONE, **changes)


def _alone() -> Iterator[tuple[str, Snapshot]]:
    for mode in Mode:
        for situation in (*SITUATIONS, "no_software"):
            for number in NUMBERS:
                shown = in_situation(situation, mode, number)
                yield f"{situation} {mode} {shown['letter']}", in_mode(mode, shown, emergency=situation == "emergency")


def _with_reason() -> Iterator[tuple[str, Snapshot]]:
    for why in WHYS:
        for situation in ("charging", "paused_by_station"):
            limited = in_situation(situation, Mode.CARD, why=why, limit_source=why, limit_until=UNTIL)
            yield f"{situation} {why}", in_mode(Mode.CARD, limited)
    for reason in STOP_REASONS:
        yield f"unplug {reason}", in_mode(Mode.CARD, in_situation("unplug", Mode.CARD, stop_reason=reason))
        yield f"left {reason}", in_mode(Mode.CARD, connector(1, left=ended(7_310), stop_reason=reason))


def _faults() -> Iterator[tuple[str, Snapshot]]:
    for name, fault in FAULTS.items():
        if name == "EmergencyStop":
            continue
        situation = "fault_user" if fault.by_user else "fault"
        broken = in_situation(situation, Mode.CARD, faults=[name], mrec=fault.mrec, error_code=fault.error_code)
        yield f"{name} alone", in_mode(Mode.CARD, broken)
        among = {**broken, "number": 4, "letter": "D"}
        yield f"{name} among four", in_mode(Mode.CARD, *four()["connectors"][:3], cast("ConnectorShown", among))


def _cards() -> Iterator[tuple[str, Snapshot]]:
    among = four()["connectors"]
    for state in PresentedCard.State:
        if state is not PresentedCard.State.REFUSED:
            shown = card(state.value, connector=2, countdown_s=24.0, why="choose_connector" * (state.value == "choose"))
            yield f"card {state.value}", in_mode(Mode.CARD, *among, shown=shown)
    for refusal in Refusal:
        yield f"card refused {refusal}", in_mode(Mode.CARD, *among, shown=card("refused", why=str(refusal)))


def every_state() -> dict[str, Snapshot]:
    """By a name that says which: the situations alone, their reasons, the faults, the cards."""
    return dict([*_alone(), *_with_reason(), *_faults(), *_cards()])
