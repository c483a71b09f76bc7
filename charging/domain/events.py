"""What can happen to a connector (Event) and what became true because of it (Fact).

Every event carries `now_s`, seconds of the monotonic clock: the rules have no clock of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from .limits import Lease
from .observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens to a connector at one moment."""

    now_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that became true."""


# --- observations: always accepted -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed(Event):
    """One healthy frame was read."""

    frame: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLost(Event):
    """The controller has not answered for 3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed(Event):
    """A deadline may have come. `register_wh` is the last known register, for a controller that is silent."""

    register_wh: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReturned(Event):
    """The station's software starts again after it was gone. `away_s` None = unknown (no credible clock)."""

    away_s: float | None
    same_board: bool
    rebase_s: float = 0.0  # added to every stored deadline: the monotonic clock began anew


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRaised(Event):
    """One of our own checks found a fault of the catalogue."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChanged(Event):
    """The exclusion group of this connector is held by connector `holder`, or by none."""

    holder: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReplaced(Event):
    """A technician confirmed that another board has this outlet now: its register says nothing of the old one's."""


# --- requests: recorded as an intent, or refused before they get here (requests.py) -------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized(Event):
    """An idTag was accepted for this connector. `by`: card, screen, remote, technician, plug."""

    id_tag: str
    parent_id_tag: str = ""
    by: str = "card"
    reservation_id: int | None = None  # a reservation of the whole station that this idTag uses up


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTagJudged(Event):
    """The central system has looked at the idTag of the running transaction (OCPP 1.6 section 4.8)."""

    valid: bool
    parent_id_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested(Event):
    """Somebody wants the transaction stopped."""

    reason: str  # OCPP 1.6 section 7.36
    id_tag: str = ""  # of the card that stops; "" where no card did


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityRequested(Event):
    """One source holds the connector out of service, or lets go (OCPP 1.6 section 5.2)."""

    operative: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRequested(Event):
    """Keep the connector for one idTag (OCPP 1.6 section 5.13)."""

    reservation_id: int
    id_tag: str
    parent_id_tag: str = ""
    expires_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCancelled(Event):
    """The reservation is not wanted any more (OCPP 1.6 section 5.2)."""

    reservation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased(Event):
    """A source grants a limit."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseEnded(Event):
    """A source limits no more."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsAcknowledged(Event):
    """A technician at the cabinet acknowledged what is latched: these names, or everything when empty."""

    names: frozenset[str] = frozenset()


# --- facts -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Fact):
    """Somebody began to use the connector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Fact):
    """The connector is free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedIn(Fact):
    """A plug went in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedOut(Fact):
    """The plug left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationKept(Fact):
    """An accepted idTag waits for the plug or the frame."""

    id_tag: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDropped(Fact):
    """An accepted idTag waits no more."""

    id_tag: str
    why: str  # "timeout", "stopped", "power_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStarted(Fact):
    """Every precondition is met; the register is that of the frame."""

    id_tag: str
    parent_id_tag: str
    meter_start_wh: int
    reservation_id: int | None = None  # the reservation that this transaction ends, section 4.8


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionInvalidated(Fact):
    """The central system does not accept the idTag of a running transaction."""

    ends_at_wh: int | None  # energy flows up to this register; None: the transaction is stopped instead


@dataclass(frozen=True, slots=True, kw_only=True)
class CableKept(Fact):
    """The transaction has ended, the lock keeps the cable for its owner."""

    id_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CableReleased(Fact):
    """The lock keeps the cable no longer."""

    id_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionResumed(Fact):
    """The transaction goes on after the software was gone."""

    away_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWanted(Fact):
    """The transaction is to end, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStopped(Fact):
    """The transaction is irrevocably over."""

    reason: str
    meter_stop_wh: int | None  # None: no register was ever read since; the checkpoint is the fallback
    flagged: bool = False  # the register is not that of a frame with the contactor open
    id_tag: str = ""  # of the card that stopped it (OCPP 1.6 section 6.49)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsChanged(Fact):
    """Faults came or went, ours and the board's together."""

    raised: tuple[str, ...]
    cleared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityChanged(Fact):
    """The connector went out of service or came back, with who holds it."""

    operative: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(Fact):
    """The controller fell silent or answers again."""

    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationEnded(Fact):
    """The reservation holds no more."""

    reservation_id: int
    why: str  # "used", "expired", "cancelled", "out_of_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChanged(Fact):
    """What a running transaction may draw, and who says so."""

    current_a: float
    power_w: int
    source: str
