"""What a controller should be doing now. Computed from a connector, never stored."""

from __future__ import annotations

from dataclasses import dataclass

from .connector import Connector
from .lights import Light, light_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The wanted state of one controller, written every turn; the write feeds its watchdog."""

    enable: bool  # the contactor may close when the EV asks
    available: bool  # False: pilot state F, out of order
    authorized: bool
    limit_a: float  # per phase; 0 pauses
    limit_w: int  # 0 pauses
    lock: bool  # wanted position of the station's lock
    light: Light


def restricted(wanted: Outputs, light: Light) -> Outputs:
    """*wanted* with everything off: what is sent when nothing may flow (fail closed)."""
    return Outputs(
        enable=False,
        available=wanted.available,
        authorized=False,
        limit_a=0.0,
        limit_w=0,
        lock=wanted.lock,
        light=light,
    )


def outputs_of(c: Connector) -> Outputs:
    """Everything a controller should be doing. Whatever is not certain is off."""
    limit = c.limit
    emergency = "EmergencyStop" in c.faults
    owned = c.transaction is not None or c.authorization is not None
    enable = (
        c.transaction is not None
        and c.stop is None
        and c.plugged
        and not (c.blocked or c.returning or c.claimed_by)
        and c.lost_s is None
        and limit.power_w > 0
    )
    return Outputs(
        enable=enable,
        available=not c.inoperative,
        authorized=owned and not c.blocked,
        limit_a=limit.current_a if enable else 0.0,
        limit_w=limit.power_w if enable else 0,
        # An emergency lets the cable go (docs/decisions/0014); the board never opens its lock under current.
        lock=c.capability.has_lock and _keeps_cable(c) and not emergency,
        light=light_of(c),
    )


def _keeps_cable(c: Connector) -> bool:
    """Whether the lock holds the EV driver's own cable (OCPP 1.6 section 4.10).

    Where unplugging does not stop, the cable is kept whatever UnlockConnectorOnEVSideDisconnect says.
    """
    if c.cable_owner:
        return True
    if c.transaction and not c.plugged:
        return not (c.policy.stop_on_ev_side_disconnect and c.policy.unlock_on_ev_side_disconnect)
    return c.plugged and (c.transaction is not None or c.authorization is not None or c.delivering)
