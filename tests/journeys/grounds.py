"""The stations on which journeys are played: what is simulated, and what the owner has set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "stations"


@dataclass(frozen=True, slots=True)
class Ground:
    """A simulated station and its configuration document."""

    simulate: str
    settings: dict[str, Any] = field(default_factory=dict)


CARDS: Final[dict[str, Any]] = {
    "card_groups": [{"parent_id_tag": "FAMILY"}, {"parent_id_tag": "NEIGHBOURS"}],
    "cards": [
        {"id_tag": "04A2B3C4", "label": "Anna", "group": "FAMILY"},
        {"id_tag": "04A2B3C5", "label": "Anton", "group": "FAMILY"},
        {"id_tag": "04B2B3C4", "label": "Boris", "group": "NEIGHBOURS"},
        {"id_tag": "04EEEE01", "label": "master", "role": "master"},
        {"id_tag": "04EEEE02", "label": "technician", "role": "technician"},
        {"id_tag": "04DDDD01", "label": "blocked", "blocked": True},
        {"id_tag": "04DDDD02", "label": "expired", "valid_until": "2026-02-01T00:00:00Z"},
    ],
}
# 10 s to plug in is the shortest that may be set; nobody here is slow.
BY_CARD: Final = {"authorization_mode": "card", "connection_timeout_s": 10, "sample_interval_s": 5}
OPEN: Final = {"authorization_mode": "none", "connection_timeout_s": 10, "sample_interval_s": 5}

GROUNDS: Final[dict[str, Ground]] = {
    "cards": Ground("default", {"station": BY_CARD, **CARDS}),
    "open to all": Ground("default", {"station": OPEN, **CARDS}),
    "open to all, with broken parts": Ground("default", {"station": OPEN, **CARDS}),
    "open to all, with silent controllers": Ground("default", {"station": OPEN, **CARDS}),
    "open to all, with power cuts": Ground("default", {"station": OPEN, **CARDS}),
    "open to all, never resumes": Ground("default", {"station": {**OPEN, "resume_within_s": 0}}),
    "without a screen": Ground("noscreen", {"station": {**OPEN, "has_screen": False, "has_reader": False}}),
    "one power module": Ground(str(FOLDER / "one_power_module.json"), {"station": OPEN}),
}
