"""Snapshots of stations that are not there: one a situation, whole documents as charging.snapshot gives them."""

from __future__ import annotations

from typing import Any, Final, cast

from charging.snapshot import CardShown, ConnectorShown, ReadingShown, Snapshot, StationShown, TransactionShown

KINDS: Final = ("TYPE2_SOCKET", "TYPE2_CABLE", "CCS2", "CHADEMO", "GBT_AC", "GBT_DC", "TYPE2_CABLE", "CCS2")
MAXIMUM_W: Final = {"CCS2": 150_000, "CHADEMO": 50_000, "GBT_DC": 60_000}


def letter_of(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letters[number - 1] if number <= 26 else letters[(number - 1) // 26 - 1] + letters[(number - 1) % 26]


def connector(number: int = 1, **changes: Any) -> ConnectorShown:
    """A free connector; `changes` overwrite its fields."""
    standard = changes.pop("standard", KINDS[(number - 1) % len(KINDS)])
    direct = standard in MAXIMUM_W
    shown: dict[str, Any] = {
        "number": number,
        "letter": letter_of(number),
        "standard": standard,
        "direct_current": direct,
        "maximum_w": MAXIMUM_W.get(standard, 22_000),
        "maximum_a": 300.0 if direct else 32.0,
        "phases": 1 if direct else 3,
        "has_lock": standard == "TYPE2_SOCKET",
        "status": "Available",
        "situation": "free",
        "plugged": False,
        "fresh": True,
        "faults": [],
        "blocked": False,
        "error_code": "NoError",
        "mrec": "",
        "phase": "idle",
        "why": "",
        "limit_w": MAXIMUM_W.get(standard, 22_000),
        "limit_source": "hardware",
        "limit_until": "",
        "countdown_s": None,
        "in_use_by": "",
        "can_start": False,
        "leaves_service": False,
        "can_stop": False,
        "card_stops": False,
        "can_release": False,
        "cable_kept": False,
        "needs_card": True,
        "transaction": None,
        "finished": None,
        "left": None,
        "left_for_s": None,
        "stop_reason": "",
        "reading": reading(),
    }
    return cast("ConnectorShown", shown | changes)


def reading(**changes: Any) -> ReadingShown:
    shown: dict[str, Any] = {
        "age_s": 0.1,
        "power_w": 0,
        "currents_a": [0.0, 0.0, 0.0],
        "voltages_v": [231.0, 229.4, 230.2],
        "register_wh": 1_234_567,
        "soc_percent": None,
        "limit_a": 32.0,
        "limit_w": 22_000,
        "limited_by": "hardware",
        "temperatures_c": [24.0, 23.5],
    }
    return cast("ReadingShown", shown | changes)


def transaction(energy_wh: int | None = 12_340, seconds: float = 4_021.0, tail: str = "5D6E") -> TransactionShown:
    return TransactionShown(
        id=7,
        id_tag_tail=tail,
        started_at="2026-11-22T19:00:00+00:00",
        stopped_at="",
        seconds=seconds,
        energy_wh=energy_wh,
        meter_start_wh=1_222_227,
    )


def ended(energy_wh: int = 12_340, seconds: float = 4_021.0) -> TransactionShown:
    return transaction(energy_wh, seconds) | {"stopped_at": "2026-11-22T20:07:01+00:00"}


def charging(number: int = 1, power_w: int = 11_040, soc: float | None = None, **changes: Any) -> ConnectorShown:
    live = reading(power_w=power_w, currents_a=[16.0, 16.0, 16.0], soc_percent=soc, limit_w=11_040)
    live = changes.pop("reading", live)
    return connector(
        number,
        situation="charging",
        status="Charging",
        plugged=True,
        phase="charging",
        can_stop=True,
        transaction=transaction(),
        reading=live,
        **changes,
    )


def station(**changes: Any) -> StationShown:
    shown: dict[str, Any] = {
        "name": "Harbour Street 12",
        "support_phone": "+44 20 7946 0018",
        "messenger_url": "https://chat.example/harbour-street",
        "authorization_mode": "card",
        "has_screen": True,
        "has_reader": True,
        "reader_present": True,
        "emergency": False,
        "emergency_acknowledged": False,
        "learning": False,
        "time": "2026-11-22T20:14:00+00:00",
        "clock_known": True,
        "brightness": "",
    }
    return cast("StationShown", shown | changes)


def card(state: str, **changes: Any) -> CardShown:
    shown: dict[str, Any] = {"id": 3, "tail": "5D6E", "state": state, "why": "", "connector": None, "countdown_s": None}
    return cast("CardShown", shown | changes)


def snapshot(*connectors: ConnectorShown, card: CardShown | None = None, **changes: Any) -> Snapshot:
    return Snapshot(station=station(**changes), connectors=list(connectors), card=card)


def four() -> Snapshot:
    """What a driver usually meets: one charges, one waits for a card, one is free, one is out of order."""
    return snapshot(
        charging(1),
        connector(2, situation="authorize", plugged=True),
        charging(3, power_w=87_400, soc=64.0),
        connector(4, situation="fault", blocked=True, faults=["GroundFailure"], mrec="CX002"),
    )


SITUATIONS: Final[dict[str, Snapshot]] = {
    "overview-1": snapshot(connector(1)),
    "overview-2": snapshot(connector(1), charging(2)),
    "overview-3": snapshot(
        connector(1), charging(2), connector(3, situation="unplug", plugged=True, finished=transaction())
    ),
    "overview-4": four(),
    "overview-8": snapshot(*four()["connectors"], *(connector(n) for n in range(5, 9))),
    "overview-64": snapshot(*four()["connectors"], *(connector(n) for n in range(5, 65))),
    "overview-open": snapshot(
        connector(1, needs_card=False),
        connector(2, situation="authorize", plugged=True, can_start=True, needs_card=False),
        authorization_mode="none",
        has_reader=False,
    ),
    "none": snapshot(),
    "free": snapshot(connector(1)),
    "free-dc": snapshot(connector(3)),
    "free-open": snapshot(connector(2, needs_card=False), authorization_mode="none", has_reader=False),
    "free-chademo": snapshot(connector(4)),
    "free-gbt-ac": snapshot(connector(5)),
    "free-gbt-dc": snapshot(connector(6)),
    "plug_in": snapshot(connector(1, situation="plug_in", countdown_s=42.0, can_stop=True)),
    "authorize": snapshot(connector(1, situation="authorize", plugged=True)),
    "authorize-open": snapshot(
        connector(2, situation="authorize", plugged=True, can_start=True, needs_card=False), authorization_mode="none"
    ),
    "authorize-central": snapshot(
        connector(2, situation="authorize", plugged=True), authorization_mode="central_system"
    ),
    "connecting": snapshot(connector(3, situation="connecting", plugged=True, phase="cable_check", can_stop=True)),
    "waiting_turn": snapshot(
        connector(4, situation="waiting_turn", plugged=True, in_use_by="C", why="turn", can_stop=True)
    ),
    "charging": snapshot(charging(1, why="site")),
    "charging-dc": snapshot(
        charging(
            3,
            power_w=87_400,
            soc=64.0,
            reading=reading(
                power_w=87_400,
                currents_a=[218.5],
                voltages_v=[400.1],
                soc_percent=64.0,
                limit_w=150_000,
                limited_by="ev",
            ),
        ),
    ),
    "charging-stale": snapshot(charging(1, fresh=False, reading=None)),
    "paused_by_car": snapshot(charging(1) | {"situation": "paused_by_car", "reading": reading()}),
    "paused_by_station": snapshot(
        charging(1) | {"situation": "paused_by_station", "reading": reading(), "why": "site"}
    ),
    "stopping": snapshot(charging(1) | {"situation": "stopping", "can_stop": False}),
    "unplug": snapshot(
        connector(1, situation="unplug", plugged=True, finished=ended(), stop_reason="Local", can_release=True)
    ),
    "unplug-dc": snapshot(
        connector(3, situation="unplug", plugged=True, finished=ended(41_200, 1_620), stop_reason="Other")
    ),
    "unplug-dc-held": snapshot(
        connector(
            3,
            situation="unplug",
            plugged=True,
            finished=ended(41_200),
            stop_reason="Other",
            has_lock=True,
            can_release=True,
        )
    ),
    "unplug-kept": snapshot(
        connector(1, situation="unplug", plugged=True, finished=ended(), stop_reason="Local", cable_kept=True)
    ),
    "unplug-free": snapshot(connector(1, situation="unplug", plugged=True, finished=ended(), stop_reason="Local")),
    "unplug-power-cut": snapshot(
        connector(1, situation="unplug", plugged=True, finished=ended(), stop_reason="PowerLoss")
    ),
    "left-1": snapshot(connector(1, left=ended(7_310), stop_reason="Local")),
    "left-4": snapshot(
        connector(1, left=ended(7_310), stop_reason="Local"),
        *four()["connectors"][1:3],
        connector(4, left=ended(41_200), stop_reason="PowerLoss"),
    ),
    "charging-card": snapshot(charging(1, card_stops=True)),
    "charging-app": snapshot(charging(1, card_stops=True), authorization_mode="central_system"),
    "reserved": snapshot(connector(1, situation="reserved")),
    "out_of_service": snapshot(connector(1, situation="out_of_service")),
    "fault_user": snapshot(
        connector(1, situation="fault_user", plugged=True, blocked=True, faults=["PartialInsertion"], mrec="CX020")
    ),
    "fault": snapshot(connector(1, situation="fault", blocked=True, faults=["GroundFailure"], mrec="CX002")),
    "no_contact": snapshot(connector(1, situation="no_contact", fresh=False, reading=None)),
    "no_software": snapshot(connector(1, situation="no_software", fresh=False, reading=None)),
    "emergency": snapshot(connector(1, situation="emergency", faults=["EmergencyStop"], mrec="CX008"), emergency=True),
    "card-presented": snapshot(*four()["connectors"], card=card("presented")),
    "card-accepted": snapshot(*four()["connectors"], card=card("accepted", countdown_s=51.0)),
    "card-used": snapshot(*four()["connectors"], card=card("used", connector=2)),
    "card-choose": snapshot(
        connector(1, situation="authorize", plugged=True),
        connector(2, situation="authorize", plugged=True),
        charging(3),
        connector(4),
        card=card("choose", why="choose_connector", countdown_s=24.0),
    ),
    "card-unknown": snapshot(*four()["connectors"], card=card("refused", why="card_unknown")),
    "card-blocked": snapshot(*four()["connectors"], card=card("refused", why="card_blocked")),
    "card-absent": snapshot(*four()["connectors"], card=card("refused", why="central_system_absent")),
    "learning": snapshot(*four()["connectors"], learning=True),
}
