"""A station in the database: connectors, moments, and turns that a test drives frame by frame."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

import psycopg
from django.db import connections

from charging import record
from charging.clock import Moment
from charging.domain.capability import Capability
from charging.domain.connector import Connector
from charging.domain.observation import Observation, Phase, Pilot
from charging.domain.outputs import Outputs
from charging.journal import ONE_WRITER
from charging.models import Connector as Row
from charging.models import JournalEntry, Station
from charging.services.commissioning import letter_of
from charging.turns import Turns
from tests.charging.worlds import frame

START: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
AC: Final = Capability()
DC: Final = Capability(direct_current=True, minimum_w=1000, maximum_w=50_000, maximum_a=125.0, can_resume=False)


def at(mono_s: float, *, boot_id: str = "boot", known: bool = True) -> Moment:
    """The moment *mono_s* seconds after the computer started at START."""
    wall = START + timedelta(seconds=mono_s)
    return Moment(mono_s, wall if known else datetime(1970, 1, 1, tzinfo=UTC), boot_id)


def add_connectors(*capabilities: Capability, **station: Any) -> list[int]:
    """Rows 1, 2, ... with these capabilities, and the station's row with these columns."""
    record.station_row()
    Station.objects.filter(pk=1).update(**{"authorization_mode": "none", **station})
    for number, capability in enumerate(capabilities, 1):
        Row.objects.create(
            number=number,
            letter=letter_of(number),
            board_serial=f"SN-{number}",
            board_index=1,
            connector_type="TYPE2_SOCKET",
            capability=record.capability_columns(capability),
        )
    return list(range(1, len(capabilities) + 1))


def connector(number: int = 1) -> Connector:
    """What the row says now."""
    return next(c for c in record.connectors() if c.number == number)


def kinds(*, after: int = 0, connector_number: int | None = None) -> list[str]:
    """The journal's entries, oldest first."""
    entries = JournalEntry.objects.filter(pk__gt=after).order_by("pk")
    if connector_number is not None:
        entries = entries.filter(connector_number=connector_number)
    return list(entries.values_list("kind", flat=True))


def frame_of(capability: Capability, **more: Any) -> Observation:
    """A healthy frame: plugged and not delivering, unless said otherwise."""
    known = {"plugged": True, "currents_a": (0.0,), **more}
    pilot = known.pop("pilot", Pilot.B if known["plugged"] else Pilot.A)
    return frame(None if capability.direct_current else pilot, **known)


def metered_frame(register_wh: int, *, delivering: bool) -> Observation:
    """A vehicle that is plugged in and asks for energy; whether it gets some, and what the meter says."""
    phase = Phase.CHARGING if delivering else Phase.IDLE
    return frame(Pilot.C, plugged=True, phase=phase, delivering=delivering, register_wh=register_wh)


class Driven:
    """The turns of some connectors with a clock that the test turns."""

    def __init__(self, *numbers: int, mono_s: float = 100.0) -> None:
        self.turns = Turns(numbers)
        self.numbers = numbers
        self.now_s = mono_s
        self.frames: dict[int, tuple[Observation, float]] = {}
        self.outputs: dict[int, Outputs] = {}

    def see(self, number: int = 1, *, passed_s: float = 0.2, **more: Any) -> Outputs:
        """One turn of one connector, *passed_s* after the one before."""
        self.now_s += passed_s
        self.turns.refresh()
        held = self.turns.connector(number)
        assert held is not None
        seen = frame_of(held.capability, **more)
        outputs = self.turns.observe(number, seen, self.moment())
        assert outputs is not None
        self.frames[number], self.outputs[number] = (seen, self.now_s), outputs
        return outputs

    def moment(self) -> Moment:
        """Now, by the test's clock."""
        return at(self.now_s)

    def charge(self, number: int = 1, register_wh: int = 1000) -> Outputs:
        """A vehicle that is already authorized is plugged in and charges."""
        self.see(number, register_wh=register_wh)
        self.see(number, register_wh=register_wh)
        return self.see(number, register_wh=register_wh, ev_ready=True, delivering=True, pilot=Pilot.C)

    def end(self, number: int = 1, register_wh: int = 1000) -> None:
        """The vehicle leaves."""
        for _ in range(4):
            self.see(number, plugged=False, register_wh=register_wh)


@contextmanager
def locked_database() -> Iterator[None]:
    """Another process writes; our own patience is short, as in the controllers process."""
    ours = connections["default"]
    ours.ensure_connection()
    if ours.vendor == "postgresql":
        with ours.cursor() as cursor:
            cursor.execute("SET lock_timeout = 20")
        with psycopg.connect(**ours.get_connection_params(), autocommit=True) as server:
            server.execute("SELECT pg_advisory_lock(%s)", [ONE_WRITER])
            yield
        return
    with ours.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=20")
    # A loop that heals itself opens a connection anew; that one is to be as impatient.
    impatient = patch.dict(ours.settings_dict["OPTIONS"], {"timeout": 0.02})
    with impatient, closing(sqlite3.connect(ours.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def with_group(capability: Capability, group: int) -> Capability:
    """*capability* in an exclusion group."""
    return replace(capability, exclusion_group=group)
