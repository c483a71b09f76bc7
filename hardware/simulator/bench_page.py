"""What does the bench look like? One page without anything from elsewhere; the lists come from the tables here."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from hardware.native_map import ConnectorType

from .car import MODELS, Inlet
from .fault_names import known_codes
from .station_file import INLETS

_PAGE = Path(__file__).parent / "bench.html"


@cache
def bench_page() -> bytes:
    """The page as UTF-8."""
    cars = {kind.name: cars_for(INLETS.get(kind, Inlet.AC)) for kind in ConnectorType}
    page = _PAGE.read_text(encoding="utf-8")
    return page.replace("__FAULTS__", json.dumps(known_codes())).replace("__CARS__", json.dumps(cars)).encode()


def cars_for(inlet: Inlet) -> list[str]:
    """The names of cars that fit, in the order of the table."""
    return [name for name, model in MODELS.items() if inlet is Inlet.AC or model.dc_inlet is inlet]
