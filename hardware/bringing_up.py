"""From serial ports to numbered connectors: known boards first, the whole line when something is missing (GEN-4)."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from django.conf import settings

from charging import journal, live, services
from charging.clock import now
from charging.domain.capability import Capability
from hardware.board_updates import board_of
from hardware.capabilities import ConnectorIdentity
from hardware.discovery import Findings, Found, FoundReader, KnownAddress, search
from hardware.line_load import TURN_AT_MOST_S, carried
from hardware.models import Controller
from hardware.registry import driver_named
from hardware.replacement import answers_as

log = logging.getLogger(__name__)

LINES_WITHIN_S: Final = 15.0  # a simulator or an adapter may appear a little later than we do
LOOK_EVERY_S: Final = 0.05
GLOB: Final = "glob:"


def line_paths(stop: Event) -> list[str]:
    """The serial lines of this station, in order. A pattern is waited for until something matches."""
    told: Sequence[str] = settings.LINES
    if not (len(told) == 1 and told[0].startswith(GLOB)):
        return list(told)
    give_up_s = time.monotonic() + LINES_WITHIN_S
    while not stop.is_set():
        pattern = Path(told[0].removeprefix(GLOB))
        found = sorted(map(str, pattern.parent.glob(pattern.name)), key=lambda path: (len(path), path))
        if found or time.monotonic() >= give_up_s:
            return found
        stop.wait(LOOK_EVERY_S)
    return []


def known_addresses() -> list[KnownAddress]:
    """Where each unit was found last time."""
    return [
        KnownAddress(row.line_path, row.baud_rate, row.driver_name, row.unit, row.board_serial)
        for row in Controller.objects.order_by("connector_number")
    ]


@dataclass(frozen=True, slots=True)
class BroughtUp:
    """What is on some lines: controllers to poll, found now or known; those that are too many; card readers."""

    controllers: list[Controller] = field(default_factory=list)
    refused: list[Controller] = field(default_factory=list)
    readers: list[FoundReader] = field(default_factory=list)


def bring_up(paths: Sequence[str], known: Sequence[KnownAddress], *, full: bool, stop: Event) -> BroughtUp:
    """Search *paths* and give each controller that answers its number.

    Units of one line are numbered in the order of their addresses, lines in the order of *paths*.
    """
    findings = search(paths, known, full=full, progress=_progress, cancelled=stop)
    for problem in findings.problems:
        log.warning("%s", problem.sentence)
    with journal.one_commit():
        _take_over(findings)
        _keep_problems(findings)
    up = BroughtUp(readers=findings.readers)
    for path in dict.fromkeys(paths):
        _share_out(list(Controller.objects.filter(line_path=path).order_by("connector_number")), up)
    return up


def _share_out(rows: list[Controller], up: BroughtUp) -> None:
    """Take those of one line into use that a turn has time for; who came last is refused: its watchdog would trip."""
    if not rows:
        return
    path, baud_rate = rows[0].line_path, rows[0].baud_rate
    count, turn_s = carried([driver_named(row.driver_name) for row in rows], baud_rate)
    up.controllers.extend(rows[:count])
    up.refused.extend(rows[count:])
    for row in rows[count:]:
        sentence = (
            f"Connector {row.connector_number} is not used: {len(rows)} controllers on {path} at {baud_rate} baud need "
            f"{turn_s:.2f} s a turn. {TURN_AT_MOST_S:.2f} s are allowed, enough for {count}: raise the line's speed, "
            "or move this controller to another line."
        )
        log.warning("%s", sentence)
        Controller.objects.filter(pk=row.pk).update(problem=sentence)
        services.raise_fault(row.connector_number, "ControllerLost", who="discovery")


def _progress(line: str, baud: int, unit: int, found: bool) -> None:
    live.beat("discovery")
    if found:
        log.info("%s: unit %s answers at %s baud.", line, unit, baud)


def _take_over(findings: Findings) -> None:
    ours = [found for found in findings.found if not _is_foreign(found)]
    numbers = services.connectors_found([_outlet(found.identity) for found in ours])
    for found in ours:
        identity = found.identity
        number = numbers[identity.board_serial, identity.board_index]
        Controller.objects.update_or_create(
            board_serial=identity.board_serial,
            board_index=identity.board_index,
            defaults={
                "line_path": found.line_path,
                "baud_rate": found.baud_rate,
                "driver_name": found.driver_name,
                "unit": found.unit,
                "connector_number": number,
                "vendor": identity.vendor,
                "model": identity.model,
                "firmware": identity.firmware,
                "hardware_revision": identity.hardware_revision,
                "identity": asdict(identity) | {"more": dict(identity.more)},
                "answers_as": "",
                "problem": "",
                "found_at": now().at,
            },
        )


def _is_foreign(found: Found) -> bool:
    """An unknown board at the address of another one takes its place only when a technician confirmed it.

    A known board takes its number with it: adapters change their names, and people change cables.
    """
    serial = found.identity.board_serial
    holders = Controller.objects.filter(line_path=found.line_path, unit=found.unit).exclude(board_serial=serial)
    if Controller.objects.filter(board_serial=serial, board_index=found.identity.board_index).exists():
        for displaced in holders:
            _displace(displaced, found)
        return False
    holder = holders.first()
    if holder is None:
        return False
    sentence = (
        f"Unit {found.unit} is now {found.identity.board_serial} and was {holder.board_serial}: "
        "confirm the replacement in the console."
    )
    if holder.answers_as != found.identity.board_serial:
        answers_as(holder.connector_number, found.identity.board_serial, sentence)
    return True


def _displace(displaced: Controller, found: Found) -> None:
    """Nobody knows where this board is now; its own line says so, or nobody polls it."""
    sentence = f"{found.identity.board_serial} answers where {displaced.board_serial} was: look for that board."
    log.warning("Connector %s: %s", displaced.connector_number, sentence)
    Controller.objects.filter(pk=displaced.pk).update(line_path="", problem=sentence)
    services.raise_fault(displaced.connector_number, "ControllerLost", who=sentence)


def _outlet(identity: ConnectorIdentity) -> services.FoundConnector:
    capability = Capability(
        direct_current=identity.direct_current,
        phases=identity.phases,
        minimum_a=identity.minimum_a,
        maximum_a=identity.maximum_a,
        minimum_w=identity.minimum_w,
        maximum_w=identity.maximum_w,
        has_lock=identity.has_lock,
        can_resume=not identity.direct_current or identity.can_restart_dc,
        exclusion_group=identity.exclusion_group,
    )
    return services.FoundConnector(
        board_serial=identity.board_serial,
        board_index=identity.board_index,
        connector_type=identity.connector_type,
        capability=capability,
        # A controller that numbers its hardware otherwise is not known well enough to get firmware.
        board=board_of(identity) if identity.hardware_revision.isdecimal() else None,
    )


def _keep_problems(findings: Findings) -> None:
    for problem in findings.problems:
        if problem.unit and problem.code != "replaced":  # that one is a question, asked in _is_foreign
            Controller.objects.filter(line_path=problem.line_path, unit=problem.unit).update(problem=problem.sentence)


def missing_lines(paths: Sequence[str], known: Sequence[KnownAddress]) -> list[str]:
    """Lines of known controllers whose port is not there: polled anyway, they come back by themselves."""
    return sorted({address.line_path for address in known} - {*paths, ""})
