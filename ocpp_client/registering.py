"""BootNotification: what the station says of itself, and what the row keeps of the answer. OCPP 1.6 section 4.2."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.conf import settings

from charging import journal, services
from charging.models import Connector
from ocpp_client import configuration
from ocpp_client.due import Payload
from ocpp_client.models import CentralSystem
from ocpp_client.registration import Registered, Registration
from ocpp_client.timestamps import moment_of

LONGEST_SERIAL: Final = 25  # CiString25Type
SERIAL: Final = "proc/device-tree/serial-number"  # of the computer, where its maker has given it one


def payload_of(row: CentralSystem) -> Payload:
    """BootNotification.req of this station (section 6.3).

    What is not known is left out: there is no main meter and no modem here that would tell a number.
    """
    known = {"chargePointSerialNumber": _serial_of_computer(), "chargeBoxSerialNumber": _serial_of_first_board()}
    return {
        "chargePointVendor": row.vendor,
        "chargePointModel": row.model,
        "firmwareVersion": settings.SOFTWARE_VERSION,
    } | {name: serial for name, serial in known.items() if 0 < len(serial) <= LONGEST_SERIAL}


def serial_of(row: CentralSystem) -> str:
    """The serial number of this station: the computer's, else the first board's; without both its identity."""
    return _serial_of_computer() or _serial_of_first_board() or row.charge_point_id


def _serial_of_computer() -> str:
    try:
        text = (Path(settings.SYSTEM_ROOT) / SERIAL).read_text(encoding="ascii").strip("\0\n ")
    except (OSError, UnicodeError):
        return ""
    return text if text.isprintable() else ""


def _serial_of_first_board() -> str:
    first = Connector.objects.order_by("number").first()
    return first.board_serial if first else ""


def kept(row: CentralSystem) -> Registration:
    """A start of the software registers once: a new connection, or a new `links` worker, does not boot again."""
    same = row.registered_boot_id == settings.BOOT_ID and row.registration == Registered.ACCEPTED
    return Registration(status=Registered.ACCEPTED) if same else Registration()


def keep(registration: Registration, interval_s: int) -> None:
    """Keep the answer. The interval of an acceptance is from now on HeartbeatInterval (section 4.2)."""
    with journal.one_commit():
        CentralSystem.objects.filter(pk=1).update(
            registration=registration.status, registered_boot_id=settings.BOOT_ID if registration.accepted else ""
        )
        if registration.accepted and interval_s > 0:
            configuration.keep_interval(interval_s)
        journal.record("Registered", who="central_system", status=registration.status.value)


def time_told(answer: Payload) -> None:
    """A computer without a clock takes the central system's time (sections 4.2 and 4.6)."""
    at = moment_of(answer.get("currentTime"))
    if at is not None:
        services.time_told(at, source="central_system")
