"""The OCPP 1.6 ChargePointStatus of a connector (section 4.9), computed from its fields."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from .connector import Connector, Transaction


class Status(StrEnum):
    """ChargePointStatus, OCPP 1.6 section 7.7."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


def status_of(c: Connector) -> Status:
    """The status by a decision list over the facts (section 4.9)."""
    if c.blocked:
        return Status.FAULTED
    if c.transaction:
        return _while_in_transaction(c, c.transaction)
    if c.inoperative:
        return Status.UNAVAILABLE
    if c.finishing:
        return Status.FINISHING
    if c.reservation:
        return Status.RESERVED
    return Status.AVAILABLE if c.idle else Status.PREPARING


def station_status_of(connectors: Sequence[Connector], *, emergency: bool, inoperative: bool) -> Status:
    """The status of connector 0: Available, Unavailable or Faulted, as the connectors leave (section 4.9)."""
    if emergency:
        return Status.FAULTED
    left = all(c.inoperative for c in connectors)
    return Status.UNAVAILABLE if inoperative and left else Status.AVAILABLE


def _while_in_transaction(c: Connector, transaction: Transaction) -> Status:
    """A wanted stop changes nothing here: the status moves when the contactor has opened."""
    if c.limit.power_w <= 0:
        return Status.SUSPENDED_EVSE  # takes precedence over SuspendedEV, section 4.9
    if c.delivering:
        return Status.CHARGING
    if not c.plugged:
        return Status.SUSPENDED_EV  # unplugged at the vehicle and not to be stopped for it, section 4.9
    if not transaction.energised and transaction.handshake_due_s is not None:
        return Status.PREPARING
    return Status.SUSPENDED_EVSE if c.ev_ready else Status.SUSPENDED_EV
