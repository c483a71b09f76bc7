"""What is measured at a connector, by the names of OCPP 1.6 section 7.31, and the lists that ask for it."""

from __future__ import annotations

from typing import Final

PER_PHASE: Final = ("Current.Import", "Voltage")
MEASURANDS: Final = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    *PER_PHASE,
    "SoC",
    "Current.Offered",
    "Power.Offered",
    "Temperature",
)
PHASES: Final = ("L1", "L2", "L3")
DEFAULT_LIST: Final = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"
_KNOWN: Final = {
    **{name: (name, "") for name in MEASURANDS},
    **{f"{name}.{phase}": (name, phase) for name in PER_PHASE for phase in PHASES},
}


def measurands_of(comma_separated: str) -> tuple[tuple[str, str], ...]:
    """(measurand, phase) of each item; phase "" means every phase there is (sections 3.16.3 and 9.1.17).

    Raises ValueError for one that is not measured here (section 3.16.4) or stands twice.
    """
    items = [item.strip() for item in comma_separated.split(",")] if comma_separated.strip() else []
    unknown = [item for item in items if item not in _KNOWN]
    if unknown:
        raise ValueError(f"{unknown[0] or 'An empty item'} is not measured here: {', '.join(MEASURANDS)}.")
    if len(set(items)) != len(items):
        raise ValueError("An item stands twice: remove one.")
    return tuple(_KNOWN[item] for item in items)
