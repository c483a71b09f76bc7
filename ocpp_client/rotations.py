"""ConnectorPhaseRotation (OCPP 1.6 section 9.1.7): what may be set for the connectors here, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping

from charging.domain.phase_rotation import NOT_APPLICABLE, UNKNOWN, rotations_of, text_of
from charging.models import Connector
from charging.models.central_rules import LONGEST_LIST

MAIN_METER = 0  # against the grid


def canonical(value: str) -> str | None:
    """*value* as it is kept, or None: no list of rotations, of a connector that is not here, or of direct current."""
    try:
        rotations = rotations_of(value)
    except ValueError:
        return None
    here = _applicable()
    for number, rotation in rotations.items():
        known = number == MAIN_METER or number in here or not here  # a fresh station has not found its connectors
        if not known or (rotation not in {NOT_APPLICABLE, UNKNOWN} and not here.get(number, True)):
            return None
    text = text_of(rotations)
    return text if len(text) <= LONGEST_LIST else None


def told(kept: str) -> str:
    """Of every connector; where that is too long for a value, of those of which something is known."""
    applicable = _applicable()
    rotations = {number: UNKNOWN if applies else NOT_APPLICABLE for number, applies in applicable.items()}
    rotations |= rotations_of(kept)
    text = text_of(rotations)
    if len(text) <= LONGEST_LIST:
        return text
    return text_of({number: rotation for number, rotation in rotations.items() if rotation != UNKNOWN})[:LONGEST_LIST]


def most() -> str:
    """Items: one a connector, and the main meter (section 9.1.8)."""
    return str(len(_applicable()) + 1)


def _applicable() -> Mapping[int, bool]:
    """Whether the connector has phases that could be wired in another order."""
    rows = Connector.objects.order_by("number").values_list("number", "capability")
    return {number: not c.get("direct_current") and c.get("phases", 1) > 1 for number, c in rows}
