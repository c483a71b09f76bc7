"""The rules of one connector: no Django, no I/O, no clock.

Rule 1: every fact about a connector that outlives one event is a field of Connector.
Rule 2: whatever can be computed from those fields (status, outputs, light, sentence) is computed, never stored.
Rule 3: an observation is always accepted; a request may be refused, and then requests.py says why.
Rule 4: a request records an intent. Only a fresh frame starts or ends a transaction, because only a frame
        knows the register and the contactor.
Rule 5: follow-ups are detected, not signalled: after each event the connector moves until it is at rest.

Vocabulary: OCPP 1.6 edition 2, section 2.2; pilot states: IEC 61851-1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from . import faults as catalogue
from .capability import Capability
from .limits import Lease, Limit, limit_of
from .observation import Observation, Phase, Pilot


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The owner's settings that the rules of a connector read."""

    connection_timeout_s: float = 60.0  # OCPP 1.6 section 9.1.3, ConnectionTimeOut
    resume_within_s: float = 600.0  # after a power cut; 0 = always close with PowerLoss
    plug_starts_as: str = ""  # idTag that plugging in authorizes by itself; "" = somebody must ask
    stop_on_ev_side_disconnect: bool = True  # section 9.1.23; False: suspended until the plug is back
    unlock_on_ev_side_disconnect: bool = True  # section 9.1.33; False: the lock keeps the cable for its owner
    keeps_cables: bool = True  # False: people have no card here that could release a kept cable
    stop_on_invalid_id: bool = True  # section 9.1.24
    max_energy_on_invalid_id_wh: int = 0  # section 9.1.14, counted from the start of the transaction
    owes_meter_values: bool = False  # a central system is configured
    sample_interval_s: float = 60.0  # section 9.1.19; 0 = no sampled meter values
    aligned_interval_s: float = 0.0  # section 9.1.5; 0 = no clock-aligned ones
    light_intensity_percent: int = 100  # section 9.1.11, of what each light is anyway
    blink_repeat: int = 0  # section 9.1.4; 0 = a light blinks for as long as it is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """An accepted idTag that waits until `due_s` for its transaction."""

    id_tag: str
    parent_id_tag: str = ""
    by: str = "card"  # card, screen, remote, technician, plug
    due_s: float
    reservation_id: int | None = None  # the reservation that this idTag has used up


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A running transaction. Registers are lifetime Wh."""

    id_tag: str
    parent_id_tag: str = ""
    meter_start_wh: int
    energised: bool = False  # the contactor has been closed at least once
    handshake_due_s: float | None = None  # until then a transfer that has not begun is still being prepared
    ends_at_wh: int | None = None  # the idTag was refused after the start: energy flows up to this register
    spent: bool = False  # that register has been reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The connector is kept for one idTag until `expires_s`."""

    reservation_id: int
    id_tag: str
    parent_id_tag: str = ""
    expires_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CableOwner:
    """Whose cable the station's lock keeps after the transaction has ended (OCPP 1.6 sections 3.5.4 and 4.10)."""

    id_tag: str
    parent_id_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A wanted stop. `sent`: a turn with a fresh frame has switched the outputs off since."""

    reason: str
    due_s: float
    sent: bool = False
    id_tag: str = ""  # of the card that stops; "" where no card did


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """The software was gone; the next frame decides whether the transaction goes on."""

    away_s: float | None
    same_board: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """Every fact of one connector that outlives one event."""

    number: int = 1
    capability: Capability = field(default_factory=Capability)
    policy: Policy = field(default_factory=Policy)

    # observed
    plugged: bool = False
    loose: bool = False  # one frame said "not plugged"; the second one makes it true
    ev_ready: bool = False
    delivering: bool = False
    locked: bool | None = None
    pilot: Pilot | None = None
    phase: Phase = Phase.IDLE
    board_faults: frozenset[str] = frozenset()
    lost_s: float | None = None  # since when the controller is silent

    # ours
    own_faults: frozenset[str] = frozenset()
    latches: frozenset[str] = frozenset()  # latched faults that nobody has acknowledged yet
    session: bool = False
    authorization: Authorization | None = None
    transaction: Transaction | None = None
    stop: Stop | None = None
    finishing: bool = False  # a transaction has ended, the plug or a locked cable is still in
    cable_owner: CableOwner | None = None  # the lock stays closed until this idTag, its group or a technician opens it
    returning: Returning | None = None
    reservation: Reservation | None = None
    inoperative: frozenset[str] = frozenset()  # sources that hold the connector out of service
    becomes_inoperative: frozenset[str] = frozenset()  # as soon as it is idle, OCPP 1.6 section 5.2
    leases: tuple[Lease, ...] = ()
    claimed_by: int | None = None  # another connector of the exclusion group delivers

    @property
    def faults(self) -> frozenset[str]:
        """Every active fault: the board's, ours, and what is latched."""
        return self.board_faults | self.own_faults | self.latches

    @property
    def blocked(self) -> bool:
        """True while a fault forbids charging."""
        return catalogue.blocks(self.faults)

    @property
    def idle(self) -> bool:
        """True when nobody uses the connector."""
        return not (self.plugged or self.authorization or self.transaction or self.finishing)

    @property
    def limit(self) -> Limit:
        """What may flow now, and who says so."""
        if self.transaction and self.transaction.spent:
            return Limit(0.0, 0, "authorization")
        return limit_of(self.capability, self.leases)

    @property
    def waits_for_turn(self) -> bool:
        """Authorized and plugged, but another connector of the exclusion group delivers."""
        return self.plugged and self.authorization is not None and self.claimed_by is not None


def latched(c: Connector) -> Connector:
    """*c* with every active fault that stays until it is acknowledged."""
    sticky = frozenset(name for name in c.faults if name in catalogue.FAULTS and catalogue.FAULTS[name].latched)
    return replace(c, latches=c.latches | sticky)


def may_start(c: Connector) -> bool:
    """True when every precondition of a transaction is met (OCPP 1.6 section 3.4)."""
    return (
        c.plugged
        and not c.loose
        and c.authorization is not None
        and c.transaction is None
        and not (c.blocked or c.inoperative or c.returning)
        and c.claimed_by is None
        and c.lost_s is None
        and (c.locked is True or not c.capability.has_lock)
    )


def next_due_of(c: Connector) -> float | None:
    """The earliest deadline of the connector, in seconds of the monotonic clock."""
    due = [lease.expires_s for lease in c.leases]
    if c.authorization and not c.waits_for_turn:
        due.append(c.authorization.due_s)
    if c.stop:
        due.append(c.stop.due_s)
    if c.transaction:
        due.append(c.transaction.handshake_due_s)
    if c.reservation:
        due.append(c.reservation.expires_s)
    if c.lost_s is not None and "ControllerLost" not in c.own_faults:
        due.append(c.lost_s + LOST_FAULT_AFTER_S)
    return min((each for each in due if each is not None), default=None)


STOP_WITHIN_AC_S = 3.0
STOP_WITHIN_DC_S = 20.0  # EVerest's hard stop of a DC session
HANDSHAKE_AC_S = 30.0
HANDSHAKE_DC_S = 90.0  # cable check and precharge may take this long, IEC 61851-23
FIRST_FRAME_WITHIN_S = 60.0  # from the start of the software: ports, known boards, a search
LOST_FAULT_AFTER_S = 27.0  # 3 s without an answer are "no contact", 30 s are a fault


def stop_within_s(c: Connector) -> float:
    """How long a contactor may take to open after a stop was wanted."""
    return STOP_WITHIN_DC_S if c.capability.direct_current else STOP_WITHIN_AC_S


def handshake_s(c: Connector) -> float:
    """How long a vehicle may prepare before the status calls it suspended."""
    return HANDSHAKE_DC_S if c.capability.direct_current else HANDSHAKE_AC_S


def plug_of(c: Connector, frame: Observation) -> tuple[bool, bool]:
    """(plugged, loose) after *frame*: pilot E or F says nothing of the plug, "not plugged" needs two frames."""
    if frame.pilot in (Pilot.E, Pilot.F):
        return c.plugged, c.loose
    if frame.plugged:
        return True, False
    if c.plugged and not c.loose:
        return True, True
    return False, False
